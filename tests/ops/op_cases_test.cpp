#include "tests/support/op_cases.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <set>

#include "framework/autograd/gradcheck.h"
#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "tests/support/near.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// Runs `check` on every case with the case's name in the messages.
void for_each_case(const std::function<void(const OpCase&)>& check) {
  for (const OpFamily& family : op_families())
    for (const OpCase& op_case : family.cases) BOOST_TEST_CONTEXT(family.op << ", " << op_case.name) {
        check(op_case);
      }
}

/// The outputs under a tape, as values.
Tensors run(const OpCase& op_case, const Tensors& inputs, TapeOptions options = {}) {
  set_seed(kOpCaseSeed);
  const Tape tape(options);
  return op_case.call(inputs);
}

/// The outputs and the gradients of every differentiable input for fixed random gradients of the outputs, which are rounded to
/// `rounded_to` first.
Tensors run_backward(const OpCase& op_case, Tensors inputs, DType rounded_to) {
  Tensors results;
  set_seed(kOpCaseSeed);
  Tape tape;
  const Tensors outputs = op_case.call(inputs);
  Tensors tracked, cotangents;
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    results.push_back(outputs[i].detach());
    if (!outputs[i].requires_grad()) continue;
    tracked.push_back(outputs[i]);
    const Tensor cotangent = random_normal(outputs[i].shape(), DType::float64, {kOpCaseSeed, 8, i});
    cotangents.push_back(cotangent.cast(rounded_to).cast(outputs[i].dtype()));
  }
  tape.backward(tracked, cotangents);
  for (Tensor& input : inputs)
    if (input.requires_grad()) results.push_back(input.grad().defined() ? input.take_grad() : Tensor::zeros(input.shape(), input.dtype()));
  return results;
}

/// The same for the case's own inputs, rounded as well.
Tensors run_backward(const OpCase& op_case, DType dtype, DType rounded_to = DType::float32) {
  return run_backward(op_case, make_inputs(op_case, dtype, rounded_to), rounded_to);
}

/// The same values as rows in the middle of a larger tensor, whose other rows are no numbers.
Tensor as_rows_of_a_larger_tensor(const Tensor& x) {
  if (x.shape().empty()) return x;
  Shape larger = x.shape();
  larger[0] += 2;
  Tensor view =
      (x.dtype() == DType::int32 ? Tensor::zeros(larger, x.dtype()) : Tensor::full(larger, std::nan(""), x.dtype())).slice_rows(1, larger[0] - 1);
  view.assign(x);
  if (x.requires_grad()) view.set_requires_grad(true);
  return view;
}

void compare(const std::string& what, const std::vector<double>& expected, const Tensor& actual, const Tolerance& tolerance) {
  const std::vector<double> values = actual.to_vector();
  BOOST_REQUIRE_MESSAGE(values.size() == expected.size(), what << ": " << values.size() << " values, expected " << expected.size());
  if (values.empty()) return;  // the message below has no worst element to show
  const GoldenError error = golden_error(expected, values, tolerance);
  BOOST_TEST(error.outside == 0, what << ": " << error.outside << " of " << values.size() << " outside; element " << error.worst << " is "
                                      << values[static_cast<std::size_t>(error.worst)] << ", expected "
                                      << expected[static_cast<std::size_t>(error.worst)] << " (tolerance " << tolerance.absolute << ")");
}

Tolerance tolerance_of(const OpCase& op_case, DType dtype) {
  const Tolerance tolerance = rounding(dtype, op_case.terms);
  return {.absolute = tolerance.absolute * op_case.amplification, .relative = tolerance.relative * op_case.amplification};
}

void require_same_bits(const std::string& what, const Tensors& a, const Tensors& b) {
  BOOST_REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    BOOST_REQUIRE(a[i].shape() == b[i].shape());
    BOOST_TEST(std::memcmp(a[i].raw(), b[i].raw(), static_cast<std::size_t>(a[i].size() * size_of(a[i].dtype()))) == 0, what << ": result " << i);
  }
}

/// Outputs one behind the other as one vector, so that one check sees all of them.
Tensor joined(const Tensors& outputs) {
  if (outputs.size() == 1) return outputs[0];
  std::vector<double> values;
  for (const Tensor& output : outputs) {
    const std::vector<double> part = output.to_vector();
    values.insert(values.end(), part.begin(), part.end());
  }
  const auto count = static_cast<std::int64_t>(values.size());
  return record("joined", std::span<const Tensor>(outputs), Tensor::from(values, {count}), [outputs](std::span<const Tensor> dy) {
    Gradients gradients;
    std::int64_t begin = 0;
    for (const Tensor& output : outputs) {
      gradients.push_back(dy[0].slice_rows(begin, begin + output.size()).reshape(output.shape()).clone());
      begin += output.size();
    }
    return gradients;
  });
}

