#include "framework/optim/adam.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "framework/core/grad_slot.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/kernels/table.h"
#include "framework/optim/adamw.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

constexpr std::int64_t kRows = 400, kColumns = 37;

struct Setting {
  OptimizerConfig common = {};
  Adam::Config config = {};
  bool dense_parts = false;  // every third step has a dense gradient beside the rows: tied embeddings
};

/// The table and its slots after some steps with gradients by rows, some ids twice, in that form or densely.
std::vector<std::vector<double>> train(const Setting& setting, DType dtype, bool by_rows) {
  const Parameter table{"token_embedding/embeddings", random_normal({kRows, kColumns}, dtype, {.seed = 3})};
  Tensor(table.tensor).set_requires_grad(true);
  Adam adam({table}, setting.common, setting.config);
  for (std::uint32_t step = 1; step <= 6; ++step) {
    std::vector<std::int32_t> ids;
    for (std::uint32_t i = 0; i < 40; ++i) ids.push_back(static_cast<std::int32_t>((i * i * 31 + step * 17) % 211));
    table.tensor.grad_slot()->accumulate_rows({Tensor::from(ids, {40}), random_normal({40, kColumns}, dtype, {.seed = 4, .step = step})});
    if (setting.dense_parts && step % 3 == 0)
      table.tensor.grad_slot()->accumulate(random_normal({kRows, kColumns}, dtype, {.seed = 6, .step = step}));
    if (!by_rows) {
      const Tensor dense = table.tensor.grad();
      Tensor(table.tensor).clear_grad();
      table.tensor.grad_slot()->accumulate(dense);
    }
    adam.step(0.01);
  }
  std::vector<std::vector<double>> result{table.tensor.to_vector()};
  for (const Parameter& slot : adam.state()) result.push_back(slot.tensor.to_vector());
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(gradients_by_rows_give_the_bits_of_dense_ones) {
  const Setting settings[] = {{},
                              {.common = {.weight_decay = 0.1}},
                              {.common = {.weight_decay = 0.1}, .config = {.amsgrad = true}},
                              {.common = {.weight_decay = 0.1, .clipnorm = 0.5}},
                              {.common = {.global_clipnorm = 0.5}},
                              {.common = {.clipvalue = 0.5, .loss_scale_factor = 2}},
                              {.common = {.weight_decay = 0.1}, .dense_parts = true},
                              {.common = {.gradient_accumulation_steps = 2}},
                              {.common = {.use_ema = true, .ema_overwrite_frequency = 2}}};
  for (const Setting& setting : settings)
    for (const DType dtype : {DType::float32, DType::float64}) {
      const auto rows = train(setting, dtype, true), dense = train(setting, dtype, false);
      BOOST_REQUIRE_EQUAL(rows.size(), dense.size());
      for (std::size_t i = 0; i < rows.size(); ++i) BOOST_TEST((rows[i] == dense[i]));
    }
}

BOOST_AUTO_TEST_CASE(the_bits_do_not_depend_on_the_threads) {
  const int threads = num_threads();
  set_num_threads(1);
  const auto one = train({.common = {.weight_decay = 0.1, .global_clipnorm = 1}}, DType::float32, true);
  set_num_threads(3);
  const auto three = train({.common = {.weight_decay = 0.1, .global_clipnorm = 1}}, DType::float32, true);
  set_num_threads(threads);
  BOOST_TEST((one == three));
}

BOOST_AUTO_TEST_CASE(a_row_that_never_had_a_gradient_keeps_its_bits_without_decay) {
  const Tensor before = random_normal({kRows, kColumns}, DType::float32, {.seed = 3});
  const std::vector<double> initial = before.to_vector(), after = train({}, DType::float32, true)[0];
  const auto begin = static_cast<std::size_t>(300 * kColumns);  // no id above 210
  BOOST_TEST(std::vector<double>(initial.begin() + 300 * kColumns, initial.end()) == std::vector<double>(after.begin() + 300 * kColumns, after.end()),
             boost::test_tools::per_element());
  BOOST_TEST(initial[0] != after[0]);
  BOOST_TEST(begin < after.size());
}

BOOST_AUTO_TEST_CASE(a_row_of_a_gradient_that_is_not_a_number_is_noticed) {
  const Parameter table{"token_embedding/embeddings", Tensor::full({5, 2}, 1)};
  Tensor(table.tensor).set_requires_grad(true);
  AdamW adam({table}, {.global_clipnorm = 1});
  table.tensor.grad_slot()->accumulate_rows({Tensor::from<std::int32_t>({1}, {1}), Tensor::full({1, 2}, std::nan(""))});
  BOOST_CHECK_EXCEPTION(adam.step(0.1), std::runtime_error, says("must be finite, got nan for token_embedding/embeddings at step 1"));
  for (const double value : table.tensor.to_vector()) BOOST_TEST(value == 1);
}

BOOST_AUTO_TEST_CASE(an_id_outside_of_the_table_throws) {
  const Parameter table{"token_embedding/embeddings", Tensor::zeros({5, 2})};
  Tensor(table.tensor).set_requires_grad(true);
  Adam adam({table});
  table.tensor.grad_slot()->accumulate_rows({Tensor::from<std::int32_t>({5}, {1}), Tensor::zeros({1, 2})});
  BOOST_CHECK_EXCEPTION(adam.step(0.1), std::invalid_argument, [](const std::exception& error) {
    return std::string(error.what()) == "optimizer: row ids of a gradient must lie in [0, 5), got 5";
  });
}

BOOST_AUTO_TEST_CASE(an_element_has_the_same_bits_wherever_the_call_begins) {
  const std::vector<double> values = random_normal({100}, DType::float32, {.seed = 9}).to_vector();
  const std::vector<float> g(values.begin(), values.end());
  const kernels::AdamStep<float> step{.scale = 0.7f,
                                      .clip = 1,
                                      .weight_decay = 0.01f,
                                      .learning_rate = 0.1f,
                                      .alpha = 0.03f,
                                      .one_minus_beta_1 = 0.1f,
                                      .one_minus_beta_2 = 0.001f,
                                      .epsilon = 1e-7f};
  std::vector<float> w(g), m(100, 0.1f), v(100, 0.2f), w1(g), m1(m), v1(v);
  const auto& adam = kernels::table<float>().adam;
  adam.update(step, g.data(), 100, w.data(), m.data(), v.data(), nullptr);
  for (std::size_t i = 0; i < 100; ++i) adam.update(step, g.data() + i, 1, w1.data() + i, m1.data() + i, v1.data() + i, nullptr);
  BOOST_TEST((w == w1));
  BOOST_TEST((m == m1));
  BOOST_TEST((v == v1));
}

BOOST_AUTO_TEST_SUITE_END()
