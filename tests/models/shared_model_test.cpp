#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <thread>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/random.h"
#include "framework/data/data_loader.h"
#include "framework/data/tsv.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

// What several threads may do at once. Under the tsan preset races are found here, whatever came out.

using namespace linnet;
using namespace linnet::testing;

namespace {

constexpr int kThreads = 8;

BertTextClassifier::Config config(DTypePolicy dtype) {
  return {.backbone = {.vocabulary_size = 97,
                       .num_layers = 2,
                       .num_heads = 2,
                       .hidden_dim = 32,
                       .intermediate_dim = 48,
                       .max_sequence_length = 40,
                       .dtype = dtype},
          .num_classes = 3};
}

/// Batches of different lengths, so that threads ask the pool for blocks of different sizes.
std::vector<PackedTokens> batches() {
  std::vector<PackedTokens> result;
  for (std::uint32_t batch = 0; batch < 16; ++batch) {
    std::vector<std::int32_t> ids, lengths;
    for (std::uint32_t sequence = 0; sequence <= batch % 4; ++sequence) {
      lengths.push_back(static_cast<std::int32_t>(1 + philox(5, batch, sequence, 0, 0).words[0] % 40));
      for (std::int32_t i = 0; i < lengths.back(); ++i)
        ids.push_back(static_cast<std::int32_t>(philox(6, batch, sequence, static_cast<std::uint32_t>(i), 0).words[0] % 97));
    }
    const auto tokens = static_cast<std::int64_t>(ids.size());
    result.push_back({Tensor::from(ids, {tokens}), Tensor::zeros({tokens}, DType::int32), SequenceLayout::ragged(lengths)});
  }
  return result;
}

std::vector<std::vector<double>> answers(const BertTextClassifier& model, const std::vector<PackedTokens>& batches) {
  std::vector<std::vector<double>> result;
  for (const PackedTokens& batch : batches) result.push_back(model.forward(batch).to_vector());
  return result;
}

/// How many of `calls` answers, from all threads together, differ in a bit from those of one thread.
int wrong_answers(const BertTextClassifier& model, const BertTextClassifier& same, int calls) {
  const std::vector<PackedTokens> inputs = batches();
  const std::vector<std::vector<double>> expected = answers(same, inputs);
  std::atomic<int> wrong{0};
  std::latch start(kThreads);  // the first call packs int8 weights: all threads make theirs at once
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int call = thread; call < calls; call += kThreads) {
        const auto batch = static_cast<std::size_t>(call) % inputs.size();
        wrong += model.forward(inputs[batch]).to_vector() != expected[batch];
      }
    });
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

/// A token a word, known by its length.
class WordLengths : public Preprocessor {
 public:
  TokenizedText preprocess(std::span<const std::string_view> segments) const override {
    TokenizedText text;
    for (std::size_t i = 0; i < segments[0].size() && i < 40; i += 5) text.token_ids.push_back(static_cast<std::int32_t>(segments[0][i] & 63));
    text.segment_ids.resize(text.token_ids.size());
    return text;
  }
  PaddedTokens preprocess_batch(std::span<const std::vector<std::string>>) const override { return {}; }
};

/// Weights after one epoch.
std::vector<double> train(const TextDataset& reviews, const std::function<void()>& after_step) {
  set_seed(9);
  const WordLengths preprocessor;
  const DataLoader loader(reviews, preprocessor, {.batch_size = 32, .shuffle = true});
  BertTextClassifier model(config("float32"));
  AdamW optimizer(model.parameters(), {.global_clipnorm = 1.0});
  for (const TextBatch& batch : loader.epoch(0)) {
    Tape tape;
    tape.backward(ops::cross_entropy(model.forward(batch.inputs), batch.labels));
    optimizer.step(1e-3);
    after_step();
  }
  std::vector<double> weights;
  for (const Parameter& parameter : model.parameters())
    for (const double value : parameter.tensor.to_vector()) weights.push_back(value);
  return weights;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_model)

BOOST_AUTO_TEST_CASE(eight_threads_get_the_same_bits_from_one_model_in_ten_thousand_calls) {
  for (const char* dtype : {"float32", "float64", "mixed_bfloat16", "int8"}) {
    const bool quantized = std::string(dtype) == "int8";
    set_seed(4);
    BertTextClassifier model(config(quantized ? "float32" : dtype));
    set_seed(4);
    BertTextClassifier same(config(quantized ? "float32" : dtype));
    if (quantized) {
      model.backbone().quantize("int8");
      same.backbone().quantize("int8");
    }
    BOOST_TEST(wrong_answers(model, same, std::string(dtype) == "float32" ? 10000 : 1000) == 0, dtype);
  }
}

BOOST_AUTO_TEST_CASE(a_trainer_its_logger_and_readers_of_another_model_do_not_disturb_each_other) {
  const TextDataset reviews = read_tsv(source_directory() / "data/reviews/train.tsv");
  const std::vector<double> alone = train(reviews, [] {});
  set_seed(4);
  const BertTextClassifier other(config("float32"));
  const std::vector<PackedTokens> inputs = batches();
  const std::vector<std::vector<double>> expected = answers(other, inputs);

  std::atomic<bool> done{false};
  std::atomic<int> steps{0}, wrong{0};
  std::int64_t peak = 0;
  int logged = 0;
  std::thread logger([&] {
    while (!done) {
      peak = std::max(peak, memory_stats().active);
      logged = steps.load();
    }
  });
  std::thread reader([&] {
    while (!done) wrong += answers(other, inputs) != expected;
  });
  const std::vector<double> together = train(reviews, [&] { ++steps; });
  done = true;
  logger.join();
  reader.join();
  BOOST_TEST((together == alone));
  BOOST_TEST(wrong == 0);
  BOOST_TEST(peak > 0);
  BOOST_TEST(logged > 10);
}

// HDF5 keeps its state in globals: one lock of ours is around every call.
BOOST_AUTO_TEST_CASE(threads_load_one_preset_and_save_theirs_at_once) {
  const TemporaryDirectory directory;
  write_tiny_preset(directory / "shared");
  const std::vector<std::vector<std::string>> texts{{"the film was very good ."}, {"the plot is bad"}};
  const auto logits = [&](const BertTextClassifier& model) { return model.forward(model.preprocessor().preprocess_batch(texts)).to_vector(); };
  const std::vector<double> expected = logits(*BertTextClassifier::from_preset((directory / "shared").string()));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, own = directory / std::to_string(thread)] {
      for (int round = 0; round < 5; ++round) {
        BertTextClassifier::from_preset((directory / "shared").string())->save_to_preset(own);
        wrong += logits(*BertTextClassifier::from_preset(own.string())) != expected;
      }
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
