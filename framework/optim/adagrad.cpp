#include "framework/optim/adagrad.h"

#include <cmath>

namespace linnet {

void Adagrad::Config::fields(FieldVisitor& field) {
  field("initial_accumulator_value", initial_accumulator_value);
  field("epsilon", epsilon);
}

Adagrad::Adagrad(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Adagrad", parameters, common), config_(config), accumulators_(add_slots({"accumulator"}, config.initial_accumulator_value)[0]) {}

void Adagrad::update(std::span<const Update> updates) {
  for (const Update& update : updates)
    dispatch_real(update.weight.dtype(), "Adagrad", [&]<class T>() {
      const T rate = static_cast<T>(update.learning_rate), epsilon = static_cast<T>(config_.epsilon);
      T* a = accumulators_[update.index].mutable_data<T>().data();
      update_elements<T>(update, [=](std::int64_t i, T g, T w) {
        a[i] += g * g;
        return w - rate * g / std::sqrt(a[i] + epsilon);
      });
    });
}

}  // namespace linnet
