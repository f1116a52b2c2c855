#include "framework/optim/adadelta.h"

#include <cmath>

namespace linnet {

void Adadelta::Config::fields(FieldVisitor& field) {
  field("rho", rho);
  field("epsilon", epsilon);
}

Adadelta::Adadelta(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Adadelta", parameters, common), config_(config), slots_(add_slots({"accumulated_grad", "accumulated_delta_var"})) {}

void Adadelta::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "Adadelta", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), rho = static_cast<T>(config_.rho), rest = static_cast<T>(1 - config_.rho);
      const T epsilon = static_cast<T>(config_.epsilon);
      T* a = slots_[0][update.index].mutable_data<T>().data();
      T* b = slots_[1][update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        a[i] = rho * a[i] + rest * (g * g);
        const T delta = -(std::sqrt(b[i] + epsilon) * g / std::sqrt(a[i] + epsilon));
        b[i] = rho * b[i] + rest * (delta * delta);
        return w + rate * delta;
      });
    });
}

}  // namespace linnet
