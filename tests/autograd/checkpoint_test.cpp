#include "framework/autograd/checkpoint.h"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "framework/core/buffer_pool.h"
#include "framework/core/random.h"
#include "framework/layers/dense.h"
#include "framework/layers/sequential.h"
#include "framework/ops/activations.h"
#include "framework/ops/dropout.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"
#include "framework/ops/matmul.h"
#include "framework/ops/reductions.h"
#include "framework/ops/unary.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

using Function = std::function<Tensor(const Tensor&)>;
/// How a part of a computation is run: as it is, or checkpointed.
using Run = std::function<Tensor(const Function& f, const Tensor& x)>;

Tensor plainly(const Function& f, const Tensor& x) { return f(x); }
Tensor checkpointed(const Function& f, const Tensor& x) { return checkpoint(f, x); }

Tensor leaf(const Shape& shape, std::uint32_t number) {
  Tensor x = random_normal(shape, DType::float32, {3, 9, number});
  x.set_requires_grad(true);
  return x;
}

struct Result {
  std::vector<double> output;
  std::vector<std::vector<double>> gradients;
  RandomState random;
  std::size_t nodes = 0;
  bool operator==(const Result& other) const {
    return output == other.output && gradients == other.gradients && random == other.random;  // not the nodes
  }
};

/// Output and gradients of f(parameters), to the last bit.
Result result_of(const std::function<Tensor(std::vector<Tensor>&)>& f) {
  set_seed(4);
  std::vector<Tensor> parameters{leaf({6, 5}, 0), leaf({5, 5}, 1), leaf({5}, 2)};
  Tape tape;
  const Tensor y = f(parameters);
  Result result;
  result.output = y.to_vector();
  result.nodes = tape.size();
  tape.backward(y, Tensor::full(y.shape(), 0.5, y.dtype()));
  for (Tensor& parameter : parameters) result.gradients.push_back(parameter.take_grad().to_vector());
  result.random = random_state();
  return result;
}

