#include "framework/ops/losses.h"

#include <algorithm>
#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cast.h"
#include "framework/ops/cost.h"

namespace linnet::ops {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()
constexpr double kLog2 = 0.69314718055994530942;

/// y_true with the shape and dtype of y_pred.
Tensor aligned(std::string_view op, const Tensor& y_true, const Tensor& y_pred) {
  check(!y_pred.shape().empty(), op, ": y_pred must have at least one axis, got a scalar");
  const auto with_one = [](Shape shape) {
    shape.push_back(1);
    return shape;
  };
  const Shape &t = y_true.shape(), &p = y_pred.shape();
  check(t == p || t == with_one(p) || with_one(t) == p, op, ": y_true must have the predictions' shape ", y_pred.shape(), ", got ", y_true.shape());
  return y_true.reshape(y_pred.shape()).cast(y_pred.dtype());
}

/// A recorded loss from `loss.value(t, p, n)`, the loss of one row of n columns, and `loss.gradient(t, p, n, dvalue, dp)`.
template <class Loss>
Tensor row_loss(std::string_view op, const Tensor& y_true, const Tensor& predictions, const LossOptions& options, const Loss& loss) {
  const Tensor y_pred = cast(predictions, accumulator_of(predictions.dtype()));
  const Tensor targets = aligned(op, y_true, y_pred);
  Shape shape = y_pred.shape();
  shape.pop_back();
  const LossReduction reduction(op, shape, options);
  const std::int64_t rows = element_count(shape), columns = y_pred.dim(-1);
  const ProfileScope profiled(op, [&] { return map_cost({targets, y_pred}, y_pred.size()); });
  Tensor losses = Tensor::empty(shape, y_pred.dtype());
  dispatch_real(y_pred.dtype(), op, [&]<class T>() {
    const T *t = targets.data<T>().data(), *p = y_pred.data<T>().data();
    T* out = losses.mutable_data<T>().data();
    parallel_rows(rows, 16 * columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) out[r] = static_cast<T>(loss.value(t + r * columns, p + r * columns, columns));
    });
  });
  return record(op, {y_pred, targets}, reduction.reduce(losses), [=](std::span<const Tensor> dy) -> Gradients {
    const Tensor dlosses = reduction.spread(dy[0]);
    Tensor dp = Tensor::like(y_pred);
    dispatch_real(dp.dtype(), op, [&]<class T>() {
      const T *t = targets.data<T>().data(), *p = y_pred.data<T>().data(), *dl = dlosses.data<T>().data();
      T* to = dp.mutable_data<T>().data();
      parallel_rows(rows, 16 * columns, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) loss.gradient(t + r * columns, p + r * columns, columns, dl[r], to + r * columns);
      });
    });
    return {dp, {}};
  });
}

/// Rows that sum `element.value(t, p)`, whose derivative by p is `element.slope(t, p)`, divided by the columns if `mean`.
template <class Element>
struct Sum {
  Element element;
  bool mean = true;

  template <class T>
  double value(const T* t, const T* p, std::int64_t n) const {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(element.value(t[i], p[i]));
    return mean ? sum / static_cast<double>(n) : sum;
  }
  template <class T>
  void gradient(const T* t, const T* p, std::int64_t n, T dvalue, T* dp) const {
    const T share = mean ? dvalue / static_cast<T>(n) : dvalue;
    for (std::int64_t i = 0; i < n; ++i) dp[i] = share * element.slope(t[i], p[i]);
  }
};

template <class T>
T sign_of(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}

struct SquaredError {
  template <class T>
  T value(T t, T p) const {
    return (t - p) * (t - p);
  }
  template <class T>
  T slope(T t, T p) const {
    return 2 * (p - t);
  }
};

struct AbsoluteError {
  template <class T>
  T value(T t, T p) const {
    return std::abs(t - p);
  }
  template <class T>
  T slope(T t, T p) const {
    return sign_of(p - t);
  }
};

struct HuberError {
  double delta;
  template <class T>
  T value(T t, T p) const {
    const T d = static_cast<T>(delta), e = std::abs(p - t);
    return e <= d ? T(0.5) * e * e : d * e - T(0.5) * d * d;
  }
  template <class T>
  T slope(T t, T p) const {
    const T d = static_cast<T>(delta), e = p - t;
    return std::abs(e) <= d ? e : d * sign_of(e);
  }
};

