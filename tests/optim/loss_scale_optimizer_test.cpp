#include "framework/optim/loss_scale_optimizer.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "framework/autograd/tape.h"
#include "framework/core/grad_slot.h"
#include "framework/core/random.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/reductions.h"
#include "framework/optim/adamw.h"
#include "framework/optim/sgd.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

Parameter weight(std::vector<double> values, Shape shape, DType dtype = DType::float32) {
  Parameter result{"dense/kernel", Tensor::from(values, shape).cast(dtype)};
  result.tensor.set_requires_grad(true);
  return result;
}

void give(const Parameter& parameter, std::vector<double> gradient) {
  parameter.tensor.grad_slot()->accumulate(Tensor::from(gradient, parameter.tensor.shape()).cast(parameter.tensor.dtype()));
}

LossScaleOptimizer around_sgd(const Parameter& parameter, const LossScaleOptimizer::Config& config = {}) {
  return LossScaleOptimizer(std::make_unique<SGD>(std::vector<Parameter>{parameter}), config);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_scale_optimizer)

BOOST_AUTO_TEST_CASE(a_scaled_loss_gives_the_step_of_the_loss_itself) {
  const Parameter plain = weight({1, 2}, {2}), scaled = weight({1, 2}, {2});
  SGD sgd({plain});
  LossScaleOptimizer optimizer = around_sgd(scaled);
  BOOST_TEST(optimizer.scale() == 32768);
  for (int step = 0; step < 3; ++step) {
    Tape tape;
    const Tensor loss = ops::sum(plain.tensor * plain.tensor), same = ops::sum(scaled.tensor * scaled.tensor);
    tape.backward(std::vector{loss, same}, std::vector{Tensor::full({}, 1), optimizer.scaled_one(same)});
    BOOST_TEST(scaled.tensor.grad().to_vector()[0] == 32768 * plain.tensor.grad().to_vector()[0]);
    sgd.step(0.1);
    BOOST_TEST(optimizer.step(0.1));
    BOOST_TEST(scaled.tensor.to_vector() == plain.tensor.to_vector(), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(gradients_that_are_not_finite_leave_the_step_out_and_halve_the_scale) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const Parameter w = weight({1, 2}, {2});
  LossScaleOptimizer optimizer = around_sgd(w, {.initial_scale = 8, .dynamic_growth_steps = 2});
  give(w, {8, 8});
  BOOST_TEST(optimizer.step(1));
  double scale = 8;
  for (const double bad : {nan, infinity, -infinity}) {
    const std::uint32_t step = random_state().step;
    give(w, {0, bad});
    BOOST_TEST(!optimizer.step(1));
    BOOST_TEST(optimizer.scale() == (scale /= 2));
    BOOST_TEST(w.tensor.to_vector() == (std::vector<double>{0, 1}), boost::test_tools::per_element());
    BOOST_TEST(!w.tensor.grad().defined());
    BOOST_TEST(optimizer.inner().iterations() == 1);
    BOOST_TEST(random_state().step == step + 1);
  }
  // The good step before did not count: two are needed again.
  for (const double expected : {1.0, 2.0, 2.0, 4.0}) {
    give(w, {0, 0});
    BOOST_TEST(optimizer.step(1));
    BOOST_TEST(optimizer.scale() == expected);
  }
}

BOOST_AUTO_TEST_CASE(large_gradients_are_finite_and_rows_of_a_table_are_looked_at) {
  const Parameter table = weight(std::vector<double>(6, 1.0), {3, 2});
  LossScaleOptimizer optimizer = around_sgd(table);
  give(table, std::vector<double>(6, 3e38));
  BOOST_TEST(optimizer.step(1e-40));
  const Tensor ids = Tensor::from<std::int32_t>({2}, {1});
  table.tensor.grad_slot()->accumulate_rows({ids, Tensor::from<float>({0, std::numeric_limits<float>::infinity()}, {1, 2})});
  BOOST_TEST(!optimizer.step(1));
  BOOST_TEST(optimizer.scale() == 16384);
}

BOOST_AUTO_TEST_CASE(the_state_restores_a_run) {
  const Parameter w = weight({1}, {1}), other = weight({1}, {1});
  const auto make = [](const Parameter& parameter) {
    return LossScaleOptimizer(std::make_unique<AdamW>(std::vector<Parameter>{parameter}), {.initial_scale = 4, .dynamic_growth_steps = 3});
  };
  LossScaleOptimizer first = make(w);
  give(w, {4});
  first.step(0.1);
  LossScaleOptimizer second = make(other);
  const std::vector<Parameter> from = first.state(), to = second.state();
  BOOST_TEST(from[0].path == "loss_scale_optimizer/step_counter");
  BOOST_TEST(from[1].path == "loss_scale_optimizer/dynamic_scale");
  BOOST_TEST(from[2].path == "adam_w/iteration");
  BOOST_TEST_REQUIRE(from.size() == to.size());
  for (std::size_t i = 0; i < to.size(); ++i) Tensor(to[i].tensor).assign(from[i].tensor);
  Tensor(other.tensor).assign(w.tensor);
  for (int step = 0; step < 4; ++step) {
    give(w, {1.5});
    give(other, {1.5});
    first.step(0.1);
    second.step(0.1);
    BOOST_TEST(first.scale() == second.scale());
    BOOST_TEST(w.tensor.item() == other.tensor.item());
  }
  BOOST_TEST(second.scale() == 8);
}

BOOST_AUTO_TEST_CASE(keras_wraps_for_mixed_float16_alone) {
  for (const char* name : {"float32", "float64", "bfloat16", "float16", "mixed_bfloat16"}) BOOST_TEST(!LossScaleOptimizer::is_default_for(name));
  BOOST_TEST(LossScaleOptimizer::is_default_for("mixed_float16"));
}

BOOST_AUTO_TEST_CASE(wrong_configs_are_refused) {
  const Parameter w = weight({1}, {1});
  const auto refuses = [&](const LossScaleOptimizer::Config& config, const char* text) {
    BOOST_CHECK_EXCEPTION(around_sgd(w, config), std::invalid_argument, says(text));
  };
  refuses({.initial_scale = 0}, "LossScaleOptimizer: initial_scale must be positive and finite, got 0");
  refuses({.initial_scale = HUGE_VAL}, "LossScaleOptimizer: initial_scale must be positive and finite, got inf");
  refuses({.dynamic_growth_steps = 0}, "LossScaleOptimizer: dynamic_growth_steps must be positive, got 0");
  BOOST_CHECK_EXCEPTION(LossScaleOptimizer(nullptr), std::invalid_argument, says("LossScaleOptimizer: inner must be an optimizer, got none"));
  SGD sgd({w});
  BOOST_CHECK_EXCEPTION(sgd.step(1, 0), std::invalid_argument, says("SGD: loss_scale must be positive and finite, got 0"));
}

BOOST_AUTO_TEST_SUITE_END()
