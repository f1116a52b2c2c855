#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "framework/core/tensor.h"

// The one table of op cases: tests/ops/op_cases_test.cpp runs every check on every entry. A new op is a family in a file of
// its own, tests/support/op_cases_<family>.cpp, and a line in op_cases.cpp.

namespace linnet::testing {

/// A dense array for references in plain loops.
struct Array {
  Shape shape;
  std::vector<double> values;

  static Array zeros(Shape shape);
  /// Element (i, j, …), row-major. Throws std::out_of_range.
  template <class... Index>
  double& operator()(Index... index) {
    return values.at(offset({static_cast<std::int64_t>(index)...}));
  }
  template <class... Index>
  double operator()(Index... index) const {
    return values.at(offset({static_cast<std::int64_t>(index)...}));
  }
  double& at(const Shape& index) { return values.at(offset(index)); }
  double at(const Shape& index) const { return values.at(offset(index)); }
  std::int64_t dim(std::size_t axis) const { return shape.at(axis); }

 private:
  std::size_t offset(const Shape& index) const;
};

/// Calls body with every index of a shape, in row-major order.
void for_each_index(const Shape& shape, const std::function<void(const Shape& index)>& body);

/// How one input of a case is made. Real inputs hold float32 numbers, so that every dtype sees the same ones.
struct OpInput {
  Shape shape;
  std::vector<double> values;  ///< empty: standard normal numbers times scale plus shift, from the place in the case
  double scale = 1, shift = 0;
  bool differentiable = true;
  bool integer = false;  ///< int32, never differentiable
};
/// A differentiable input.
OpInput normal(Shape shape, double scale = 1, double shift = 0);
/// An input that takes no part in training.
OpInput constant(Shape shape);
/// An int32 input with these values.
OpInput integers(Shape shape, std::vector<double> values);

using Tensors = std::vector<Tensor>;
using Arrays = std::vector<Array>;

/// An op called in one way.
struct OpCase {
  std::string name;  ///< what is special about it: "one column"
  std::vector<OpInput> inputs;
  std::function<Tensors(const Tensors& x)> call;     ///< the outputs
  std::function<Arrays(const Arrays& x)> reference;  ///< the same in plain loops
  std::int64_t terms = 1;                            ///< of the longest sum, forward or backward
  double amplification = 1;                          ///< of rounding errors, as by a division by something small
  bool random = false;                               ///< draws numbers when a tape records
};

/// A wrong call and the text of the std::invalid_argument it must throw.
struct BadCall {
  std::function<void()> call;
  std::string message;
};

/// At least one message begins with "<op>:".
struct OpFamily {
  std::string op;
  std::vector<OpCase> cases;
  std::vector<BadCall> bad_calls;
};

std::vector<OpFamily> op_families();

/// The inputs of a case: int32 ones as such, the rest of `dtype`; the differentiable ones are leaves. `rounded_to` is a dtype that they
/// are rounded to first, so that a wider one holds the numbers of a narrower.
Tensors make_inputs(const OpCase& op_case, DType dtype, DType rounded_to = DType::float32);
/// The values of `tensors`.
Arrays to_arrays(const Tensors& tensors);

/// The seed that is set before each run of a case.
inline constexpr std::uint64_t kOpCaseSeed = 20;
/// What dropout multiplies element (row, column) of its mask by in the case's random op number `op`: 0 or 1 / (1 - rate).
double dropout_factor(double rate, std::int64_t global_row, std::int64_t column, std::uint32_t op = 0);

}  // namespace linnet::testing
