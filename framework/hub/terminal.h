#pragma once

#include <functional>

#include "framework/hub/settings.h"

namespace linnet::hub {

/// For Settings::progress: a bar on standard error, drawn over itself; nothing if that is no terminal, or if
/// HF_HUB_DISABLE_PROGRESS_BARS is 1.
std::function<void(const Transfer&)> progress_on_terminal();

/// "model.weights.h5 [######......] 8.8/17.6 MB  5.1 MB/s  2s left": the bar's line for a transfer that went on for `seconds`
/// since `first` bytes were there.
std::string progress_line(const Transfer& transfer, std::int64_t first, double seconds);

}  // namespace linnet::hub