/// What f throws, "" for nothing.
std::string message_of(const std::function<void()>& f) {
  try {
    f();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

struct ThreadCount {
  int before = num_threads();
  ~ThreadCount() { set_num_threads(before); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(op_cases)

BOOST_AUTO_TEST_CASE(every_op_is_tried_on_five_shapes_with_an_empty_and_a_single_axis_among_them) {
  for (const OpFamily& family : op_families()) {
    std::set<std::vector<Shape>> shapes;
    bool empty = false, single = false;
    for (const OpCase& op_case : family.cases) {
      std::vector<Shape> of_case;
      for (const OpInput& input : op_case.inputs) {
        of_case.push_back(input.shape);
        empty |= element_count(input.shape) == 0;
        single |= input.shape.empty() || std::ranges::count(input.shape, 1) > 0;
      }
      shapes.insert(of_case);
    }
    BOOST_TEST(shapes.size() >= 5, family.op << ": " << shapes.size() << " shapes");
    BOOST_TEST(empty, family.op << ": no empty input");
    BOOST_TEST(single, family.op << ": no axis of one");
  }
}

BOOST_AUTO_TEST_CASE(values_agree_with_the_reference_in_plain_loops) {
  for_each_case([](const OpCase& op_case) {
    for (const DType dtype : {DType::float64, DType::float32}) {
      const Tensors inputs = make_inputs(op_case, dtype), outputs = run(op_case, inputs);
      const Arrays expected = op_case.reference(to_arrays(inputs));
      BOOST_REQUIRE(outputs.size() == expected.size());
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        BOOST_TEST(outputs[i].shape() == expected[i].shape, boost::test_tools::per_element());
        BOOST_TEST((outputs[i].dtype() == dtype || outputs[i].dtype() == DType::int32));
        compare(cat(dtype, " output ", i), expected[i].values, outputs[i], tolerance_of(op_case, dtype));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(gradients_agree_with_differences_in_float64) {
  constexpr std::int64_t kFullJacobian = 200;  // inputs with more elements are checked along one random direction
  for_each_case([](const OpCase& op_case) {
    const Tensors inputs = make_inputs(op_case, DType::float64);
    Tensors differentiable;
    std::int64_t elements = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (op_case.inputs[i].differentiable) {
        differentiable.push_back(inputs[i]);
        elements += inputs[i].size();
      }
    set_seed(kOpCaseSeed);
    const auto all = [&] { return joined(op_case.call(inputs)); };
    if (elements > kFullJacobian) {
      BOOST_TEST(message_of([&] { gradcheck_direction(op_case.name, all, differentiable); }) == "");
      return;
    }
    BOOST_TEST(message_of([&] { gradcheck(op_case.name, all, differentiable); }) == "");
    // Each output of several alone: the gradients of the others are undefined then.
    const std::size_t outputs = run(op_case, inputs).size();
    for (std::size_t i = 0; outputs > 1 && i < outputs; ++i) {
      const auto one = [&] { return op_case.call(inputs)[i]; };
      BOOST_TEST(message_of([&] { gradcheck(cat(op_case.name, " output ", i), one, differentiable); }) == "");
    }
  });
}

BOOST_AUTO_TEST_CASE(float32_agrees_with_float64) {
  for_each_case([](const OpCase& op_case) {
    const Tensors narrow = run_backward(op_case, DType::float32), wide = run_backward(op_case, DType::float64);
    BOOST_REQUIRE(narrow.size() == wide.size());
    for (std::size_t i = 0; i < narrow.size(); ++i) compare(cat("result ", i), wide[i].to_vector(), narrow[i], tolerance_of(op_case, DType::float32));
  });
}

BOOST_AUTO_TEST_CASE(a_16_bit_op_is_the_float32_op_on_its_inputs_rounded) {
  for_each_case([](const OpCase& op_case) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
      const Tensors narrow = run_backward(op_case, dtype, dtype), wide = run_backward(op_case, DType::float32, dtype);
      BOOST_REQUIRE(narrow.size() == wide.size());
      std::vector<std::vector<double>> expected;
      for (const Tensor& tensor : wide) expected.push_back(tensor.to_vector());
      for (std::size_t i = 0; i < narrow.size(); ++i) {
        BOOST_TEST((narrow[i].dtype() == dtype || narrow[i].dtype() == wide[i].dtype()));
        compare(cat(dtype, " result ", i), expected[i], narrow[i], half_rounding(dtype, expected, op_case.amplification));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(recording_changes_no_bit) {
  for_each_case([](const OpCase& op_case) {
    for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16}) {
      const Tensors inputs = make_inputs(op_case, dtype);
      Tensors constants;
      for (const Tensor& input : inputs) constants.push_back(input.detach());
      const Tensors recorded = run(op_case, inputs, {.dropout = !op_case.random});
      require_same_bits("without a tape", recorded, op_case.call(inputs));
      require_same_bits("of constants", recorded, run(op_case, constants, {.dropout = !op_case.random}));
    }
  });
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
  const ThreadCount restore;
  for_each_case([](const OpCase& op_case) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      set_num_threads(1);
      const Tensors one = run_backward(op_case, dtype);
      for (const int threads : {2, 3}) {
        set_num_threads(threads);
        require_same_bits(cat(dtype, " ", threads, " threads"), one, run_backward(op_case, dtype));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(rows_of_larger_tensors_give_the_same_bits) {
  for_each_case([](const OpCase& op_case) {
    for (const DType dtype : {DType::float64, DType::float32, DType::bfloat16}) {
      Tensors views;
      for (const Tensor& input : make_inputs(op_case, dtype)) views.push_back(as_rows_of_a_larger_tensor(input));
      require_same_bits(cat(dtype), run_backward(op_case, dtype), run_backward(op_case, views, DType::float32));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_write_between_forward_and_backward_is_noticed_or_changes_no_gradient) {
  constexpr int kNothing = -1;
  int noticed = 0;
  for_each_case([&](const OpCase& op_case) {
    // Gradients of the inputs; those of constants are undefined, as is all if the write was noticed.
    const auto gradients_after = [&](int written) {
      Tensors inputs = make_inputs(op_case, DType::float64);
      set_seed(kOpCaseSeed);
      Tape tape;
      Tensors outputs = op_case.call(inputs), tracked, cotangents, gradients;
      for (std::uint32_t i = 0; i < outputs.size(); ++i)
        if (outputs[i].requires_grad()) {
          tracked.push_back(outputs[i]);
          cotangents.push_back(random_normal(outputs[i].shape(), DType::float64, {kOpCaseSeed, 8, i}));
        }
      const auto place = static_cast<std::size_t>(written);
      if (written != kNothing) {
        Tensor& target = place < inputs.size() ? inputs[place] : outputs[place - inputs.size()];
        std::memset(target.mutable_raw(), 0, static_cast<std::size_t>(target.size() * size_of(target.dtype())));
      }
      const std::string message = message_of([&] { tape.backward(tracked, cotangents); });
      if (message.find(": tensors that an op used must stay as they are until backward, got a write to its ") != std::string::npos) {
        ++noticed;
        return gradients;
      }
      BOOST_TEST(message == "");
      for (Tensor& input : inputs) gradients.push_back(input.requires_grad() ? input.take_grad() : Tensor());
      return gradients;
    };
    const Tensors expected = gradients_after(kNothing);
    BOOST_REQUIRE(expected.size() == op_case.inputs.size());
    const auto places = static_cast<int>(op_case.inputs.size() + run(op_case, make_inputs(op_case, DType::float64)).size());
    for (int place = 0; place < places; ++place) {
      const Tensors gradients = gradients_after(place);
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        BOOST_REQUIRE(gradients[i].defined() == expected[i].defined());
        if (gradients[i].defined()) require_same_bits(cat("place ", place, ", gradient ", i), {expected[i]}, {gradients[i]});
      }
    }
  });
  BOOST_TEST(noticed > 500);
}

BOOST_AUTO_TEST_CASE(wrong_calls_throw_with_the_name_of_the_op) {
  for (const OpFamily& family : op_families()) BOOST_TEST_CONTEXT(family.op) {
      bool named = false;
      for (const BadCall& bad : family.bad_calls) {
        named |= bad.message.starts_with(family.op + ":");
        BOOST_CHECK_EXCEPTION(bad.call(), std::invalid_argument, [&](const std::exception& error) {
          BOOST_TEST(error.what() == bad.message);
          return error.what() == bad.message;
        });
      }
      BOOST_TEST(named, "no wrong call has a message that begins with " << family.op);
    }
}

BOOST_AUTO_TEST_SUITE_END()
