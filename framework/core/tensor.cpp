#include "framework/core/tensor.h"

#include <algorithm>
#include <cstring>

#include "framework/core/buffer_pool.h"
#include "framework/core/grad_slot.h"
#include "framework/core/half.h"
#include "framework/core/parallel.h"

namespace linnet {

struct Tensor::Impl {
  std::shared_ptr<Buffer> buffer;
  std::int64_t offset = 0;  // bytes from the start of the buffer
  Shape shape;
  std::int64_t size = 0;
  DType dtype = DType::float32;
  bool gradient = false;           // of another tensor: no op on it is recorded
  std::shared_ptr<GradSlot> slot;  // null: a constant

  std::byte* bytes() const { return static_cast<std::byte*>(buffer->data) + offset; }
};

namespace {

const std::shared_ptr<GradSlot> kNoSlot;

/// Runs f with a value of the tensor's C++ type.
template <class F>
decltype(auto) dispatch_any(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    case DType::bfloat16: return f(BFloat16{});
    case DType::float16: return f(Float16{});
    case DType::int32: return f(std::int32_t{});
    case DType::int8: return f(std::int8_t{});
  }
  __builtin_unreachable();
}

}  // namespace

const Tensor::Impl& Tensor::impl() const {
  check(defined(), "tensor: must be defined before it is used, got an undefined tensor");
  return *impl_;
}

Tensor::Impl& Tensor::mutable_impl() { return const_cast<Impl&>(impl()); }

