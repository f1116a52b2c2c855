#include "framework/ops/int8.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/kernels/table.h"
#include "framework/ops/activations.h"
#include "framework/ops/cost.h"

namespace linnet::ops {

using kernels::Transpose;

namespace {

/// Extents of a matrix that has a scale for each of `groups` rows or columns; element (group, i) is at group * step + i * inner.
struct Grouped {
  std::int64_t groups, length, step, inner;
};
Grouped grouped(const Tensor& x, bool by_rows) {
  check(x.shape().size() == 2, "quantize: must be a matrix, got shape ", x.shape());
  if (by_rows) return {x.dim(0), x.dim(1), x.dim(1), 1};
  return {x.dim(1), x.dim(0), 1, x.dim(1)};
}

Int8Values quantize(const Tensor& x, bool by_rows) {
  const Grouped shape = grouped(x, by_rows);
  Int8Values result{Tensor::empty(x.shape(), DType::int8), Tensor::empty({shape.groups}, x.dtype())};
  dispatch_real(x.dtype(), "quantize", [&]<class T>() {
    const T* from = x.data<T>().data();
    std::int8_t* to = result.values.mutable_data<std::int8_t>().data();
    T* scales = result.scale.mutable_data<T>().data();
    parallel_rows(shape.groups, 2 * shape.length, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t g = begin; g < end; ++g) {
        T top = 0, poison = 0;
        for (std::int64_t i = 0; i < shape.length; ++i) {
          top = std::max(top, std::abs(from[g * shape.step + i * shape.inner]));
          poison += from[g * shape.step + i * shape.inner] * 0;
        }
        check(poison == 0, "quantize: every value must be finite, got one that is not in ", by_rows ? "row " : "column ", g);
        const T scale = T(127) / (top + T(1e-7));
        for (std::int64_t i = 0; i < shape.length; ++i) {
          const std::int64_t at = g * shape.step + i * shape.inner;
          to[at] = static_cast<std::int8_t>(std::clamp(std::nearbyint(from[at] * scale), T(-127), T(127)));
        }
        scales[g] = scale;
      }
    });
  });
  return result;
}

Tensor dequantize(const Int8Values& x, bool by_rows) {
  const Grouped shape = grouped(x.values, by_rows);
  check(x.scale.size() == shape.groups, "dequantize: scale must have ", shape.groups, " elements, got ", x.scale.shape());
  Tensor result = Tensor::empty(x.values.shape(), x.scale.dtype());
  dispatch_real(x.scale.dtype(), "dequantize", [&]<class T>() {
    const std::int8_t* from = x.values.data<std::int8_t>().data();
    const T* scales = x.scale.data<T>().data();
    T* to = result.mutable_data<T>().data();
    parallel_rows(shape.groups, shape.length, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t g = begin; g < end; ++g)
        for (std::int64_t i = 0; i < shape.length; ++i) {
          const std::int64_t at = g * shape.step + i * shape.inner;
          to[at] = static_cast<T>(from[at]) / scales[g];
        }
    });
  });
  return result;
}

Shape with_last(Shape shape, std::int64_t last) {
  shape.back() = last;
  return shape;
}

/// A piece of the result: rows by some panels of one part.
struct Piece {
  std::size_t part;
  std::int64_t row, rows, column, columns;
};

/// Rows of which the quantized form stays in the second-level cache, by columns of which a panel or several stay there too.
std::vector<Piece> pieces(std::int64_t rows, std::int64_t in, std::span<const Int8Weights> parts, std::int64_t panel, std::int64_t tile) {
  constexpr std::int64_t kBytes = 256 << 10, kColumns = 128, kLeast = 48, kMost = 768;
  const std::int64_t most = std::clamp(kBytes / std::max<std::int64_t>(in, 1), kLeast, kMost) / tile * tile;
  const std::int64_t blocks = (rows + most - 1) / most, width = std::max(panel, kColumns);
  // Of nearly equal height, and whole tiles.
  const std::int64_t height = blocks == 0 ? 0 : ((rows + blocks - 1) / blocks + tile - 1) / tile * tile;
  std::vector<Piece> result;
  for (std::int64_t begin = 0; begin < rows; begin += height) {
    const std::int64_t end = std::min(rows, begin + height);
    for (std::size_t part = 0; part < parts.size(); ++part)
      for (std::int64_t column = 0; column < parts[part].matrix.out(); column += width)
        result.push_back({part, begin, end - begin, column, std::min(width, parts[part].matrix.out() - column)});
  }
  return result;
}

