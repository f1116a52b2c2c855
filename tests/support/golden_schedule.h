#pragma once

#include <nlohmann/json_fwd.hpp>

#include "framework/optim/schedules.h"

namespace linnet::testing {

/// The schedule of an entry {"class": …, "config": {…}} of the fixtures, a WarmUp's decay nested in its config, computed in `precision`.
Schedule golden_schedule(const nlohmann::json& entry, DType precision);

}  // namespace linnet::testing
