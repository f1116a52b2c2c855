// The dtype policies through the whole family: dtypes of variables, outputs and gradients, training, files, memory.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/grad_slot.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "framework/optim/loss_scale_optimizer.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/support/check_layer.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

constexpr const char* kPolicies[] = {"float32", "float64", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"};
constexpr std::int64_t kVocabulary = 50;

BertTextClassifier::Config config(DTypePolicy dtype, double dropout = 0) {
  return {.backbone = {.vocabulary_size = kVocabulary,
                       .num_layers = 2,
                       .num_heads = 4,
                       .hidden_dim = 32,
                       .intermediate_dim = 64,
                       .dropout = dropout,
                       .max_sequence_length = 40,
                       .dtype = dtype},
          .num_classes = 3,
          .dropout = dropout};
}

struct Batch {
  PackedTokens tokens;
  Tensor labels;
};
/// Sentences of random words; the label is one word's number, by threes.
Batch batch(std::uint32_t number, std::int64_t sentences = 16) {
  std::vector<std::int32_t> ids, lengths, labels;
  for (std::int64_t i = 0; i < sentences; ++i) {
    const auto word = [&](std::uint32_t place) {
      return static_cast<std::int32_t>(philox(4, number, static_cast<std::uint32_t>(i), place, 0).words[0] % 1000);
    };
    lengths.push_back(3 + word(0) % 20);
    labels.push_back(word(1) % 3);
    for (std::int32_t j = 0; j < lengths.back(); ++j) ids.push_back(j == 1 ? labels.back() : 3 + word(static_cast<std::uint32_t>(j + 2)) % 47);
  }
  const auto tokens = static_cast<std::int64_t>(ids.size());
  return {{Tensor::from(ids, {tokens}), Tensor::zeros({tokens}, DType::int32), SequenceLayout::ragged(lengths)}, Tensor::from(labels, {sentences})};
}

struct Run {
  std::vector<double> losses, weights;
};
/// Trains from one seed, with loss scaling where Keras has it.
Run train(DTypePolicy dtype, int steps, double dropout = 0) {
  set_seed(9);
  const BertTextClassifier model(config(dtype, dropout));
  LossScaleOptimizer scaled(std::make_unique<AdamW>(model.parameters(), OptimizerConfig{.weight_decay = 0.01}));
  // Slots in float16 lose the squares of small gradients, and Keras' epsilon of 1e-7 is next to nothing there: where steps that are divided by
  // it lead, to NaN too, is decided by rounding.
  AdamW plain(model.parameters(), {.weight_decay = 0.01}, {.epsilon = dtype.variable == DType::float16 ? 1e-5 : 1e-7});
  Run run;
  for (int step = 0; step < steps; ++step) {
    const Batch data = batch(static_cast<std::uint32_t>(step));
    Tape tape;
    const Tensor loss = ops::cross_entropy(model.forward(data.tokens), data.labels);
    run.losses.push_back(loss.item());
    if (LossScaleOptimizer::is_default_for(dtype)) {
      tape.backward(loss, scaled.scaled_one(loss));
      BOOST_TEST(scaled.step(2e-3));
    } else {
      tape.backward(loss);
      plain.step(2e-3);
    }
  }
  for (const Parameter& parameter : model.parameters())
    for (const double value : parameter.tensor.to_vector()) run.weights.push_back(value);
  return run;
}

double mean(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += values[i];
  return sum / static_cast<double>(end - begin);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_dtypes)

BOOST_AUTO_TEST_CASE(variables_outputs_losses_and_gradients_have_the_dtypes_of_the_policy) {
  for (const char* name : kPolicies) BOOST_TEST_CONTEXT(name) {
      const DTypePolicy policy = name;
      const BertTextClassifier model(config(policy));
      const Batch data = batch(0);
      Tape tape;
      const BertOutputs outputs = model.backbone().forward(data.tokens);
      BOOST_TEST(outputs.sequence_output.dtype() == policy.compute);
      BOOST_TEST(outputs.pooled_output.dtype() == policy.compute);
      const Tensor logits = model.forward(data.tokens), loss = ops::cross_entropy(logits, data.labels);
      BOOST_TEST(logits.dtype() == policy.compute);
      BOOST_TEST(loss.dtype() == (policy.compute == DType::float64 ? DType::float64 : DType::float32));
      tape.backward(loss);
      for (const Parameter& parameter : model.parameters()) {
        BOOST_TEST(parameter.tensor.dtype() == policy.variable);
        BOOST_TEST_REQUIRE(parameter.tensor.grad().defined(), parameter.path);
        BOOST_TEST(parameter.tensor.grad().dtype() == policy.variable);
      }
    }
}

BOOST_AUTO_TEST_CASE(tasks_compute_in_every_policy_near_float64) {
  for (const char* name : kPolicies) BOOST_TEST_CONTEXT(name) {
      const DTypePolicy policy = name;
      const double unit = policy.compute == DType::bfloat16 ? 0x1p-8 : policy.compute == DType::float16 ? 0x1p-11 : 1e-7;
      const BertBackbone::Config backbone = config(policy).backbone, exact = config("float64").backbone;
      const Batch data = batch(1);
      // A second model with the first one's weights.
      const auto near = [&](Layer& wide, const Layer& narrow, const auto& output, double scale) {
        const std::vector<Parameter> from = narrow.parameters(), to = wide.parameters();
        for (std::size_t i = 0; i < from.size(); ++i) Tensor(to[i].tensor).assign(from[i].tensor.cast(DType::float64));
        const std::vector<double> a = output(narrow).to_vector(), b = output(wide).to_vector();
        double largest = 0;
        for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
        BOOST_TEST(largest < 8 * unit * scale);
      };
      const Tensor rows = Tensor::from<std::int32_t>({1, 4, 5}, {3});
      BertMaskedLM masked({backbone}), masked_exact({exact});
      const Tensor logits = masked.forward(data.tokens, rows);
      // Keras does not cast the output bias.
      BOOST_TEST(logits.dtype() == (policy.variable == DType::float32 ? DType::float32 : policy.compute));
      near(
          masked_exact, masked, [&](const Layer& model) { return dynamic_cast<const BertMaskedLM&>(model).forward(data.tokens, rows); }, 1);
      for (const char* pooling : {"mean", "max", "cls"}) {
        BertTextEmbedder embedder({.backbone = backbone, .pooling_mode = pooling}), embedder_exact({.backbone = exact, .pooling_mode = pooling});
        BOOST_TEST(embedder.forward(data.tokens).dtype() == policy.compute);
        near(
            embedder_exact, embedder, [&](const Layer& model) { return dynamic_cast<const BertTextEmbedder&>(model).forward(data.tokens); }, 1);
      }
    }
}

BOOST_AUTO_TEST_CASE(training_lowers_the_loss_in_every_policy_and_mixed_stays_near_float32) {
  constexpr int kSteps = 60;
  const Run exact = train("float32", kSteps);
  const double reached = mean(exact.losses, kSteps - 10, kSteps);
  BOOST_TEST(reached < 0.5 * exact.losses[0]);
  for (const char* name : {"mixed_bfloat16", "mixed_float16", "bfloat16", "float16"}) BOOST_TEST_CONTEXT(name) {
      const Run run = train(name, kSteps);
      // 16-bit weights lose updates below their last place, and float16 slots the squares of small gradients: only mixed policies
      // follow float32.
      const bool mixed = DTypePolicy(name).variable == DType::float32;
      BOOST_TEST(std::abs(run.losses[0] - exact.losses[0]) < 0.02);
      BOOST_TEST(mean(run.losses, kSteps - 10, kSteps) < (mixed ? reached + 0.05 : 0.97 * exact.losses[0]));
      double furthest = 0;
      for (std::size_t i = 0; mixed && i < 10; ++i) furthest = std::max(furthest, std::abs(run.losses[i] - exact.losses[i]));
      BOOST_TEST(furthest < 0.05);
    }
}

BOOST_AUTO_TEST_CASE(one_and_two_threads_train_to_the_same_bits_in_16_bits) {
  const int before = num_threads();
  for (const char* name : {"mixed_bfloat16", "mixed_float16", "bfloat16"}) {
    set_num_threads(1);
    const Run one = train(name, 5, 0.1);
    set_num_threads(2);
    const Run two = train(name, 5, 0.1);
    BOOST_TEST((one.weights == two.weights));
    BOOST_TEST((one.losses == two.losses));
  }
  set_num_threads(before);
}

BOOST_AUTO_TEST_CASE(what_waits_for_backward_has_16_bits_an_element) {
  const Batch data = batch(3, 64);
  const auto kept = [&](DTypePolicy dtype) {
    const BertTextClassifier model(config(dtype, 0.1));
    const std::int64_t before = memory_stats().active;
    const Tape tape;
    const Tensor logits = model.forward(data.tokens);
    return static_cast<double>(memory_stats().active - before);
  };
  const double exact = kept("float32");
  BOOST_TEST(kept("bfloat16") < 0.6 * exact);
  BOOST_TEST(kept("float16") < 0.6 * exact);
  BOOST_TEST(kept("mixed_bfloat16") < 0.75 * exact);  // and the weights' casts
}

BOOST_AUTO_TEST_CASE(a_16_bit_preset_round_trips_through_its_files) {
  for (const char* name : {"bfloat16", "float16"}) {
    const TemporaryDirectory directory;
    BertBackbone model(config(name).backbone);
    randomize(model);
    model.save_to_preset(directory / "preset");
    const auto same = BertBackbone::from_preset((directory / "preset").string(), {.dtype = name});
    check_same_layer(model, *same);
    BOOST_TEST((same->config().dtype == DTypePolicy(name)));
    // The saved policy is not what counts, as in KerasHub: without a dtype it is float32, with the same values.
    const auto wide = BertBackbone::from_preset((directory / "preset").string());
    check_same_layer(model, *wide);
    BOOST_TEST((wide->config().dtype == DTypePolicy("float32")));
  }
}

BOOST_AUTO_TEST_CASE(every_optimizer_steps_16_bit_weights_as_float32_rounded) {
  constexpr double kRate = 0.05;
  for (const std::string& name : optimizer_names()) BOOST_TEST_CONTEXT(name) {
      for (const DType dtype : {DType::bfloat16, DType::float16}) {
        const auto parameter = [&](DType own) {
          Parameter result{"table/embeddings", random_normal({12, 5}, DType::float32, {7, 1, 1}).cast(dtype).cast(own)};
          result.tensor.set_requires_grad(true);
          return result;
        };
        const Parameter narrow = parameter(dtype), wide = parameter(DType::float32);
        const auto half = make_optimizer(name, {narrow}, R"({"weight_decay": 0.01, "clipnorm": 0.5})");
        const auto full = make_optimizer(name, {wide}, R"({"weight_decay": 0.01, "clipnorm": 0.5})");
        const Tensor gradient = random_normal({12, 5}, DType::float32, {7, 1, 2}).cast(dtype);
        narrow.tensor.grad_slot()->accumulate(gradient);
        wide.tensor.grad_slot()->accumulate(gradient.cast(DType::float32));
        half->step(kRate);
        full->step(kRate);
        // Weights and slots are rounded at the end; a few optimizers round the decayed weight, or the gradient, which goes into the
        // weight by about the learning rate.
        const double unit = dtype == DType::bfloat16 ? 0x1p-8 : 0x1p-11;
        const std::vector<Parameter> slots = half->state(), exact_slots = full->state();
        const auto close = [&](const Tensor& rounded, const Tensor& exact, double size) {
          const std::vector<double> a = rounded.to_vector(), b = exact.to_vector();
          for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) <= 3 * unit * (std::abs(b[i]) + size) + 0x1p-24);
        };
        close(narrow.tensor, wide.tensor, kRate);
        for (std::size_t i = 1; i < slots.size(); ++i) {
          BOOST_TEST(slots[i].tensor.dtype() == dtype);
          close(slots[i].tensor, exact_slots[i].tensor, 0);
        }
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
