#include "framework/ops/loss_reduction.h"

#include <numeric>

#include "framework/core/error.h"

namespace linnet::ops {
namespace {

/// `weight`'s elements broadcast to `shape` as NumPy does.
std::vector<double> broadcast(std::string_view op, const Tensor& weight, const Shape& shape) {
  Shape from = weight.shape();
  if (from.size() == shape.size() + 1 && from.back() == 1) from.pop_back();
  const std::size_t missing = shape.size() - std::min(from.size(), shape.size());
  bool fits = from.size() <= shape.size();
  for (std::size_t axis = 0; fits && axis < from.size(); ++axis) fits = from[axis] == 1 || from[axis] == shape[missing + axis];
  check(fits, op, ": sample_weight must broadcast to the losses' shape ", shape, ", got ", weight.shape());
  const std::vector<double> values = weight.to_vector();
  std::vector<double> result(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), at = 0, stride = 1;
    for (std::size_t axis = shape.size(); axis-- > missing;) {
      if (from[axis - missing] != 1) at += rest % shape[axis] * stride;
      stride *= from[axis - missing];
      rest /= shape[axis];
    }
    result[i] = values[static_cast<std::size_t>(at)];
  }
  return result;
}

}  // namespace

Reduction reduction_from_name(std::string_view name) {
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::sum_over_batch_size;
  if (name == "sum") return Reduction::sum;
  if (name == "none") return Reduction::none;
  check(name == "mean_with_sample_weight", "reduction: must be one of mean, mean_with_sample_weight, none, sum, sum_over_batch_size, got '", name,
        "'");
  return Reduction::mean_with_sample_weight;
}

LossReduction::LossReduction(std::string_view op, Shape shape, const LossOptions& options)
    : shape_(std::move(shape)), reduction_(options.reduction), weighted_(options.sample_weight.defined()) {
  if (weighted_) weights_ = broadcast(op, options.sample_weight, shape_);
  else weights_.assign(static_cast<std::size_t>(element_count(shape_)), 1);
  set_divisor(static_cast<double>(weights_.size()));
}

void LossReduction::set_divisor(double elements) {
  if (reduction_ == Reduction::sum_over_batch_size) divisor_ = elements;
  if (reduction_ == Reduction::mean_with_sample_weight) divisor_ = weighted_ ? std::accumulate(weights_.begin(), weights_.end(), 0.0) : elements;
}

void LossReduction::scale(const std::vector<double>& factors) {
  for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i] *= factors[i];
  weighted_ = true;
  set_divisor(static_cast<double>(weights_.size()));
}

void LossReduction::mask(const std::vector<std::uint8_t>& valid) {
  double count = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (!valid[i]) weights_[i] = 0;
    count += valid[i];
  }
  set_divisor(count);
}

Tensor LossReduction::reduce(const Tensor& values) const {
  return dispatch_real(values.dtype(), "loss", [&]<class T>() {
    const std::span<const T> losses = values.data<T>();
    if (reduction_ == Reduction::none) {
      Tensor result = Tensor::like(values);
      const std::span<T> out = result.mutable_data<T>();
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(weights_[i]) * losses[i];
      return result;
    }
    double sum = 0;
    for (std::size_t i = 0; i < losses.size(); ++i) sum += weights_[i] * static_cast<double>(losses[i]);
    return Tensor::full({}, divisor_ == 0 ? 0 : sum / divisor_, values.dtype());
  });
}

Tensor LossReduction::spread(const Tensor& grad_output) const {
  Tensor result = Tensor::empty(shape_, grad_output.dtype());
  dispatch_real(result.dtype(), "loss", [&]<class T>() {
    const std::span<const T> from = grad_output.data<T>();
    const std::span<T> to = result.mutable_data<T>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      const double share = divisor_ == 0 ? 0 : weights_[i] / divisor_;
      to[i] = static_cast<T>(share * static_cast<double>(from[reduction_ == Reduction::none ? i : 0]));
    }
  });
  return result;
}

}  // namespace linnet::ops