/// Three blocks with dropout; weights are captured, and the second one is used by all.
Tensor network(std::vector<Tensor>& p, const Run& run) {
  Tensor x = p[0];
  for (int i = 0; i < 3; ++i)
    x = run([w = p[1], b = p[2]](const Tensor& y) { return ops::dropout(ops::tanh(ops::matmul(y, w) + b), 0.3) + y; }, x) * p[2];
  return ops::dropout(x, 0.5);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(gradients_are_the_same_bits_and_dropout_draws_the_same_numbers) {
  const Result plain = result_of([](std::vector<Tensor>& p) { return network(p, plainly); });
  const Result again = result_of([](std::vector<Tensor>& p) { return network(p, checkpointed); });
  BOOST_TEST((again == plain));
  BOOST_TEST(again.nodes < plain.nodes);
  BOOST_TEST(plain.random.op == 4u);
}

BOOST_AUTO_TEST_CASE(checkpoints_nest) {
  const Result plain = result_of([](std::vector<Tensor>& p) { return network(p, plainly); });
  const Result nested = result_of([](std::vector<Tensor>& p) {
    return linnet::checkpoint(
        [p](const Tensor& x) {
          std::vector<Tensor> parameters{x, p[1], p[2]};
          return network(parameters, checkpointed);
        },
        p[0]);
  });
  BOOST_TEST((nested == plain));
  BOOST_TEST(nested.nodes == 1u);
}

BOOST_AUTO_TEST_CASE(several_inputs_and_outputs_of_which_some_are_unused) {
  for (const bool second : {false, true}) {
    const auto parts = [](const Tensor& x, const Tensor& w) { return std::vector<Tensor>{ops::matmul(x, w), ops::exp(x), x, Tensor::zeros({2})}; };
    const auto use = [=](const std::vector<Tensor>& y) { return second ? y[0] * y[2] + y[1] : y[0] * 2.0; };
    const Result plain = result_of([&](std::vector<Tensor>& p) { return use(parts(p[0], p[1])) * p[2]; });
    const Result again = result_of([&](std::vector<Tensor>& p) { return use(linnet::checkpoint(parts, p[0], p[1])) * p[2]; });
    BOOST_TEST((again == plain));
  }
}

BOOST_AUTO_TEST_CASE(sparse_gradients_of_tables_stay_sparse) {
  Tensor table = leaf({7, 3}, 5);
  const Tensor ids = Tensor::from<std::int32_t>({1, 1, 4}, {3});
  Tape tape;
  tape.backward(ops::sum(linnet::checkpoint([=] { return ops::square(ops::embedding(table, ids)); })));
  BOOST_TEST(table.grad_slot()->row_grads.size() == 1u);
  BOOST_TEST(!table.grad_slot()->grad.defined());
}

BOOST_AUTO_TEST_CASE(without_a_tape_or_a_leaf_nothing_is_recorded) {
  const Tensor constant = Tensor::full({2}, 3), x = leaf({2}, 1);
  BOOST_TEST(!linnet::checkpoint([](const Tensor& y) { return ops::square(y); }, x).requires_grad());
  const Tape tape;
  BOOST_TEST(linnet::checkpoint([](const Tensor& y) { return ops::square(y); }, constant).to_vector()[1] == 9);
  BOOST_TEST(tape.size() == 0u);
}

BOOST_AUTO_TEST_CASE(frozen_tensors_get_no_gradient) {
  Tensor x = leaf({2}, 1), w = leaf({2}, 2);
  w.set_requires_grad(false);
  Tape tape;
  tape.backward(ops::sum(linnet::checkpoint([](const Tensor& a, const Tensor& b) { return a * b; }, x, w)));
  BOOST_TEST(x.grad().to_vector() == w.to_vector(), boost::test_tools::per_element());
  BOOST_TEST(!w.grad().defined());
}

BOOST_AUTO_TEST_CASE(a_write_to_what_the_first_run_used_is_refused) {
  Tensor x = leaf({2}, 1), weight = leaf({2}, 2);
  Tape tape;
  const Tensor y = linnet::checkpoint([weight](const Tensor& input) { return ops::tanh(input * weight); }, x);
  weight.mutable_data<float>()[0] += 1;
  BOOST_CHECK_EXCEPTION(tape.backward(ops::sum(y)), std::invalid_argument,
                        says("checkpoint: tensors that an op used must stay as they are until backward, got a write to its "));
}

BOOST_AUTO_TEST_CASE(a_function_that_computes_otherwise_the_second_time_is_refused) {
  const Tensor x = leaf({2, 3}, 1);
  int calls = 0;
  const auto fickle = [&calls](const Tensor& y) { return ++calls == 1 ? ops::square(y) : ops::sum(y); };
  Tape tape;
  const Tensor loss = ops::sum(linnet::checkpoint(fickle, x));
  BOOST_CHECK_EXCEPTION(tape.backward(loss), std::invalid_argument, says("checkpoint: f must return the shapes of its first run, (2, 3), got ()"));
  calls = 0;
  const auto longer = [&calls](const Tensor& y) { return std::vector<Tensor>(static_cast<std::size_t>(++calls), ops::square(y)); };
  Tape second;
  const Tensor again = ops::sum(linnet::checkpoint(longer, x)[0]);
  BOOST_CHECK_EXCEPTION(second.backward(again), std::invalid_argument, says("checkpoint: f must return as many tensors as at first, 1, got 2"));
}

BOOST_AUTO_TEST_CASE(a_sequential_with_checkpointing_keeps_the_inputs_of_its_layers_alone) {
  set_seed(1);
  Sequential layers(Sequential::Config{});
  for (int i = 0; i < 4; ++i)
    layers.append(std::make_unique<Dense>(Dense::Config{.input_dim = 64, .units = 64, .activation = "gelu"}), cat("dense_", i));
  const Tensor x = leaf({500, 64}, 3);
  std::vector<std::vector<double>> gradients;
  std::vector<std::int64_t> kept;
  for (const bool on : {false, true}) {
    layers.set_checkpointing(on);
    BOOST_TEST(layers.children()[2].layer->checkpointing() == on);
    Tape tape;
    const std::int64_t before = memory_stats().active;
    const Tensor y = layers(x);
    kept.push_back(memory_stats().active - before);
    tape.backward(y, Tensor::full(y.shape(), 1));
    gradients.emplace_back();
    for (Parameter& parameter : layers.parameters())
      for (const double value : parameter.tensor.take_grad().to_vector()) gradients.back().push_back(value);
  }
  BOOST_TEST((gradients[0] == gradients[1]));
  // Each layer keeps its pre-activation as well where nothing is run again.
  BOOST_TEST(kept[0] == 8 * 500 * 64 * 4);
  BOOST_TEST(kept[1] == 4 * 500 * 64 * 4);
}

BOOST_AUTO_TEST_SUITE_END()
