#include <boost/test/unit_test.hpp>
#include <map>

#include "framework/autograd/tape.h"
#include "framework/core/profile.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"

using namespace linnet;

namespace {

constexpr double kH = 8, kI = 16, kA = 2, kD = kH / kA, kC = 3, kLayers = 2;
const std::vector<std::int32_t> kLengths{5, 3, 7};
constexpr double kB = 3, kT = 15;                                      // sequences, and tokens: no row of padding
constexpr double kPairs = 25 + 9 + 49;                                 // of a query and a key
constexpr double kFloat = 4;                                           // bytes
constexpr double kTokenRows = 4, kPositionRows = 7, kSegmentRows = 1;  // of the tables that the batch touches

BertTextClassifier::Config config() {
  return {.backbone = {.vocabulary_size = 50,
                       .num_layers = static_cast<std::int64_t>(kLayers),
                       .num_heads = static_cast<std::int64_t>(kA),
                       .hidden_dim = static_cast<std::int64_t>(kH),
                       .intermediate_dim = static_cast<std::int64_t>(kI),
                       .max_sequence_length = 20},
          .num_classes = static_cast<std::int64_t>(kC)};
}

PackedTokens tokens() {
  std::vector<std::int32_t> ids;
  for (int i = 0; i < static_cast<int>(kT); ++i) ids.push_back(i % static_cast<int>(kTokenRows));
  return {Tensor::from(ids, {static_cast<std::int64_t>(kT)}), Tensor::zeros({static_cast<std::int64_t>(kT)}, DType::int32),
          SequenceLayout::ragged(kLengths)};
}

/// What should be counted, written down from the formulas of the model.
class Expected {
 public:
  explicit Expected(bool training) : training_(training) {}

  void embedding(double rows, double backward_bytes = 0) { op("embedding", {0, kFloat * (2 * rows * kH + rows)}, {0, backward_bytes}); }
  void add(double rows) { op("add", {rows * kH, kFloat * 3 * rows * kH}, {}); }
  void dropout(double rows) {
    if (training_) op("dropout", {rows * kH, kFloat * 2 * rows * kH}, {rows * kH, kFloat * 2 * rows * kH});
  }
  void layer_norm(double rows) {
    op("layer_norm", {8 * rows * kH, kFloat * (2 * rows * kH + 2 * kH + 2 * rows)}, {13 * rows * kH, kFloat * (3 * rows * kH + 4 * kH + 2 * rows)});
  }
  void add_layer_norm(double rows) {
    const double n = rows * kH, drop = training_ ? 1 : 0;
    op("add_layer_norm", {(9 + drop) * n, kFloat * (4 * n + 2 * kH + 2 * rows)},
       {(13 + drop) * n, kFloat * ((3 + 2 * drop) * n + 4 * kH + 2 * rows)});
  }
  void dense(double rows, double in, double out, bool active = false) {
    const double product = 2 * rows * in * out, y = rows * out, x = rows * in, kernel = in * out;
    op("dense", {product + y + (active ? y : 0), kFloat * (x + kernel + out + y + (active && training_ ? y : 0))},
       {2 * product + y + (active ? y : 0), kFloat * ((active ? 3 : 1) * y + kernel + x + x + kernel + out)});
    products_ += product * (training_ ? 3 : 1);
  }
  void concatenated_dense(double parts) {
    const double product = 2 * kT * kH * kH, n = kT * kH, kernel = kH * kH;
    op("concatenated_dense", {parts * (product + n), kFloat * (n + parts * (kernel + kH + n))},
       {parts * (2 * product + n), kFloat * (2 * n + parts * (n + 2 * kernel + kH))});
    products_ += parts * product * (training_ ? 3 : 1);
  }
  void attention(double queries, double pairs) {
    const double inputs = kFloat * kH * (queries + 2 * kT), output = kFloat * kH * queries, lse = training_ ? kFloat * kA * queries : 0;
    op("attention", {kA * pairs * (4 * kD + 5), inputs + output + lse}, {kA * pairs * (10 * kD + 7), 2 * inputs + 2 * output + lse});
  }
  void op(const std::string& name, const Cost& forward, const Cost& backward) {
    note(name, ProfilePass::forward, forward);
    if (training_) note(name, ProfilePass::backward, backward);
  }
  void note(const std::string& name, ProfilePass pass, const Cost& cost, int calls = 1) {
    ProfileRow& row = rows_[{name, pass}];
    row.calls += calls;
    row.cost.flops += cost.flops;
    row.cost.bytes += cost.bytes;
  }

