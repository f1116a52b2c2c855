#include "framework/optim/adamax.h"

#include <cmath>

namespace linnet {

void Adamax::Config::fields(FieldVisitor& field) {
  field("beta_1", beta_1);
  field("beta_2", beta_2);
  field("epsilon", epsilon);
}

Adamax::Adamax(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Adamax", parameters, common), config_(config), slots_(add_slots({"momentum", "norm"})) {}

void Adamax::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "Adamax", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), rest = static_cast<T>(1 - config_.beta_1), beta_2 = static_cast<T>(config_.beta_2);
      const T correction = 1 - std::pow(static_cast<T>(config_.beta_1), static_cast<T>(local_step())), epsilon = static_cast<T>(config_.epsilon);
      T* m = slots_[0][update.index].mutable_data<T>().data();
      T* u = slots_[1][update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        m[i] += (g - m[i]) * rest;
        const T kept = beta_2 * u[i], magnitude = std::abs(g);
        u[i] = kept > magnitude ? kept : magnitude;  // a NaN gradient stays
        return w - rate * m[i] / (correction * (u[i] + epsilon));
      });
    });
}

}  // namespace linnet
