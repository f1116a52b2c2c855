#include "framework/optim/sgd.h"

#include "framework/core/error.h"

namespace linnet {

void SGD::Config::fields(FieldVisitor& field) {
  field("momentum", momentum);
  field("nesterov", nesterov);
}

SGD::SGD(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("SGD", parameters, common), config_(config) {
  check(config.momentum >= 0 && config.momentum <= 1, "SGD: momentum must lie in [0, 1], got ", config.momentum);
  if (config.momentum != 0) momentums_ = add_slots({"momentum"})[0];
}

void SGD::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "SGD", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), momentum = static_cast<T>(config_.momentum);
      if (momentums_.empty()) return update_elements<T>(update, [=](std::int64_t, T g, T w) { return w - g * rate; });
      T* m = momentums_[update.index].mutable_data<T>().data();
      const bool nesterov = config_.nesterov;
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        m[i] = m[i] * momentum - g * rate;
        return nesterov ? w + (m[i] * momentum - g * rate) : w + m[i];
      });
    });
}

}  // namespace linnet
