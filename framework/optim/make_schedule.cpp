#include <map>

#include "framework/config/json.h"
#include "framework/core/error.h"
#include "framework/optim/schedules.h"

namespace linnet {
namespace {

using Make = std::function<Schedule(std::string_view config, DType precision)>;

template <class S>
std::pair<const std::string, Make> entry(const std::string& name) {
  return {name, [name](std::string_view config, DType precision) -> Schedule {
            const S schedule = from_json<S>(config, name);
            if (precision == DType::float64) return schedule;
            return [schedule](std::int64_t step) { return static_cast<double>(schedule.template evaluate<float>(step)); };
          }};
}

const std::map<std::string, Make, std::less<>>& makers() {
  static const std::map<std::string, Make, std::less<>> instance{
      entry<CosineDecay>("CosineDecay"),           entry<CosineDecayRestarts>("CosineDecayRestarts"),
      entry<ExponentialDecay>("ExponentialDecay"), entry<InverseTimeDecay>("InverseTimeDecay"),
      entry<LinearWarmup>("LinearWarmup"),         entry<LinearDecayWithWarmup>("LinearDecayWithWarmup"),
      entry<PolynomialDecay>("PolynomialDecay"),   entry<PiecewiseConstantDecay>("PiecewiseConstantDecay")};
  return instance;
}

}  // namespace

Schedule make_schedule(std::string_view class_name, std::string_view config, DType precision) {
  check(precision == DType::float32 || precision == DType::float64, "make_schedule: precision must be float32 or float64, got ", precision);
  const auto found = makers().find(class_name);
  std::string list;
  for (const auto& [name, make] : makers()) list += (list.empty() ? "" : ", ") + name;
  check(found != makers().end(), "make_schedule: class_name must be one of ", list, ", got '", class_name, "'");
  return found->second(config, precision);
}

}  // namespace linnet
