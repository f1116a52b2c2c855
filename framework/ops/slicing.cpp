#include "framework/ops/slicing.h"

#include <algorithm>
#include <cstring>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/axes.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

/// Elements of one axis of a tensor: `first`, then `step` apart (which may be negative).
struct Places {
  AxisBlocks blocks;
  std::int64_t first = 0, step = 1;
};

/// Copies `count` elements of an axis from the places of one tensor to those of another.
void copy(const Tensor& from, const Places& source, Tensor& to, const Places& target, std::int64_t count) {
  const std::int64_t inner = source.blocks.inner * size_of(from.dtype());
  if (count == 0 || inner == 0) return;
  const auto* read = static_cast<const std::byte*>(from.raw());
  auto* write = static_cast<std::byte*>(to.mutable_raw());
  const bool whole = source.step == 1 && target.step == 1;
  parallel_rows(source.blocks.outer, count * source.blocks.inner, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin; o < end; ++o) {
      const std::byte* a = read + (o * source.blocks.count + source.first) * inner;
      std::byte* b = write + (o * target.blocks.count + target.first) * inner;
      if (whole) std::memcpy(b, a, static_cast<std::size_t>(count * inner));
      else
        for (std::int64_t i = 0; i < count; ++i)
          std::memcpy(b + i * target.step * inner, a + i * source.step * inner, static_cast<std::size_t>(inner));
    }
  });
}

Shape with_extent(Shape shape, int axis, std::int64_t extent) {
  shape[static_cast<std::size_t>(axis)] = extent;
  return shape;
}

/// The gradient of what took `count` elements at these places of a tensor of `shape`: zeros elsewhere.
Tensor spread(const Tensor& dy, const Shape& shape, int axis, const Places& places, std::int64_t count) {
  Tensor dx = Tensor::zeros(shape, dy.dtype());
  copy(dy, {AxisBlocks(dy.shape(), axis)}, dx, places, count);
  return dx;
}

Tensor taken(const Tensor& x, int axis, const Places& places, std::int64_t count) {
  Tensor y = Tensor::empty(with_extent(x.shape(), axis, count), x.dtype());
  copy(x, places, y, {AxisBlocks(y.shape(), axis)}, count);
  return y;
}

/// x cut at these bounds, which begin with 0 and end with the extent.
std::vector<Tensor> parts(std::string_view op, const Tensor& x, int axis, const std::vector<std::int64_t>& bounds) {
  const ProfileScope profiled(op, [&] { return copy_cost(x, x.size()); });
  std::vector<Tensor> results;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i)
    results.push_back(taken(x, axis, {AxisBlocks(x.shape(), axis), bounds[i]}, bounds[i + 1] - bounds[i]));
  return record(op, {x}, std::move(results), [=, shape = x.shape()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx;
    for (const Tensor& part : dy)
      if (part.defined()) dx = Tensor::zeros(shape, part.dtype());
    for (std::size_t i = 0; i < dy.size(); ++i)
      if (dy[i].defined()) copy(dy[i], {AxisBlocks(dy[i].shape(), axis)}, dx, {AxisBlocks(shape, axis), bounds[i]}, bounds[i + 1] - bounds[i]);
    return {dx};
  });
}

}  // namespace

Tensor slice(const Tensor& x, int axis, const SliceRange& range) {
  axis = axis_of("slice", x.shape(), axis);
  const AxisBlocks blocks(x.shape(), axis);
  const std::int64_t extent = blocks.count, begin = range.begin < 0 ? range.begin + extent : range.begin;
  const std::int64_t end = range.end == INT64_MAX ? extent : range.end < 0 ? range.end + extent : range.end;
  check(0 <= begin && begin <= end && end <= extent, "slice: the range must lie in axis ", axis, " of ", x.shape(), ", got [", range.begin, ", ",
        range.end, ")");
  check(range.step > 0, "slice: step must be positive, got ", range.step);
  const Places places{blocks, begin, range.step};
  const std::int64_t count = (end - begin + range.step - 1) / range.step;
  const ProfileScope profiled("slice", [&] { return copy_cost(x, blocks.outer * count * blocks.inner); });
  return record("slice", {x}, taken(x, axis, places, count),
                [=, shape = x.shape()](std::span<const Tensor> dy) -> Gradients { return {spread(dy[0], shape, axis, places, count)}; });
}

Tensor flip(const Tensor& x, int axis) {
  axis = axis_of("flip", x.shape(), axis);
  const AxisBlocks blocks(x.shape(), axis);
  const Places places{blocks, std::max<std::int64_t>(blocks.count - 1, 0), -1};
  const ProfileScope profiled("flip", [&] { return copy_cost(x, x.size()); });
  return record("flip", {x}, taken(x, axis, places, blocks.count),
                [=](std::span<const Tensor> dy) -> Gradients { return {taken(dy[0], axis, places, blocks.count)}; });
}