template <class T>
void multiply(const Tensor& x, std::int64_t rows, std::span<const Int8Weights> parts, Activation activation, Tensor& y) {
  const kernels::Int8Kernels<T>& kernel = kernels::table<T>().int8;
  const std::int64_t in = parts[0].matrix.in(), width = y.dim(-1), stride = kernel.row_bytes(in);
  std::vector<std::shared_ptr<const Int8Matrix::Packed>> packed;
  std::vector<std::int64_t> columns;  // where the parts begin in y
  for (std::int64_t column = 0; const Int8Weights& part : parts) {
    packed.push_back(part.matrix.packed(dtype_of<T>));
    columns.push_back(column);
    column += part.matrix.out();
  }
  Tensor quantized = Tensor::empty({rows * stride}, DType::int8), factors = Tensor::empty({rows}, dtype_of<T>);
  const T* px = x.data<T>().data();
  auto* q = static_cast<std::byte*>(quantized.mutable_raw());
  T *row_factors = factors.mutable_data<T>().data(), *py = y.mutable_data<T>().data();
  parallel_rows(rows, 2 * in, [&](std::int64_t begin, std::int64_t end) {
    kernel.quantize(px + begin * in, end - begin, in, q + begin * stride, row_factors + begin);
  });
  std::vector<const T*> biases;
  for (const Int8Weights& part : parts) biases.push_back(part.bias.defined() ? part.bias.data<T>().data() : nullptr);
  const std::vector<Piece> all = pieces(rows, in, parts, kernel.panel, kernel.rows);
  const auto run = [&](std::int64_t number) {
    const Piece& piece = all[static_cast<std::size_t>(number)];
    const Int8Matrix::Packed& from = *packed[piece.part];
    const auto* panels = static_cast<const std::byte*>(from.panels.raw()) + piece.column / kernel.panel * kernel.panel_bytes(in);
    T* to = py + piece.row * width + columns[piece.part] + piece.column;
    kernel.multiply(q + piece.row * stride, panels, piece.rows, piece.columns, in, row_factors + piece.row,
                    from.factors.data<T>().data() + piece.column, to, width);
    const T* bias = biases[piece.part];
    if (bias || activation != Activation::linear)
      kernels::table<T>().activations.bias_forward(activation, bias ? bias + piece.column : nullptr, piece.rows, piece.columns, to, width, to, width);
  };
  constexpr std::int64_t kSmall = 1 << 19;  // multiplications that are done before another thread has begun
  if (rows * in * width > kSmall) parallel_tasks(static_cast<std::int64_t>(all.size()), run);
  else
    for (std::int64_t number = 0; number < static_cast<std::int64_t>(all.size()); ++number) run(number);
}

}  // namespace

Int8Values quantize_columns(const Tensor& x) { return quantize(x, false); }
Int8Values quantize_rows(const Tensor& x) { return quantize(x, true); }
Tensor dequantize_columns(const Int8Values& x) { return dequantize(x, false); }
Tensor dequantize_rows(const Int8Values& x) { return dequantize(x, true); }

struct Int8Matrix::Cache {
  std::mutex mutex;
  std::shared_ptr<const Packed> packed;
};

Int8Matrix::Int8Matrix(Tensor values, Tensor scale, std::int64_t in, std::int64_t out, Transpose transpose)
    : values_(std::move(values)), scale_(std::move(scale)), in_(in), out_(out), transpose_(transpose), cache_(std::make_shared<Cache>()) {
  check(values_.dtype() == DType::int8 && values_.size() == in * out, "Int8Matrix: values must be int8 with ", in, " x ", out, " elements, got ",
        values_.dtype(), " ", values_.shape());
  check(scale_.size() == out, "Int8Matrix: scale must have ", out, " elements, got shape ", scale_.shape());
  check(in <= kernels::kInt8Depth, "Int8Matrix: sums must have at most ", kernels::kInt8Depth, " terms, got ", in);
}

