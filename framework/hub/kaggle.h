#pragma once

#include <filesystem>
#include <memory>

#include "framework/hub/handle.h"
#include "framework/hub/repository.h"

/// Internal to the hub.
namespace linnet::hub {

/// Kaggle's models, in kagglehub's cache. Throws as open_repository does.
std::unique_ptr<Repository> open_kaggle(const KaggleHandle& handle, const Settings& settings);

}  // namespace linnet::hub