Tensor Tensor::empty(Shape shape, DType dtype) {
  auto impl = std::make_shared<Impl>();
  impl->size = element_count(shape);
  std::int64_t bytes = 0;
  check(!__builtin_mul_overflow(impl->size, size_of(dtype), &bytes), "tensor: the size in bytes must fit in 64 bits, got ", shape);
  impl->buffer = std::make_shared<Buffer>(bytes);
  impl->shape = std::move(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::over(std::shared_ptr<const void> owner, void* data, Shape shape, DType dtype) {
  check(reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(size_of(dtype)) == 0, "tensor: memory must be aligned for ", dtype,
        ", got an address that is not a multiple of ", size_of(dtype));
  auto impl = std::make_shared<Impl>();
  impl->size = element_count(shape);
  impl->buffer = std::make_shared<Buffer>(std::move(owner), data, impl->size * size_of(dtype));
  impl->shape = std::move(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::zeros(Shape shape, DType dtype) {
  Tensor result = empty(std::move(shape), dtype);
  std::memset(result.impl_->bytes(), 0, static_cast<std::size_t>(result.size() * size_of(dtype)));
  return result;
}

Tensor Tensor::full(Shape shape, double value, DType dtype) {
  Tensor result = empty(std::move(shape), dtype);
  dispatch_any(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::ranges::fill(result.mutable_data<T>(), static_cast<T>(value));
  });
  return result;
}

Tensor Tensor::like(const Tensor& other) { return empty(other.shape(), other.dtype()); }

template <class T>
Tensor Tensor::from(const std::vector<T>& values, Shape shape) {
  static_assert(is_element_type<T>);
  Tensor result = empty(std::move(shape), dtype_of<T>);
  check(result.size() == static_cast<std::int64_t>(values.size()), "tensor: shape ", result.shape(), " needs ", result.size(), " values, got ",
        values.size());
  std::ranges::copy(values, result.mutable_data<T>().begin());
  return result;
}

const Shape& Tensor::shape() const { return impl().shape; }
DType Tensor::dtype() const { return impl().dtype; }
std::int64_t Tensor::size() const { return impl().size; }

std::int64_t Tensor::dim(int axis) const {
  const auto rank = static_cast<int>(shape().size());
  check(axis >= -rank && axis < rank, "tensor: axis must be in [", -rank, ", ", rank, "), got ", axis, " for shape ", shape());
  return shape()[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
}

std::int64_t Tensor::rows() const {
  if (shape().empty()) return 1;
  return size() == 0 ? 0 : size() / dim(-1);
}

Tensor Tensor::reshape(Shape shape) const {
  check(element_count(shape) == size(), "reshape: the number of elements must stay ", size(), ", got ", shape, " for ", this->shape());
  auto view = std::make_shared<Impl>(impl());
  view->shape = std::move(shape);
  view->slot = nullptr;
  return Tensor(std::move(view));
}

Tensor Tensor::slice_rows(std::int64_t begin, std::int64_t end) const {
  check(!shape().empty() && 0 <= begin && begin <= end && end <= dim(0), "slice_rows: rows must lie within shape ", shape(), ", got [", begin, ", ",
        end, ")");
  auto view = std::make_shared<Impl>(impl());
  const std::int64_t row = dim(0) == 0 ? 0 : size() / dim(0);
  view->shape[0] = end - begin;
  view->size = row * (end - begin);
  view->offset += begin * row * size_of(dtype());
  view->slot = nullptr;
  return Tensor(std::move(view));
}

Tensor Tensor::marked_as_gradient(bool on) const {
  Tensor view = reshape(shape());
  view.impl_->gradient = on;
  return view;
}

Tensor Tensor::detach() const { return marked_as_gradient(false); }
bool Tensor::is_gradient() const { return defined() && impl_->gradient; }

Tensor Tensor::clone() const {
  Tensor copy = like(*this);
  copy.assign(*this);
  return copy;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == this->dtype()) return detach();
  Tensor result = empty(shape(), dtype);
  if (is_half(this->dtype()) && dtype == DType::float32) {  // these two are frequent: vectorised
    widen(this->dtype(), raw(), size(), result.mutable_data<float>().data());
    return result;
  }
  if (is_half(dtype) && this->dtype() == DType::float32) {
    narrow(dtype, data<float>().data(), size(), result.mutable_raw());
    return result;
  }
  dispatch_any(this->dtype(), [&](auto from) {
    dispatch_any(dtype, [&](auto to) {
      const auto source = data<decltype(from)>();
      std::ranges::transform(source, result.mutable_data<decltype(to)>().begin(), [](auto value) { return static_cast<decltype(to)>(value); });
    });
  });
  return result;
}

template <class T>
std::span<const T> Tensor::data() const {
  const Impl& self = impl();
  if constexpr (dtype_of<T> == DType::float32)
    if (is_half(self.dtype) && current_widening()) return {widened(*this, false), static_cast<std::size_t>(self.size)};
  check(self.dtype == dtype_of<T>, "tensor: dtype must be ", dtype_of<T>, " to be read as such, got ", self.dtype);
  return {reinterpret_cast<const T*>(self.bytes()), static_cast<std::size_t>(self.size)};
}

template <class T>
std::span<T> Tensor::mutable_data() {
  if constexpr (dtype_of<T> == DType::float32)
    if (is_half(dtype()) && current_widening()) return {widened(*this, true), static_cast<std::size_t>(size())};
  const std::span<const T> elements = data<T>();
  impl_->buffer->version.store(next_version(), std::memory_order_relaxed);
  return {const_cast<T*>(elements.data()), elements.size()};
}

const void* Tensor::raw() const { return impl().bytes(); }

void* Tensor::mutable_raw() {
  mutable_impl().buffer->version.store(next_version(), std::memory_order_relaxed);
  return impl_->bytes();
}

std::vector<double> Tensor::to_vector() const {
  return dispatch_any(dtype(), [&](auto zero) {
    const auto elements = data<decltype(zero)>();
    return std::vector<double>(elements.begin(), elements.end());
  });
}

double Tensor::item() const {
  check(size() == 1, "item: the tensor must have one element, got shape ", shape());
  return to_vector()[0];
}

void Tensor::assign(const Tensor& other) {
  check(shape() == other.shape() && dtype() == other.dtype(), "assign: must have shape ", shape(), " and dtype ", dtype(), ", got ", other.shape(),
        " and ", other.dtype());
  if (size() > 0) std::memmove(mutable_raw(), other.raw(), static_cast<std::size_t>(size() * size_of(dtype())));
}

void Tensor::share_memory(const Tensor& other) {
  check(shape() == other.shape() && dtype() == other.dtype(), "share_memory: must have shape ", shape(), " and dtype ", dtype(), ", got ",
        other.shape(), " and ", other.dtype());
  Impl& self = mutable_impl();
  self.buffer = other.impl().buffer;
  self.offset = other.impl().offset;
}

std::uint64_t Tensor::version() const { return impl().buffer->version.load(std::memory_order_relaxed); }
std::weak_ptr<const Buffer> Tensor::memory() const { return impl().buffer; }
DerivedTensors& Tensor::derived_tensors() const { return impl().buffer->derived; }
bool Tensor::owns_memory_alone() const { return impl().buffer.use_count() == 1 && impl_.use_count() == 1; }

bool Tensor::requires_grad() const { return defined() && impl_->slot && impl_->slot->live; }

void Tensor::set_requires_grad(bool on) {
  Impl& self = mutable_impl();
  if (!on) {
    self.slot = nullptr;
    return;
  }
  check(self.dtype != DType::int32 && self.dtype != DType::int8, "set_requires_grad: dtype must be a float, got ", self.dtype);
  if (self.slot && self.slot->leaf) return;
  self.slot = std::make_shared<GradSlot>();
  self.slot->leaf = true;
  self.slot->parameter = impl_;
}

Tensor Tensor::grad() const {
  const auto& slot = impl().slot;
  if (!slot || !slot->has_grad()) return {};
  if (slot->row_grads.empty()) return slot->grad.marked_as_gradient(true);
  GradSlot copy = *slot;
  return copy.take_dense(shape(), dtype()).marked_as_gradient(true);
}

Tensor Tensor::take_grad() {
  const auto& slot = impl().slot;
  if (!slot || !slot->has_grad()) return {};
  return slot->take_dense(shape(), dtype()).marked_as_gradient(true);
}

void Tensor::clear_grad() {
  if (const auto& slot = impl().slot) slot->clear();
}

const std::shared_ptr<GradSlot>& Tensor::grad_slot() const { return defined() ? impl_->slot : kNoSlot; }
void Tensor::set_grad_slot(std::shared_ptr<GradSlot> slot) const {
  check(defined(), "tensor: must be defined before it is recorded, got an undefined tensor");
  impl_->slot = std::move(slot);
}

#define LINNET_INSTANTIATE(T)                                    \
  template Tensor Tensor::from<T>(const std::vector<T>&, Shape); \
  template std::span<const T> Tensor::data<T>() const;           \
  template std::span<T> Tensor::mutable_data<T>();
LINNET_INSTANTIATE(float)
LINNET_INSTANTIATE(double)
LINNET_INSTANTIATE(BFloat16)
LINNET_INSTANTIATE(Float16)
LINNET_INSTANTIATE(std::int32_t)
LINNET_INSTANTIATE(std::int8_t)
#undef LINNET_INSTANTIATE

// Grad slots live here because they are the one friend that makes a tensor from its Impl.

void GradSlot::accumulate(const Tensor& gradient) {
  if (!grad.defined()) {
    grad = gradient;
    return;
  }
  check(grad.shape() == gradient.shape() && grad.dtype() == gradient.dtype(), "backward: gradients of one tensor must agree, got ", gradient.shape(),
        " ", gradient.dtype(), " after ", grad.shape(), " ", grad.dtype());
  dispatch_real(grad.dtype(), "backward", [&]<class T>() {
    Tensor sum = grad.owns_memory_alone() ? grad : Tensor::like(grad);
    const std::span<const T> a = grad.data<T>(), b = gradient.data<T>();
    const std::span<T> out = sum.mutable_data<T>();
    parallel_rows(sum.size(), 3, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) out[i] = a[i] + b[i];
    });
    grad = sum;
  });
}

void GradSlot::accumulate_rows(RowGrad gradient) { row_grads.push_back(std::move(gradient)); }

Tensor GradSlot::take_dense(const Shape& shape, DType dtype) {
  if (!has_grad()) return {};
  if (!row_grads.empty()) {
    Tensor dense = grad.defined() ? grad.clone() : Tensor::zeros(shape, dtype);
    const std::int64_t columns = dense.dim(-1);
    dispatch_real(dtype, "grad", [&]<class T>() {
      const std::span<T> out = dense.mutable_data<T>();
      for (const RowGrad& part : row_grads) {
        const std::span<const std::int32_t> ids = part.ids.data<std::int32_t>();
        const std::span<const T> rows = part.rows.data<T>();
        for (std::size_t i = 0; i < ids.size(); ++i) {
          T* to = out.data() + ids[i] * columns;
          const T* from = rows.data() + static_cast<std::int64_t>(i) * columns;
          for (std::int64_t c = 0; c < columns; ++c) to[c] += from[c];
        }
      }
    });
    grad = dense;
  }
  Tensor result = grad;
  clear();
  return result;
}

void GradSlot::clear() {
  grad = Tensor();
  row_grads.clear();
}

Tensor GradSlot::leaf_tensor() const {
  auto impl = parameter.lock();
  return impl ? Tensor(std::move(impl)) : Tensor();
}

}  // namespace linnet
