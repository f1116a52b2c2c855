#include "framework/optim/lion.h"

#include "framework/core/error.h"

namespace linnet {

void Lion::Config::fields(FieldVisitor& field) {
  field("beta_1", beta_1);
  field("beta_2", beta_2);
}

Lion::Lion(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Lion", parameters, common), config_(config), momentums_(add_slots({"momentum"})[0]) {
  check(config.beta_1 > 0 && config.beta_1 <= 1, "Lion: beta_1 must lie in (0, 1], got ", config.beta_1);
}

void Lion::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "Lion", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), beta_1 = static_cast<T>(config_.beta_1), beta_2 = static_cast<T>(config_.beta_2);
      T* m = momentums_[update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        const T direction = m[i] * beta_1 + g * (1 - beta_1);
        m[i] = m[i] * beta_2 + g * (1 - beta_2);
        return w - rate * (direction > 0 ? T(1) : direction < 0 ? T(-1) : direction);  // a NaN stays
      });
    });
}

}  // namespace linnet
