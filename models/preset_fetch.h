#pragma once

#include <filesystem>
#include <string_view>

#include "framework/hub/handle.h"
#include "framework/hub/settings.h"
#include "models/preset.h"

/// Internal to the models.
namespace linnet::preset {

/// Fetches what from_preset reads of a model on a hub: config.json first, which says what else there is. Gives the directory.
/// Throws std::runtime_error if the model is no preset, or cannot be fetched.
std::filesystem::path fetch(const hub::Handle& handle, PresetPart part, const hub::Settings& settings);

}  // namespace linnet::preset
