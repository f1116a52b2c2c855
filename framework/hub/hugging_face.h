#pragma once

#include <memory>

#include "framework/hub/handle.h"
#include "framework/hub/repository.h"

/// Internal to the hub.
namespace linnet::hub {

/// Hugging Face's models, in huggingface_hub's cache. Throws as open_repository does.
std::unique_ptr<Repository> open_hugging_face(const HuggingFaceHandle& handle, const Settings& settings);

}  // namespace linnet::hub
