#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "framework/core/grad_slot.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/optim/adamw.h"
#include "framework/optim/sgd.h"

using namespace linnet;

namespace {

Parameter weight(const std::string& path, std::vector<double> values, Shape shape = {}) {
  const auto size = static_cast<std::int64_t>(values.size());
  Parameter result{path, Tensor::from(values, shape.empty() ? Shape{size} : shape)};
  result.tensor.set_requires_grad(true);
  return result;
}

void give(const Parameter& parameter, std::vector<double> gradient) {
  parameter.tensor.grad_slot()->accumulate(Tensor::from(gradient, parameter.tensor.shape()));
}

auto text(const std::string& expected) {
  return [expected](const std::exception& error) {
    if (error.what() == expected) return true;
    BOOST_TEST_MESSAGE("got: " << error.what());
    return false;
  };
}

Tensor random(const Shape& shape, DType dtype, std::uint32_t op) { return random_normal(shape, dtype, {.seed = 5, .step = 1, .op = op}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer)

BOOST_AUTO_TEST_CASE(a_step_takes_the_gradients_and_counts) {
  const Parameter w = weight("dense/kernel", {1, 2});
  SGD sgd({w});
  give(w, {1, -1});
  sgd.step(0.5);
  BOOST_TEST(w.tensor.to_vector() == (std::vector<double>{0.5, 2.5}), boost::test_tools::per_element());
  BOOST_TEST(!w.tensor.grad().defined());
  BOOST_TEST(sgd.iterations() == 1);
  BOOST_CHECK_EXCEPTION(sgd.step(0.5), std::invalid_argument,
                        text("SGD: at least one parameter must have a gradient, got none (call Tape::backward first)"));
}

BOOST_AUTO_TEST_CASE(a_frozen_parameter_stays) {
  const Parameter w = weight("dense/kernel", {1}), frozen = {"dense/bias", Tensor::from<double>({3}, {1})};
  SGD sgd({w, frozen}, {.weight_decay = 0.1});
  BOOST_TEST(sgd.parameters().size() == 1u);
  give(w, {1});
  sgd.step(1);
  BOOST_TEST(frozen.tensor.item() == 3);
}

BOOST_AUTO_TEST_CASE(a_weight_without_a_gradient_does_not_decay) {
  const Parameter w = weight("dense/kernel", {1}), idle = weight("dense/bias", {3});
  SGD sgd({w, idle}, {.weight_decay = 0.5});
  give(w, {0});
  sgd.step(1);
  BOOST_TEST(w.tensor.item() == 0.5);
  BOOST_TEST(idle.tensor.item() == 3);
}

BOOST_AUTO_TEST_CASE(the_random_step_advances_with_each_update_alone) {
  set_seed(1);
  const Parameter w = weight("dense/kernel", {1});
  SGD sgd({w}, {.gradient_accumulation_steps = 2});
  std::vector<std::uint32_t> steps;
  for (int call = 0; call < 4; ++call) {
    give(w, {1});
    sgd.step(1);
    steps.push_back(random_state().step);
  }
  BOOST_TEST(steps == (std::vector<std::uint32_t>{0, 1, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(sgd.calls() == 4);
  BOOST_TEST(sgd.iterations() == 2);
}

BOOST_AUTO_TEST_CASE(the_state_restores_a_run_bit_for_bit) {
  std::vector<Tensor> results;
  std::vector<Tensor> saved;
  Tensor saved_weight;
  for (const bool resumed : {false, true}) {
    const Parameter table{"embedding/embeddings", random({50, 7}, DType::float32, 1).clone()};
    Tensor(table.tensor).set_requires_grad(true);
    AdamW adam({table}, {.use_ema = true, .ema_overwrite_frequency = 3});
    for (std::int32_t step = 0; step < 8; ++step) {
      if (step == 4 && !resumed) {
        for (const Parameter& slot : adam.state()) saved.push_back(slot.tensor.clone());
        saved_weight = table.tensor.clone();
      }
      if (step == 4 && resumed) {
        for (std::size_t i = 0; i < saved.size(); ++i) adam.state()[i].tensor.assign(saved[i]);
        Tensor(table.tensor).assign(saved_weight);
      }
      if (step < 4 && resumed) continue;
      table.tensor.grad_slot()->accumulate_rows(
          {Tensor::from<std::int32_t>({step * 3, 40, step * 3}, {3}), random({3, 7}, DType::float32, 10 + static_cast<std::uint32_t>(step))});
      adam.step(0.01);
    }
    BOOST_TEST(adam.iterations() == 8);
    results.push_back(table.tensor);
  }
  BOOST_TEST(results[0].to_vector() == results[1].to_vector(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(slot_paths_are_those_of_keras) {
  const Parameter w = weight("token_embedding/embeddings", {1});
  std::vector<std::string> paths;
  for (const Parameter& slot : AdamW({w}, {.use_ema = true, .gradient_accumulation_steps = 2}, {.amsgrad = true}).state()) paths.push_back(slot.path);
  BOOST_TEST(
      paths == (std::vector<std::string>{"adam_w/iteration", "adam_w/token_embedding_embeddings_average",
                                         "adam_w/token_embedding_embeddings_gradient_accumulator", "adam_w/token_embedding_embeddings_momentum",
                                         "adam_w/token_embedding_embeddings_velocity", "adam_w/token_embedding_embeddings_velocity_hat"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_is_named_and_changes_nothing) {
  const Parameter a = weight("a/kernel", {1, 1}), b = weight("b/kernel", {1});
  for (const OptimizerConfig& config : {OptimizerConfig{.global_clipnorm = 1}, OptimizerConfig{.clipnorm = 1},
                                        OptimizerConfig{.global_clipnorm = 1, .gradient_accumulation_steps = 2}}) {
    AdamW adam({a, b}, config);
    BOOST_TEST(!adam.last_global_norm().has_value());
    const auto step = [&](double last) {
      give(a, {3, 0});
      give(b, {last});
      adam.step(0.1);
    };
    step(4);
    if (!config.gradient_accumulation_steps) BOOST_TEST(*adam.last_global_norm() == 5);
    const auto values = [&] {
      std::vector<double> all;
      for (const auto& parameters : {std::vector{a, b}, adam.state()})
        for (const Parameter& parameter : parameters)
          for (const double value : parameter.tensor.to_vector()) all.push_back(value);
      return all;
    };
    const std::vector<double> before = values();
    const std::int64_t random_step = random_state().step;
    for (const double bad : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), std::nan("")})
      BOOST_CHECK_EXCEPTION(step(bad), std::runtime_error,
                            text(cat("AdamW: the norm of a gradient must be finite, got ", std::abs(bad), " for b/kernel at step 2")));
    BOOST_TEST(values() == before, boost::test_tools::per_element());
    BOOST_TEST(random_state().step == random_step);
    step(4);
    BOOST_TEST(adam.calls() == 2);
  }
}

BOOST_AUTO_TEST_CASE(the_norm_of_a_table_does_not_depend_on_the_form_or_the_threads) {
  std::vector<double> norms;
  const int threads = num_threads();
  for (const int count : {1, 2, 3})
    for (const bool by_rows : {false, true}) {
      set_num_threads(count);
      const Parameter table{"embedding/embeddings", random({3000, 97}, DType::float32, 1).clone()};
      Tensor(table.tensor).set_requires_grad(true);
      std::vector<std::int32_t> ids;
      for (std::int32_t i = 0; i < 500; ++i) ids.push_back(i * 7919 % 3000 / (i % 5 + 1));
      const RowGrad rows{Tensor::from(ids, {500}), random({500, 97}, DType::float32, 2)};
      table.tensor.grad_slot()->accumulate_rows(rows);
      if (!by_rows) {
        const Tensor dense = table.tensor.grad();
        Tensor(table.tensor).clear_grad();
        table.tensor.grad_slot()->accumulate(dense);
      }
      AdamW adam({table}, {.global_clipnorm = 1});
      adam.step(0.1);
      norms.push_back(*adam.last_global_norm());
    }
  set_num_threads(threads);
  BOOST_TEST(norms[0] > 100);
  for (const double norm : norms) BOOST_TEST(norm == norms[0]);
}

BOOST_AUTO_TEST_CASE(averages_take_the_weights_place_at_the_end) {
  const Parameter w = weight("dense/kernel", {1});
  SGD sgd({w}, {.use_ema = true, .ema_momentum = 0.5});
  for (int step = 0; step < 2; ++step) {
    give(w, {1});
    sgd.step(1);
  }
  BOOST_TEST(w.tensor.item() == -1);
  sgd.overwrite_with_averages();
  BOOST_TEST(w.tensor.item() == -0.5);
  SGD plain({w});
  BOOST_CHECK_EXCEPTION(plain.overwrite_with_averages(), std::invalid_argument,
                        text("SGD: overwrite_with_averages needs use_ema, got an optimizer without averages"));
}

BOOST_AUTO_TEST_CASE(layers_learn_at_rates_of_their_own) {
  const Parameter low = weight("transformer_layer_0/kernel", {1}), high = weight("transformer_layer_1/kernel", {1});
  SGD sgd({low, high});
  sgd.scale_learning_rate("transformer_layer_0/", 0.5);
  sgd.scale_learning_rate("^transformer_layer_", 0.5);
  give(low, {1});
  give(high, {1});
  sgd.step(1);
  BOOST_TEST(low.tensor.item() == 0.75);
  BOOST_TEST(high.tensor.item() == 0.5);
  BOOST_CHECK_EXCEPTION(sgd.scale_learning_rate("layer_2", 0.5), std::invalid_argument,
                        text("SGD: the pattern of scale_learning_rate must match a parameter's path, got 'layer_2'"));
  BOOST_CHECK_EXCEPTION(sgd.scale_learning_rate("(", 0.5), std::invalid_argument,
                        text("SGD: the pattern of scale_learning_rate must be a regular expression, got '('"));
  BOOST_CHECK_EXCEPTION(sgd.scale_learning_rate("layer", std::nan("")), std::invalid_argument,
                        text("SGD: the factor of a learning rate must be finite, got nan"));
}

BOOST_AUTO_TEST_CASE(layers_learn_the_slower_the_deeper_they_lie) {
  const std::vector<Parameter> all{weight("token_embedding/embeddings", {1}), weight("transformer_layer_0/kernel", {1}),
                                   weight("transformer_layer_1/kernel", {1}), weight("logits/kernel", {1})};
  SGD sgd(all);
  const std::vector<std::string> patterns{"embedding", "transformer_layer_0/", "frozen", "transformer_layer_1/"};
  sgd.decay_learning_rate_by_layer(patterns, 0.5);
  for (const Parameter& parameter : all) give(parameter, {1});
  sgd.step(1);
  const double expected[] = {1 - 0.0625, 1 - 0.125, 1 - 0.5, 0};
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(all[i].tensor.item() == expected[i]);
  for (const double decay : {0.0, 1.5, std::nan("")})
    BOOST_CHECK_EXCEPTION(sgd.decay_learning_rate_by_layer(patterns, decay), std::invalid_argument,
                          text(cat("SGD: the decay of learning rates must lie in (0, 1], got ", decay)));
}

BOOST_AUTO_TEST_CASE(mistakes_in_the_config_are_named) {
  const Parameter w = weight("dense/kernel", {1});
  const auto refuses = [&](const OptimizerConfig& config, const std::string& message) {
    BOOST_CHECK_EXCEPTION(AdamW({w}, config), std::invalid_argument, text(message));
  };
  refuses({.clipnorm = 1, .global_clipnorm = 1},
          "AdamW: only one of clipnorm, clipvalue and global_clipnorm may be set, got clipnorm and global_clipnorm");
  refuses({.clipvalue = -1}, "AdamW: clipvalue must be positive, got -1");
  refuses({.gradient_accumulation_steps = 1}, "AdamW: gradient_accumulation_steps must be at least 2, got 1 (leave it out for none)");
  refuses({.ema_momentum = 1.5}, "AdamW: ema_momentum must lie in [0, 1], got 1.5");
  refuses({.ema_overwrite_frequency = 0}, "AdamW: ema_overwrite_frequency must be at least 1, got 0");
  refuses({.loss_scale_factor = 0}, "AdamW: loss_scale_factor must be positive and finite, got 0");
  refuses({.exclude_from_weight_decay = {"(bias"}}, "AdamW: exclude_from_weight_decay must be a regular expression, got '(bias'");
  BOOST_CHECK_EXCEPTION(SGD({w}, {}, {.momentum = 2}), std::invalid_argument, text("SGD: momentum must lie in [0, 1], got 2"));
  BOOST_CHECK_EXCEPTION(Adam({w}, {}, {.beta_1 = 1}), std::invalid_argument, text("Adam: beta_1 must lie in [0, 1), got 1"));
  BOOST_CHECK_EXCEPTION(AdamW({w}, {}, {.beta_2 = -1}), std::invalid_argument, text("AdamW: beta_2 must lie in [0, 1), got -1"));
}

BOOST_AUTO_TEST_CASE(mistakes_with_parameters_are_named) {
  const Parameter w = weight("dense/kernel", {1});
  BOOST_CHECK_EXCEPTION(SGD({w, w}), std::invalid_argument, text("SGD: each parameter may come once, got dense/kernel again"));
  const Parameter frozen{"dense/kernel", Tensor::zeros({1})};
  BOOST_CHECK_EXCEPTION(SGD({frozen}), std::invalid_argument,
                        text("SGD: at least one parameter must require a gradient, got none of 1 (set_trainable(true) unfreezes a layer)"));
  SGD sgd({w});
  give(w, {1});
  BOOST_CHECK_EXCEPTION(sgd.step(std::nan("")), std::invalid_argument, text("SGD: learning_rate must be finite, got nan"));
}

BOOST_AUTO_TEST_CASE(an_optimizer_is_made_by_name) {
  const Parameter w = weight("dense/kernel", {1});
  BOOST_TEST(make_optimizer("adamW", {w})->state()[0].path == "adam_w/iteration");
  BOOST_CHECK_EXCEPTION(
      make_optimizer("adamq", {w}), std::invalid_argument,
      text("make_optimizer: name must be one of Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Lamb, Lion, Nadam, RMSprop, SGD, "
           "got 'adamq'"));
  BOOST_CHECK_THROW(make_optimizer("sgd", {w}, R"({"beta_1": 0.9})"), std::invalid_argument);
  BOOST_CHECK_EXCEPTION(make_optimizer("lion", {w}, R"({"beta_1": 0})"), std::invalid_argument, text("Lion: beta_1 must lie in (0, 1], got 0"));
  BOOST_CHECK_EXCEPTION(make_optimizer("lion", {w}, R"({"beta_1": 1.5})"), std::invalid_argument, text("Lion: beta_1 must lie in (0, 1], got 1.5"));
  BOOST_CHECK_EXCEPTION(make_optimizer("rmsprop", {w}, R"({"momentum": -1})"), std::invalid_argument,
                        text("RMSprop: momentum must lie in [0, 1], got -1"));
}

BOOST_AUTO_TEST_SUITE_END()