std::shared_ptr<const Int8Matrix::Packed> Int8Matrix::packed(DType dtype) const {
  const std::lock_guard lock(cache_->mutex);
  const std::shared_ptr<const Packed>& known = cache_->packed;
  if (known && known->dtype == dtype && known->values_version == values_.version() && known->scale_version == scale_.version()) return known;
  auto fresh = std::make_shared<Packed>(Packed{values_.version(), scale_.version(), dtype, {}, Tensor::empty({out_}, dtype)});
  dispatch_real(dtype, "int8_dense", [&]<class T>() {
    const kernels::Int8Kernels<T>& kernel = kernels::table<T>().int8;
    const std::int64_t count = (out_ + kernel.panel - 1) / kernel.panel, bytes = kernel.panel_bytes(in_);
    fresh->panels = Tensor::empty({count * bytes}, DType::int8);
    const std::int8_t* from = values_.data<std::int8_t>().data();
    auto* to = static_cast<std::byte*>(fresh->panels.mutable_raw());
    const bool flip = transpose_ == Transpose::yes;
    parallel_rows(count, in_ * kernel.panel, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t column = begin * kernel.panel;
      kernel.pack(from + column * (flip ? in_ : 1), flip ? 1 : out_, flip ? in_ : 1, in_, std::min(end * kernel.panel, out_) - column,
                  to + begin * bytes);
    });
    const Tensor scale = scale_.cast(dtype);
    std::ranges::transform(scale.data<T>(), fresh->factors.template mutable_data<T>().begin(), [](T value) { return T(1) / value; });
  });
  cache_->packed = fresh;
  return fresh;
}

Tensor int8_dense(const Tensor& x, std::span<const Int8Weights> parts, Activation activation) {
  check(!parts.empty(), "int8_dense: there must be at least one part, got none");
  check(!x.shape().empty(), "int8_dense: input must have at least one axis, got a scalar");
  const std::int64_t in = x.dim(-1);
  std::int64_t width = 0;
  for (const Int8Weights& part : parts) {
    check(part.matrix.in() == in, "int8_dense: input must have ", part.matrix.in(), " features, got ", in, " (input ", x.shape(), ")");
    check(!part.bias.defined() || (part.bias.size() == part.matrix.out() && part.bias.dtype() == x.dtype()), "int8_dense: bias must have ",
          part.matrix.out(), " elements of ", x.dtype(), ", got ", part.bias.defined() ? cat(part.bias.shape(), " of ", part.bias.dtype()) : "");
    check(!recording({x, part.bias}),
          "int8_dense: int8 weights are for inference, got a tape that would record them "
          "(train in float and quantize afterwards, or freeze what lies before and in the layer)");
    width += part.matrix.out();
  }
  const std::int64_t rows = element_count({x.shape().begin(), x.shape().end() - 1});
  const ProfileScope profiled("int8_dense", [&] {  // the sums; scaling, bias and activation are one operation each of a result
    const double results = static_cast<double>(rows * width), bytes = static_cast<double>(size_of(x.dtype()));
    double weights = 0;
    for (const Int8Weights& part : parts) weights += static_cast<double>(in * part.matrix.out()) + bytes_of(part.bias);
    return Cost{results * static_cast<double>(2 * in + 3), bytes_of(x) + weights + results * bytes};
  });
  Tensor y = Tensor::empty(with_last(x.shape(), width), x.dtype());
  const bool fused = is_elementwise(activation);
  check(fused || parts.size() == 1, "int8_dense: several parts must have an elementwise activation, got one of rows");
  dispatch_real(x.dtype(), "int8_dense", [&]<class T>() { multiply<T>(x, rows, parts, fused ? activation : Activation::linear, y); });
  return fused ? y : activate(y, activation);
}

Tensor int8_embedding(const Int8Values& table, const Tensor& ids) {
  check(table.values.shape().size() == 2, "int8_embedding: table must be a matrix, got shape ", table.values.shape());
  const std::int64_t rows = table.values.dim(0), columns = table.values.dim(1);
  check(table.scale.size() == rows, "int8_embedding: scale must have ", rows, " elements, got shape ", table.scale.shape());
  const std::span<const std::int32_t> numbers = ids.data<std::int32_t>();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    check(numbers[i] >= 0 && numbers[i] < rows, "int8_embedding: ids must lie in [0, ", rows, "), got ", numbers[i], " at position ", i);
  Shape shape = ids.shape();
  shape.push_back(columns);
  const ProfileScope profiled("int8_embedding", [&] {
    const double elements = static_cast<double>(ids.size() * columns);
    return Cost{elements, elements * static_cast<double>(1 + size_of(table.scale.dtype())) + bytes_of(ids)};
  });
  Tensor y = Tensor::empty(std::move(shape), table.scale.dtype());
  dispatch_real(table.scale.dtype(), "int8_embedding", [&]<class T>() {
    const std::int8_t* from = table.values.data<std::int8_t>().data();
    const T* scales = table.scale.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_rows(ids.size(), columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t id = numbers[static_cast<std::size_t>(i)];
        for (std::int64_t c = 0; c < columns; ++c) to[i * columns + c] = static_cast<T>(from[id * columns + c]) / scales[id];
      }
    });
  });
  return y;
}

}  // namespace linnet::ops
