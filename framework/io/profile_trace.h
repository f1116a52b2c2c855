#pragma once

#include <filesystem>

#include "framework/core/profile.h"

namespace linnet {

/// Writes the profile's events in the Trace Event Format, which https://ui.perfetto.dev and chrome://tracing show: a slice for each op,
/// gradient and matrix product on the thread that ran it, with its FLOPs and bytes, and the workers' shares of them. The profile must have
/// been made with Config::trace. Throws std::invalid_argument unless it was, std::runtime_error if the file cannot be written.
/// Source: Trace Event Format, Google 2016.
void save_trace(const Profile& profile, const std::filesystem::path& file);

}  // namespace linnet
