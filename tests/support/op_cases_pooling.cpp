#include <cmath>
#include <limits>

#include "framework/ops/normalize.h"
#include "framework/ops/pooling.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

constexpr double kEpsilon = 1e-3;

OpCase rms(const std::string& name, const Shape& shape, bool scale) {
  const std::int64_t columns = shape.back();
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  if (scale) result.inputs.push_back(normal({columns}));
  result.call = [=](const Tensors& x) -> Tensors { return {ops::rms_norm(x[0], scale ? x[1] : Tensor(), kEpsilon)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = x[0];
    for (std::size_t row = 0; row < y.values.size(); row += static_cast<std::size_t>(columns)) {
      double squares = 0;
      for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) squares += x[0].values[row + c] * x[0].values[row + c];
      const double root = std::sqrt(squares / static_cast<double>(columns) + kEpsilon);
      for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) y.values[row + c] *= (scale ? x[1].values[c] : 1) / root;
    }
    return {y};
  };
  result.terms = element_count(shape);
  result.amplification = 4;
  return result;
}

OpFamily rms_norm_family() {
  return {.op = "rms_norm",
          .cases = {rms("a matrix", {3, 5}, true), rms("without scale", {2, 3, 4}, false), rms("no rows", {0, 3}, true),
                    rms("one column", {3, 1}, true), rms("many rows", {200, 40}, true)},
          .bad_calls = {{[] { ops::rms_norm(Tensor::zeros({}), {}, 1e-6); }, "rms_norm: input must have at least one axis, got a scalar"},
                        {[] {
                           ops::rms_norm(Tensor::zeros({2, 3}), Tensor::zeros({2}), 1e-6);
                         },
                         "rms_norm: scale must have shape (3), got (2)"},
                        {[] {
                           ops::rms_norm(Tensor::zeros({2, 3}), Tensor::zeros({3}, DType::float64), 1e-6);
                         },
                         "rms_norm: scale must have the input's dtype float32, got float64"}}};
}

OpCase unit_rows(const std::string& name, OpInput input) {
  OpCase result;
  result.name = name;
  result.terms = element_count(input.shape);
  result.inputs = {std::move(input)};
  result.amplification = 4;
  result.call = [](const Tensors& x) -> Tensors { return {ops::l2_normalize(x[0])}; };
  result.reference = [](const Arrays& x) -> Arrays {
    Array y = x[0];
    const auto columns = static_cast<std::size_t>(y.shape.back());
    for (std::size_t row = 0; row < y.values.size(); row += columns) {
      double squares = 0;
      for (std::size_t c = 0; c < columns; ++c) squares += x[0].values[row + c] * x[0].values[row + c];
      for (std::size_t c = 0; c < columns; ++c) y.values[row + c] /= std::max(std::sqrt(squares), 1e-7);
    }
    return {y};
  };
  return result;
}

OpFamily l2_normalize_family() {
  OpInput zeros = constant({2, 2});
  zeros.values = {0, 0, 3, 4};
  return {.op = "l2_normalize",
          .cases = {unit_rows("a matrix", normal({3, 5})), unit_rows("rank 3", normal({2, 2, 3})), unit_rows("a row of zeros", zeros),
                    unit_rows("no rows", normal({0, 3})), unit_rows("one column", normal({3, 1})), unit_rows("many rows", normal({200, 40}))},
          .bad_calls = {{[] { ops::l2_normalize(Tensor::zeros({})); }, "l2_normalize: input must have at least one axis, got a scalar"}}};
}

SequenceLayout layout_of(const std::vector<std::int32_t>& lengths, std::vector<std::uint8_t> is_key = {}) {
  SequenceLayout layout = SequenceLayout::ragged(lengths);
  layout.is_key = std::move(is_key);
  return layout;
}

/// Of the rows of each sequence that are keys: their mean, or the largest of each column.
OpCase pool(const std::string& name, const SequenceLayout& layout, std::int64_t columns, bool mean) {
  OpCase result;
  result.name = name;
  result.inputs = {normal({layout.tokens(), columns})};
  result.call = [=](const Tensors& x) -> Tensors { return {mean ? ops::mean_pool(x[0], layout) : ops::max_pool(x[0], layout)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Array y = Array::zeros({layout.batch(), columns});
    for (std::int64_t i = 0; i < layout.batch(); ++i)
      for (std::int64_t c = 0; c < columns; ++c) {
        double sum = 0, count = 0, top = -std::numeric_limits<double>::infinity();
        for (std::int64_t row = layout.begin(i); row < layout.end(i); ++row) {
          if (!layout.is_key.empty() && !layout.is_key[static_cast<std::size_t>(row)]) continue;
          sum += x[0](row, c);
          top = std::max(top, x[0](row, c));
          ++count;
        }
        y(i, c) = !mean ? top : count > 0 ? sum / count : 0;
      }
    return {y};
  };
  result.terms = layout.max_length();
  return result;
}

OpFamily pool_family(const std::string& op, bool mean) {
  OpFamily family{.op = op,
                  .cases = {pool("ragged", layout_of({2, 3, 1}), 4, mean), pool("masked", layout_of({3, 3}, {1, 0, 1, 0, 1, 0}), 2, mean),
                            pool("no sequences", layout_of({}), 2, mean), pool("one token", layout_of({1}), 1, mean),
                            pool("many", layout_of({40, 50, 60}), 30, mean)},
                  .bad_calls = {{[=] {
                                   const SequenceLayout layout = layout_of({2});
                                   mean ? ops::mean_pool(Tensor::zeros({3, 2}), layout) : ops::max_pool(Tensor::zeros({3, 2}), layout);
                                 },
                                 op + ": the layout must cover the rows of the input (3, 2), got 2"}}};
  if (mean) family.cases.push_back(pool("a sequence without keys", layout_of({2, 2}, {0, 0, 1, 1}), 2, mean));
  return family;
}

}  // namespace

std::vector<OpFamily> pooling_families() {
  return {rms_norm_family(), l2_normalize_family(), pool_family("mean_pool", true), pool_family("max_pool", false)};
}

}  // namespace linnet::testing