  /// Every row is expected, and every expectation is a row.
  void check(const Profile& profile) const {
    std::size_t found = 0;
    for (const ProfileRow& row : profile.rows()) {
      if (row.pass == ProfilePass::part) {
        BOOST_TEST(row.name == "matrix product");
        BOOST_TEST(row.cost.flops == products_);
        continue;
      }
      const auto expected = rows_.find({row.name, row.pass});
      BOOST_TEST_REQUIRE((expected != rows_.end()), row.name);
      ++found;
      BOOST_TEST_CONTEXT(row.name << (row.pass == ProfilePass::backward ? " backward" : "")) {
        BOOST_TEST(row.calls == expected->second.calls);
        BOOST_TEST(row.cost.flops == expected->second.cost.flops);
        BOOST_TEST(row.cost.bytes == expected->second.cost.bytes);
      }
    }
    BOOST_TEST(found == rows_.size());
  }

 private:
  bool training_;
  double products_ = 0;
  std::map<std::pair<std::string, ProfilePass>, ProfileRow> rows_;
};

void expect_embeddings(Expected& expected) {
  for (int table = 0; table < 3; ++table) expected.embedding(kT);
  for (int sum = 0; sum < 2; ++sum) expected.add(kT);
  expected.layer_norm(kT);
  expected.dropout(kT);
}

void expect_layer(Expected& expected) {
  expected.concatenated_dense(3);
  expected.attention(kT, kPairs);
  expected.dense(kT, kH, kH);
  expected.add_layer_norm(kT);
  expected.dense(kT, kH, kI, true);
  expected.dense(kT, kI, kH);
  expected.add_layer_norm(kT);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(counted_cost)

BOOST_AUTO_TEST_CASE(a_forward_pass_costs_what_the_formulas_say_of_its_tokens_and_no_padding) {
  const BertTextClassifier model(config());
  const PackedTokens batch = tokens();
  const Profile profile;
  model.backbone().forward(batch);
  Expected expected(false);
  expect_embeddings(expected);
  for (int layer = 0; layer < static_cast<int>(kLayers); ++layer) expect_layer(expected);
  expected.embedding(kB);  // the first rows
  expected.dense(kB, kH, kH, true);
  expected.check(profile);
}

BOOST_AUTO_TEST_CASE(a_training_step_costs_what_the_formulas_say_and_the_last_layer_only_that_of_first_rows) {
  const BertTextClassifier model(config());
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01, .global_clipnorm = 1.0});
  const PackedTokens batch = tokens();
  const Tensor labels = Tensor::from<std::int32_t>({0, 2, 1}, {3});
  const Profile profile;
  {
    Tape tape;
    tape.backward(ops::cross_entropy(model.forward(batch), labels));
    optimizer.step(1e-3);
  }
  Expected expected(true);
  expect_embeddings(expected);
  for (int layer = 0; layer + 1 < static_cast<int>(kLayers); ++layer) expect_layer(expected);
  const double to_all_rows = kFloat * (kB * kH + kT * kH);  // the gradient of first rows: zeros elsewhere
  expected.embedding(kB, to_all_rows);
  expected.dense(kB, kH, kH);  // queries
  expected.concatenated_dense(2);
  expected.attention(kB, kT);
  expected.dense(kB, kH, kH);
  expected.embedding(kB, to_all_rows);  // the residual
  expected.add_layer_norm(kB);
  expected.dense(kB, kH, kI, true);
  expected.dense(kB, kI, kH);
  expected.add_layer_norm(kB);
  expected.dense(kB, kH, kH, true);
  expected.dropout(kB);
  expected.dense(kB, kH, kC);
  expected.op("cross_entropy", {4 * kB * kC, kFloat * (kB * kC + kB)}, {4 * kB * kC, kFloat * (2 * kB * kC + kB)});

  // AdamW: in the tables the rows of the batch are updated and the others decay.
  const double touched = (kTokenRows + kPositionRows + kSegmentRows) * kH, tables = (50 + 20 + 2) * kH;
  const double dense = static_cast<double>(model.parameter_count()) - tables;
  expected.note("AdamW", ProfilePass::forward,
                {16 * (dense + touched) + 2 * (tables - touched) + 2 * (dense + touched),
                 kFloat * (7 * (dense + touched) + 2 * (tables - touched) + (dense + touched))});
  expected.check(profile);
}

BOOST_AUTO_TEST_SUITE_END()
