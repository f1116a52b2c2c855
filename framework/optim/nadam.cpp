#include "framework/optim/nadam.h"

#include <cmath>

namespace linnet {

void Nadam::Config::fields(FieldVisitor& field) {
  field("beta_1", beta_1);
  field("beta_2", beta_2);
  field("epsilon", epsilon);
}

Nadam::Nadam(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Nadam", parameters, common),
      config_(config),
      slots_(add_slots({"momentum", "velocity"})),
      u_product_(add_state("u_product", Tensor::full({}, 1, this->parameters()[0].tensor.dtype()))) {}

void Nadam::update(std::span<const Update> updates) {
  dispatch_real(u_product_.dtype(), "Nadam", [&]<class T>() {
    T& product = u_product_.mutable_data<T>()[0];
    product = product * static_cast<T>(config_.beta_1) * (T(1) - T(0.5) * std::pow(T(0.96), static_cast<T>(local_step())));
  });
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "Nadam", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), beta_1 = static_cast<T>(config_.beta_1), beta_2 = static_cast<T>(config_.beta_2);
      const T t = static_cast<T>(local_step()), epsilon = static_cast<T>(config_.epsilon);
      const T u = beta_1 * (1 - T(0.5) * std::pow(T(0.96), t)), next_u = beta_1 * (1 - T(0.5) * std::pow(T(0.96), t + 1));
      const T product = static_cast<T>(u_product_.item()), correction = 1 - std::pow(beta_2, t);
      T* m = slots_[0][update.index].mutable_data<T>().data();
      T* v = slots_[1][update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        m[i] += (g - m[i]) * (1 - beta_1);
        v[i] += (g * g - v[i]) * (1 - beta_2);
        const T m_hat = next_u * m[i] / (1 - product * next_u) + (1 - u) * g / (1 - product);
        return w - m_hat * rate / (std::sqrt(v[i] / correction) + epsilon);
      });
    });
}

}  // namespace linnet