Tensor concatenate(std::span<const Tensor> tensors, int axis) {
  check(!tensors.empty(), "concatenate: there must be tensors, got none");
  const Tensor& first = tensors.front();
  axis = axis_of("concatenate", first.shape(), axis);
  std::vector<std::int64_t> bounds{0};
  for (const Tensor& tensor : tensors) {
    check(tensor.dtype() == first.dtype(), "concatenate: dtypes must agree, got ", first.dtype(), " and ", tensor.dtype());
    const bool agree = tensor.shape().size() == first.shape().size() && with_extent(tensor.shape(), axis, 0) == with_extent(first.shape(), axis, 0);
    check(agree, "concatenate: shapes must agree but for axis ", axis, ", got ", first.shape(), " and ", tensor.shape());
    bounds.push_back(bounds.back() + tensor.dim(axis));
  }
  Tensor y = Tensor::empty(with_extent(first.shape(), axis, bounds.back()), first.dtype());
  const ProfileScope profiled("concatenate", [&] { return copy_cost(y, y.size()); });
  const AxisBlocks whole(y.shape(), axis);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    copy(tensors[i], {AxisBlocks(tensors[i].shape(), axis)}, y, {whole, bounds[i]}, bounds[i + 1] - bounds[i]);
  return record("concatenate", tensors, y, [=](std::span<const Tensor> dy) -> Gradients {
    Gradients gradients;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) gradients.push_back(taken(dy[0], axis, {whole, bounds[i]}, bounds[i + 1] - bounds[i]));
    return gradients;
  });
}

Tensor stack(std::span<const Tensor> tensors, int axis) {
  check(!tensors.empty(), "stack: there must be tensors, got none");
  const Tensor& first = tensors.front();
  axis = axis_of("stack", first.shape(), axis, 1);
  Shape single = first.shape(), result = first.shape();
  single.insert(single.begin() + axis, 1);
  result.insert(result.begin() + axis, static_cast<std::int64_t>(tensors.size()));
  Tensor y = Tensor::empty(result, first.dtype());
  const ProfileScope profiled("stack", [&] { return copy_cost(y, y.size()); });
  const AxisBlocks one(single, axis), whole(result, axis);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    check(tensors[i].dtype() == first.dtype(), "stack: dtypes must agree, got ", first.dtype(), " and ", tensors[i].dtype());
    check(tensors[i].shape() == first.shape(), "stack: shapes must agree, got ", first.shape(), " and ", tensors[i].shape());
    copy(tensors[i], {one}, y, {whole, static_cast<std::int64_t>(i)}, 1);
  }
  return record("stack", tensors, y, [=, shape = first.shape(), count = whole.count](std::span<const Tensor> dy) -> Gradients {
    Gradients gradients;
    for (std::int64_t i = 0; i < count; ++i) gradients.push_back(taken(dy[0], axis, {whole, i}, 1).reshape(shape));
    return gradients;
  });
}

std::vector<Tensor> split(const Tensor& x, std::int64_t sections, int axis) {
  axis = axis_of("split", x.shape(), axis);
  const std::int64_t extent = x.dim(axis);
  check(sections > 0 && extent % sections == 0, "split: sections must divide axis ", axis, " of ", x.shape(), ", got ", sections);
  std::vector<std::int64_t> bounds;
  for (std::int64_t i = 0; i <= sections; ++i) bounds.push_back(i * (extent / sections));
  return parts("split", x, axis, bounds);
}

std::vector<Tensor> split_at(const Tensor& x, const std::vector<std::int64_t>& places, int axis) {
  axis = axis_of("split_at", x.shape(), axis);
  std::vector<std::int64_t> bounds{0};
  bounds.insert(bounds.end(), places.begin(), places.end());
  bounds.push_back(x.dim(axis));
  check(std::ranges::is_sorted(bounds), "split_at: places must ascend within axis ", axis, " of ", x.shape(), ", got ",
        Shape(places.begin(), places.end()));
  return parts("split_at", x, axis, bounds);
}

std::vector<Tensor> unstack(const Tensor& x, int axis) {
  axis = axis_of("unstack", x.shape(), axis);
  Shape shape = x.shape();
  shape.erase(shape.begin() + axis);
  const AxisBlocks blocks(x.shape(), axis);
  Shape single = with_extent(x.shape(), axis, 1);
  const ProfileScope profiled("unstack", [&] { return copy_cost(x, x.size()); });
  std::vector<Tensor> results;
  for (std::int64_t i = 0; i < blocks.count; ++i) results.push_back(taken(x, axis, {blocks, i}, 1).reshape(shape));
  return record("unstack", {x}, std::move(results), [=, whole = x.shape()](std::span<const Tensor> dy) -> Gradients {
    Tensor dx;
    for (const Tensor& part : dy)
      if (part.defined()) dx = Tensor::zeros(whole, part.dtype());
    for (std::size_t i = 0; i < dy.size(); ++i)
      if (dy[i].defined()) copy(dy[i], {AxisBlocks(single, axis)}, dx, {blocks, static_cast<std::int64_t>(i)}, 1);
    return {dx};
  });
}

Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after, double value) {
  axis = axis_of("pad", x.shape(), axis);
  check(before >= 0 && after >= 0, "pad: before and after must not be negative, got ", before, " and ", after);
  const std::int64_t extent = x.dim(axis);
  const ProfileScope profiled("pad", [&] { return copy_cost(x, x.size()); });
  Tensor y = Tensor::full(with_extent(x.shape(), axis, before + extent + after), value, x.dtype());
  const Places places{AxisBlocks(y.shape(), axis), before};
  copy(x, {AxisBlocks(x.shape(), axis)}, y, places, extent);
  return record("pad", {x}, y, [=](std::span<const Tensor> dy) -> Gradients { return {taken(dy[0], axis, places, extent)}; });
}

}  // namespace linnet::ops