struct LogCosh {
  template <class T>
  T value(T t, T p) const {
    const T e = std::abs(p - t);  // even: the exponential cannot overflow
    return e + std::log1p(std::exp(-2 * e)) - static_cast<T>(kLog2);
  }
  template <class T>
  T slope(T t, T p) const {
    return std::tanh(p - t);
  }
};

struct Poisson {
  template <class T>
  T value(T t, T p) const {
    return p - t * std::log(p + static_cast<T>(kEpsilon));
  }
  template <class T>
  T slope(T t, T p) const {
    return 1 - t / (p + static_cast<T>(kEpsilon));
  }
};

struct Hinge {
  bool squared;
  template <class T>
  T value(T t, T p) const {
    const T margin = std::max(1 - t * p, T(0));
    return squared ? margin * margin : margin;
  }
  template <class T>
  T slope(T t, T p) const {
    const T margin = std::max(1 - t * p, T(0));
    return squared ? -2 * t * margin : margin > 0 ? -t : T(0);
  }
};

struct Divergence {
  template <class T>
  T value(T t, T p) const {
    const T low = static_cast<T>(kEpsilon), target = std::clamp(t, low, T(1));
    return target * std::log(target / std::clamp(p, low, T(1)));
  }
  template <class T>
  T slope(T t, T p) const {
    const T low = static_cast<T>(kEpsilon);
    return p >= low && p <= 1 ? -std::clamp(t, low, T(1)) / p : T(0);
  }
};

struct BinaryCrossentropy {
  bool from_logits;
  double smoothing;

  template <class T>
  T smoothed(T t) const {
    return t * static_cast<T>(1 - smoothing) + static_cast<T>(0.5 * smoothing);
  }
  template <class T>
  static T low() {
    return static_cast<T>(kEpsilon);
  }
  template <class T>
  static T high() {
    return static_cast<T>(1 - kEpsilon);
  }
  template <class T>
  static T sigmoid(T x) {
    const T e = std::exp(-std::abs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
  template <class T>
  static T from_probability(T t, T p) {
    const T q = std::clamp(p, low<T>(), high<T>());
    return -(t * std::log(q) + (1 - t) * std::log(1 - q));
  }
  template <class T>
  static T probability_slope(T t, T p) {
    return p >= low<T>() && p <= high<T>() ? (p - t) / (p * (1 - p)) : T(0);
  }

  template <class T>
  T value(T t, T p) const {
    const T target = smoothed(t);
    return from_logits ? std::max(p, T(0)) - p * target + std::log1p(std::exp(-std::abs(p))) : from_probability(target, p);
  }
  template <class T>
  T slope(T t, T p) const {
    const T target = smoothed(t);
    return from_logits ? sigmoid(p) - target : probability_slope(target, p);
  }
};

struct BinaryFocalCrossentropy {
  BinaryCrossentropy plain;
  double gamma, alpha;
  bool balanced;

  template <class T>
  T weight(T t) const {
    return balanced ? t * static_cast<T>(alpha) + (1 - t) * static_cast<T>(1 - alpha) : T(1);
  }
  template <class T>
  T value(T t, T x) const {
    const T target = plain.smoothed(t), p = plain.from_logits ? BinaryCrossentropy::sigmoid(x) : x;
    const T miss = 1 - (target * p + (1 - target) * (1 - p));
    return weight(target) * std::pow(miss, static_cast<T>(gamma)) * BinaryCrossentropy::from_probability(target, p);
  }
  template <class T>
  T slope(T t, T x) const {
    const T target = plain.smoothed(t), p = plain.from_logits ? BinaryCrossentropy::sigmoid(x) : x, g = static_cast<T>(gamma);
    const T miss = 1 - (target * p + (1 - target) * (1 - p)), dmiss = 1 - 2 * target;
    const T focus = gamma == 0 ? T(0) : g * std::pow(miss, g - 1) * dmiss * BinaryCrossentropy::from_probability(target, p);
    const T slope = weight(target) * (focus + std::pow(miss, g) * BinaryCrossentropy::probability_slope(target, p));
    return plain.from_logits ? slope * p * (1 - p) : slope;
  }
};

struct Cosine {
  /// 1 / max(|x|, 1e-7).
  template <class T>
  static double inverse_norm(const T* x, std::int64_t n) {
    double squares = 0;
    for (std::int64_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return std::min(1 / std::sqrt(squares), 1 / kEpsilon);
  }
  template <class T>
  static double product(const T* t, const T* p, std::int64_t n) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(t[i]) * static_cast<double>(p[i]);
    return sum;
  }
  template <class T>
  double value(const T* t, const T* p, std::int64_t n) const {
    return -product(t, p, n) * inverse_norm(t, n) * inverse_norm(p, n);
  }
  template <class T>
  void gradient(const T* t, const T* p, std::int64_t n, T dvalue, T* dp) const {
    const double rt = inverse_norm(t, n), rp = inverse_norm(p, n), d = static_cast<double>(dvalue);
    // Where the bound holds, the norm is a constant.
    const double along = rp < 1 / kEpsilon ? product(t, p, n) * rt * rp * rp * rp : 0;
    for (std::int64_t i = 0; i < n; ++i) dp[i] = static_cast<T>(d * (along * static_cast<double>(p[i]) - rt * rp * static_cast<double>(t[i])));
  }
};

/// 0 and 1 become -1 and 1 when there is nothing else.
Tensor signed_targets(const Tensor& y_true) {
  const std::vector<double> values = y_true.to_vector();
  if (!std::ranges::all_of(values, [](double value) { return value == 0 || value == 1; })) return y_true;
  std::vector<double> result;
  for (const double value : values) result.push_back(2 * value - 1);
  return Tensor::from(result, y_true.shape());
}

void check_smoothing(std::string_view op, double smoothing) {
  check(smoothing >= 0 && smoothing <= 1, op, ": label_smoothing must lie in [0, 1], got ", smoothing);
}

}  // namespace

Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("mean_squared_error", y_true, y_pred, options, Sum<SquaredError>{});
}

Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("mean_absolute_error", y_true, y_pred, options, Sum<AbsoluteError>{});
}

