#include "tests/support/golden_schedule.h"

#include <nlohmann/json.hpp>

namespace linnet::testing {

Schedule golden_schedule(const nlohmann::json& entry, DType precision) {
  const nlohmann::json& config = entry.at("config");
  const std::string name = entry.at("class").get<std::string>();
  if (name != "WarmUp") return make_schedule(name, config.dump(), precision);
  const Schedule decay = golden_schedule(config.at("decay"), precision);
  const WarmUp schedule{.initial_learning_rate = config.at("initial_learning_rate").get<double>(),
                        .warmup_steps = config.at("warmup_steps").get<std::int64_t>(),
                        .power = config.value("power", 1.0),
                        .decay = decay};
  if (precision == DType::float64) return schedule;
  return [schedule](std::int64_t step) { return static_cast<double>(schedule.evaluate<float>(step)); };
}

}  // namespace linnet::testing
