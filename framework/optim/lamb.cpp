#include "framework/optim/lamb.h"

#include <cmath>

namespace linnet {

void Lamb::Config::fields(FieldVisitor& field) {
  field("beta_1", beta_1);
  field("beta_2", beta_2);
  field("epsilon", epsilon);
}

Lamb::Lamb(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Lamb", parameters, common), config_(config), slots_(add_slots({"momentum", "velocity"})) {}

void Lamb::update(std::span<const Update> updates) {
  for (const Update& update : updates) {
    decay_weight(update);
    const Tensor gradient = clamped_gradient(update), step = Tensor::like(gradient);
    dispatch_real(update.weight.dtype(), "Lamb", [&]<class T>() {
      const T t = static_cast<T>(local_step()), epsilon = static_cast<T>(config_.epsilon);
      const T rest_1 = static_cast<T>(1 - config_.beta_1), rest_2 = static_cast<T>(1 - config_.beta_2);
      const T correction_1 = 1 - std::pow(static_cast<T>(config_.beta_1), t), correction_2 = 1 - std::pow(static_cast<T>(config_.beta_2), t);
      const T* g = gradient.data<T>().data();
      T* m = slots_[0][update.index].mutable_data<T>().data();
      T* v = slots_[1][update.index].mutable_data<T>().data();
      T* u = Tensor(step).mutable_data<T>().data();
      const std::int64_t size = gradient.size();
      parallel_rows(size, 5, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          m[i] += (g[i] - m[i]) * rest_1;
          v[i] += (g[i] * g[i] - v[i]) * rest_2;
          u[i] = m[i] / correction_1 / (std::sqrt(v[i] / correction_2) + epsilon);
        }
      });
      Tensor weight = update.weight;
      const Update norms[] = {{.weight = weight, .gradient = weight.detach()}, {.weight = weight, .gradient = step}};
      const std::vector<double> squares = sums_of_squares(norms);
      const double ratio = squares[0] > 0 && squares[1] > 0 ? std::sqrt(squares[0]) / std::sqrt(squares[1]) : 1;
      const T rate = static_cast<T>(ratio * update.learning_rate);
      T* w = weight.mutable_data<T>().data();
      parallel_rows(size, 2, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) w[i] -= rate * u[i];
      });
    });
  }
}

}  // namespace linnet