Tensor huber(const Tensor& y_true, const Tensor& y_pred, double delta, const LossOptions& options) {
  check(delta > 0, "huber: delta must be positive, got ", delta);
  return row_loss("huber", y_true, y_pred, options, Sum<HuberError>{{delta}});
}

Tensor log_cosh(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("log_cosh", y_true, y_pred, options, Sum<LogCosh>{});
}

Tensor poisson(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("poisson", y_true, y_pred, options, Sum<Poisson>{});
}

Tensor hinge(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("hinge", signed_targets(y_true), y_pred, options, Sum<Hinge>{{.squared = false}});
}

Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("squared_hinge", signed_targets(y_true), y_pred, options, Sum<Hinge>{{.squared = true}});
}

Tensor kl_divergence(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("kl_divergence", y_true, y_pred, options, Sum<Divergence>{.element = {}, .mean = false});
}

Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred, const LossOptions& options) {
  return row_loss("cosine_similarity", y_true, y_pred, options, Cosine{});
}

Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const BinaryCrossentropyOptions& options) {
  check_smoothing("binary_crossentropy", options.label_smoothing);
  return row_loss("binary_crossentropy", y_true, y_pred, {.sample_weight = options.sample_weight, .reduction = options.reduction},
                  Sum<BinaryCrossentropy>{{options.from_logits, options.label_smoothing}});
}

Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const BinaryFocalCrossentropyOptions& options) {
  check_smoothing("binary_focal_crossentropy", options.label_smoothing);
  check(options.gamma >= 0, "binary_focal_crossentropy: gamma must not be negative, got ", options.gamma);
  return row_loss(
      "binary_focal_crossentropy", y_true, y_pred, {.sample_weight = options.sample_weight, .reduction = options.reduction},
      Sum<BinaryFocalCrossentropy>{{{options.from_logits, options.label_smoothing}, options.gamma, options.alpha, options.apply_class_balancing}});
}

}  // namespace linnet::ops
