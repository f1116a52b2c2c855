#include "framework/optim/rms_prop.h"

#include <cmath>

#include "framework/core/error.h"

namespace linnet {

void RMSprop::Config::fields(FieldVisitor& field) {
  field("rho", rho);
  field("momentum", momentum);
  field("epsilon", epsilon);
  field("centered", centered);
}

RMSprop::RMSprop(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("RMSprop", parameters, common), config_(config) {
  check(config.momentum >= 0 && config.momentum <= 1, "RMSprop: momentum must lie in [0, 1], got ", config.momentum);
  velocities_ = add_slots({"velocity"})[0];
  if (config.momentum > 0) momentums_ = add_slots({"momentum"})[0];
  if (config.centered) average_gradients_ = add_slots({"average_gradient"})[0];
}

void RMSprop::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "RMSprop", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), rho = static_cast<T>(config_.rho), rest = static_cast<T>(1 - config_.rho);
      const T momentum = static_cast<T>(config_.momentum), epsilon = static_cast<T>(config_.epsilon);
      T* v = velocities_[update.index].mutable_data<T>().data();
      T* p = momentums_.empty() ? nullptr : momentums_[update.index].mutable_data<T>().data();
      T* mean = average_gradients_.empty() ? nullptr : average_gradients_[update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        v[i] = rho * v[i] + rest * (g * g);
        T denominator = v[i] + epsilon;
        if (mean) {
          mean[i] = rho * mean[i] + rest * g;
          denominator = v[i] - mean[i] * mean[i] + epsilon;
        }
        const T increment = rate * g / std::sqrt(denominator);
        if (!p) return w - increment;
        p[i] = momentum * p[i] + increment;
        return w - p[i];
      });
    });
}

}  // namespace linnet
