#include "framework/autograd/tape.h"

#include <boost/test/unit_test.hpp>

#include "framework/ops/elementwise.h"
#include "framework/ops/reductions.h"
#include "framework/ops/unary.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

Tensor leaf(const std::vector<double>& values) {
  Tensor x = Tensor::from(values, {static_cast<std::int64_t>(values.size())});
  x.set_requires_grad(true);
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tape)

BOOST_AUTO_TEST_CASE(gradients_add_up_over_paths_and_over_backward_passes) {
  const Tensor x = leaf({2, 3});
  for (int pass = 0; pass < 2; ++pass) {
    Tape tape;
    tape.backward(ops::sum(x * x + x));
  }
  BOOST_TEST(x.grad().to_vector() == (std::vector<double>{10, 14}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_tensor_added_to_itself_gets_both_gradients) {
  const Tensor x = leaf({1});
  Tape tape;
  tape.backward(ops::sum(x + x));
  BOOST_TEST(x.grad().item() == 2);
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_without_a_tape_or_a_leaf) {
  const Tensor x = leaf({1}), constant = Tensor::full({1}, 3, DType::float64);
  BOOST_TEST(!ops::sum(x).requires_grad());
  Tape tape;
  ops::sum(constant * constant);
  BOOST_TEST(tape.size() == 0u);
  ops::sum(x * constant);
  BOOST_TEST(tape.size() == 2u);
}

BOOST_AUTO_TEST_CASE(frozen_tensors_get_no_gradient) {
  Tensor x = leaf({1, 2}), y = leaf({3, 4});
  y.set_requires_grad(false);
  Tape tape;
  tape.backward(ops::sum(x * y));
  BOOST_TEST(x.grad().defined());
  BOOST_TEST(!y.grad().defined());
}

BOOST_AUTO_TEST_CASE(a_nested_tape_suspends_the_outer_one) {
  const Tensor x = leaf({2});
  Tape outer;
  const Tensor before = x * x;
  {
    Tape inner;
    BOOST_TEST(Tape::current() == &inner);
    ops::sum(x);
    BOOST_TEST(inner.size() == 1u);
  }
  BOOST_TEST(Tape::current() == &outer);
  BOOST_TEST(outer.size() == 1u);
  outer.backward(ops::sum(before));
  BOOST_TEST(x.grad().item() == 4);
}

BOOST_AUTO_TEST_CASE(a_tensor_of_a_finished_tape_is_a_constant) {
  const Tensor x = leaf({2});
  Tensor y;
  {
    const Tape tape;
    y = x * x;
    BOOST_TEST(y.requires_grad());
  }
  BOOST_TEST(!y.requires_grad());
}

BOOST_AUTO_TEST_CASE(several_outputs_send_their_gradients_back_together) {
  const Tensor x = leaf({2});
  Tape tape;
  const std::vector<Tensor> outputs{x * x, 3.0 * x}, grads{Tensor::full({1}, 1, DType::float64), Tensor::full({1}, 10, DType::float64)};
  tape.backward(outputs, grads);
  BOOST_TEST(x.grad().item() == 34);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_chained_ops_run_backward_and_go_away) {
  const Tensor x = leaf({1});
  Tape tape;
  Tensor y = x;
  for (int i = 0; i < 100000; ++i) y = y + x;
  tape.backward(ops::sum(y));
  BOOST_TEST(x.grad().item() == 100001);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_chained_ops_go_away_without_backward) {
  const Tensor x = leaf({1});
  Tensor y = x;
  {
    const Tape tape;
    for (int i = 0; i < 100000; ++i) y = y * x;
    BOOST_TEST(tape.size() == 100000u);
  }
  BOOST_TEST(!y.requires_grad());
}

BOOST_AUTO_TEST_CASE(a_write_to_what_an_op_used_is_refused_with_op_and_place) {
  Tensor x = leaf({1, 2}), constant = Tensor::full({2}, 3, DType::float64);
  const auto backward_after = [&](const std::function<void(Tensor & y)>& write) {
    Tape tape;
    Tensor y = x * constant;
    write(y);
    tape.backward(ops::sum(y));
  };
  const auto refusal = [](const std::string& what) {
    return says("multiply: tensors that an op used must stay as they are until backward, got a write to its " + what +
                " (write before the op, after backward, or into a clone)");
  };
  BOOST_CHECK_EXCEPTION(backward_after([&](Tensor&) { x.mutable_data<double>()[0] = 5; }), std::invalid_argument, refusal("input 0"));
  BOOST_CHECK_EXCEPTION(backward_after([&](Tensor&) { constant.assign(Tensor::zeros({2}, DType::float64)); }), std::invalid_argument,
                        refusal("input 1"));
  BOOST_CHECK_EXCEPTION(backward_after([&](Tensor&) { constant.slice_rows(1, 2).mutable_raw(); }), std::invalid_argument, refusal("input 1"));
  BOOST_CHECK_EXCEPTION(backward_after([](Tensor& y) { y.mutable_data<double>()[0] = 5; }), std::invalid_argument, refusal("result"));
  backward_after([](Tensor& y) { y.clone().mutable_raw(); });
  BOOST_TEST(x.grad().defined());
}

BOOST_AUTO_TEST_CASE(gradients_of_gradients_are_refused) {
  const Tensor x = leaf({2});
  Tape tape;
  tape.backward(ops::sum(x * x));
  const Tensor gradient = x.grad();
  BOOST_TEST(gradient.is_gradient());
  BOOST_TEST(ops::square(gradient).to_vector()[0] == 16);  // this tape records no more
  Tape second;
  const std::string refusal = "gradients of gradients are not computed, got a gradient of shape (1) as input (detach() makes it a constant)";
  // A penalty on the gradient would silently be left out of the gradient of a loss that has other parts.
  BOOST_CHECK_EXCEPTION(ops::sum(x) + ops::sum(ops::square(gradient)), std::invalid_argument, says("square: " + refusal));
  BOOST_CHECK_EXCEPTION(x * x.grad(), std::invalid_argument, says("multiply: " + refusal));
  BOOST_CHECK_EXCEPTION(x * gradient.reshape({1}), std::invalid_argument, says(refusal));
  second.backward(ops::sum(x * gradient.detach()));
  BOOST_TEST(x.grad().item() == 8);
}

BOOST_AUTO_TEST_CASE(a_gradient_taken_is_a_gradient_too) {
  Tensor x = leaf({2});
  Tape tape;
  tape.backward(ops::sum(x * x));
  const Tensor gradient = x.take_grad();
  BOOST_TEST(!x.take_grad().defined());
  BOOST_TEST(gradient.is_gradient());
  BOOST_TEST(!gradient.clone().is_gradient());
  const Tape second;
  BOOST_CHECK_THROW(x + gradient, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(misuse_is_refused) {
  const Tensor x = leaf({1, 2});
  Tape tape;
  BOOST_CHECK_EXCEPTION(tape.backward(x * x), std::invalid_argument, says("the loss must have one element, got shape (2)"));
  BOOST_CHECK_EXCEPTION(tape.backward(x * x, Tensor::zeros({3}, DType::float64)), std::invalid_argument,
                        says("grad_output must have the output's shape (2)"));
  const Tensor loss = ops::sum(x);
  tape.backward(loss);
  BOOST_CHECK_EXCEPTION(tape.backward(loss), std::invalid_argument, says("a tape runs backward once"));
  BOOST_CHECK_EXCEPTION(ops::sum(x), std::invalid_argument, says("the tape has run backward already"));
}

BOOST_AUTO_TEST_CASE(an_op_that_breaks_the_rules_is_refused_by_its_name) {
  const Tensor x = leaf({1, 2}), constant = Tensor::zeros({2}, DType::float64);
  Tape tape;
  const Tensor y = x * x;
  const std::vector<Tensor> inputs{x}, outputs{y};
  BOOST_CHECK_EXCEPTION(tape.push("mine", inputs, outputs, {}), std::invalid_argument,
                        says("mine: an op must return new tensors, got one that is recorded already"));
  BOOST_CHECK_EXCEPTION(tape.backward(outputs, std::vector<Tensor>()), std::invalid_argument,
                        says("backward: each output needs a grad_output, got 1 and 0"));
  BOOST_CHECK_EXCEPTION(tape.backward(constant, constant), std::invalid_argument, says("backward: the output must have been recorded on this tape"));
  const std::vector<Tensor> fresh{Tensor::zeros({2}, DType::float64)};
  tape.push("mine", inputs, fresh, [](std::span<const Tensor> dy) -> Gradients { return {dy[0], dy[0]}; });
  BOOST_CHECK_EXCEPTION(tape.backward(fresh[0], constant), std::invalid_argument, says("mine: backward must return 1 gradients, got 2"));
}

BOOST_AUTO_TEST_SUITE_END()
