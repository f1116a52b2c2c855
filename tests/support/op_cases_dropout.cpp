#include "framework/autograd/tape.h"
#include "framework/ops/dropout.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

OpCase masked(const std::string& name, const Shape& shape, double rate, const SequenceLayout* layout) {
  OpCase result;
  result.name = name;
  result.inputs = {normal(shape)};
  // A second op under the same tape must draw a mask of its own.
  result.call = [=](const Tensors& x) -> Tensors { return {ops::dropout(x[0], rate, layout), ops::dropout(x[0], rate, layout)}; };
  result.reference = [=](const Arrays& x) -> Arrays {
    Arrays y{x[0], x[0]};
    const std::int64_t columns = shape.empty() ? 1 : shape.back();
    for (std::uint32_t op = 0; op < 2; ++op)
      for (std::size_t i = 0; i < x[0].values.size(); ++i) {
        std::int64_t row = static_cast<std::int64_t>(i) / columns;
        for (std::int64_t s = 0; layout && s < layout->batch(); ++s)
          if (row >= layout->begin(s) && row < layout->end(s)) {
            row += layout->first_row[static_cast<std::size_t>(s)] - layout->begin(s);
            break;
          }
        if (rate > 0) y[op].values[i] *= dropout_factor(rate, row, static_cast<std::int64_t>(i) % columns, op);
      }
    return y;
  };
  result.random = rate > 0;
  return result;
}

}  // namespace

OpFamily dropout_family() {
  static const SequenceLayout part = [] {
    SequenceLayout layout = SequenceLayout::ragged(std::vector<std::int32_t>{2, 0, 1});
    layout.first_row = {7, 2, 3};
    return layout;
  }();
  return {.op = "dropout",
          .cases = {masked("rate 0", {3, 5}, 0, nullptr), masked("a matrix", {3, 9}, 0.3, nullptr), masked("a scalar", {}, 0.5, nullptr),
                    masked("rank 3", {2, 2, 3}, 0.5, nullptr), masked("no rows", {0, 3}, 0.5, nullptr), masked("rate 1", {2, 3}, 1, nullptr),
                    masked("over a layout", {3, 6}, 0.5, &part), masked("many rows", {300, 70}, 0.1, nullptr)},
          .bad_calls = {{[] { ops::dropout(Tensor::zeros({2}), 1.5); }, "dropout: rate must lie in [0, 1], got 1.5"},
                        {[] { ops::dropout(Tensor::zeros({2}), -0.1); }, "dropout: rate must lie in [0, 1], got -0.1"},
                        {[] {
                           const SequenceLayout two = SequenceLayout::ragged(std::vector<std::int32_t>{2});
                           const Tape tape;  // without one there is no dropout
                           ops::dropout(Tensor::zeros({3, 2}), 0.5, &two);
                         },
                         "dropout: the layout must cover the 3 rows of the input, got 2"}}};
}

}  // namespace linnet::testing
