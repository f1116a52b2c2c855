#include "framework/autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/core/random.h"

namespace linnet {
namespace {

/// Runs f under a tape from the same random position each time, and its backward when a grad_output is given.
class Replay {
 public:
  explicit Replay(const std::function<Tensor()>& f) : f_(f), start_(random_state()) {}

  std::vector<double> value() const {
    set_random_state(start_);
    const Tape tape;
    return f_().to_vector();
  }

  /// Gradients of sum(f() * grad_output) with respect to each input; undefined where none flows.
  std::vector<Tensor> gradients(std::vector<Tensor>& inputs, const std::function<Tensor(const Tensor&)>& grad_output) const {
    set_random_state(start_);
    for (Tensor& input : inputs) input.clear_grad();
    {
      Tape tape;
      const Tensor output = f_();
      if (output.requires_grad()) tape.backward(output, grad_output(output));
    }
    std::vector<Tensor> result;
    for (Tensor& input : inputs) result.push_back(input.take_grad());
    return result;
  }

 private:
  const std::function<Tensor()>& f_;
  RandomState start_;
};

struct Worst {
  double excess = 0;
  std::string message;

  void see(double analytic, double numeric, const GradcheckOptions& options, const std::function<std::string()>& where) {
    const double tolerance = options.atol + options.rtol * std::max(std::abs(analytic), std::abs(numeric));
    const double difference = std::abs(analytic - numeric);
    if (difference <= tolerance || (difference <= excess && !std::isnan(difference))) return;
    excess = std::isnan(difference) ? HUGE_VAL : difference;
    message =
        cat("gradcheck: ", where(), ": analytic ", analytic, ", numeric ", numeric, " (tolerance ", options.atol, " + ", options.rtol, " relative)");
  }
  void finish() const { check_file(message.empty(), message); }
};

void prepare(const std::string& name, std::vector<Tensor>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].dtype() == DType::float64, "gradcheck: ", name, " input ", i, " must be float64, got ", inputs[i].dtype());
    inputs[i].set_requires_grad(true);
  }
}

}  // namespace

void gradcheck(const std::string& name, const std::function<Tensor()>& f, std::vector<Tensor> inputs, const GradcheckOptions& options) {
  prepare(name, inputs);
  const Replay replay(f);
  const auto outputs = static_cast<std::int64_t>(replay.value().size());

  std::vector<std::vector<Tensor>> analytic;  // [output element][input], one row of the Jacobian each
  for (std::int64_t row = 0; row < outputs; ++row)
    analytic.push_back(replay.gradients(inputs, [&](const Tensor& output) {
      Tensor one_hot = Tensor::zeros(output.shape(), output.dtype());
      one_hot.mutable_data<double>()[static_cast<std::size_t>(row)] = 1;
      return one_hot;
    }));

  Worst worst;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::size_t j = 0; j < static_cast<std::size_t>(inputs[i].size()); ++j) {
      double& element = inputs[i].mutable_data<double>()[j];
      const double kept = element;
      element = kept + options.epsilon;
      const std::vector<double> above = replay.value();
      element = kept - options.epsilon;
      const std::vector<double> below = replay.value();
      element = kept;
      for (std::size_t row = 0; row < above.size(); ++row) {
        const Tensor& gradient = analytic[row][i];
        worst.see(gradient.defined() ? gradient.data<double>()[j] : 0, (above[row] - below[row]) / (2 * options.epsilon), options,
                  [&] { return cat(name, " input ", i, " element ", j, ", output element ", row); });
      }
    }
  worst.finish();
}

void gradcheck_direction(const std::string& name, const std::function<Tensor()>& f, std::vector<Tensor> inputs, const GradcheckOptions& options) {
  prepare(name, inputs);
  const Replay replay(f);
  constexpr std::uint64_t kKey = 0x9e3779b97f4a7c15;
  Tensor cotangent;
  const std::vector<Tensor> gradients = replay.gradients(inputs, [&](const Tensor& output) {
    cotangent = random_normal(output.shape(), DType::float64, {kKey, 0, 0});
    return cotangent;
  });
  if (!cotangent.defined()) return;  // nothing depends on the inputs

  double analytic = 0;
  std::vector<Tensor> directions, kept;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    directions.push_back(random_normal(inputs[i].shape(), DType::float64, {kKey, 1, static_cast<std::uint32_t>(i)}));
    kept.push_back(inputs[i].clone());
    if (!gradients[i].defined()) continue;
    const auto gradient = gradients[i].data<double>(), direction = directions[i].data<double>();
    for (std::size_t j = 0; j < gradient.size(); ++j) analytic += gradient[j] * direction[j];
  }
  const auto value_at = [&](double step) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto from = kept[i].data<double>(), direction = directions[i].data<double>();
      const auto to = inputs[i].mutable_data<double>();
      for (std::size_t j = 0; j < to.size(); ++j) to[j] = from[j] + step * direction[j];
    }
    const std::vector<double> output = replay.value();
    const auto weights = cotangent.data<double>();
    double sum = 0;
    for (std::size_t j = 0; j < output.size(); ++j) sum += output[j] * weights[j];
    return sum;
  };
  // Extrapolated: the error of one central difference is either its step's square or, below, the rounding of a sum of thousands.
  const auto slope = [&](double step) { return (value_at(step) - value_at(-step)) / (2 * step); };
  const double numeric = (4 * slope(options.epsilon) - slope(2 * options.epsilon)) / 3;
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].assign(kept[i]);
  Worst worst;
  worst.see(analytic, numeric, options, [&] { return cat(name, " along a random direction"); });
  worst.finish();
}

}  // namespace linnet
