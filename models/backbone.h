#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "framework/layers/model.h"
#include "models/preset.h"

namespace linnet {

/// The body of a model, without a task's head: keras_hub.models.Backbone.
class Backbone : public Model {
 public:
  /// A preset's backbone, of the class that its config.json names. Throws std::runtime_error for a class that is not here, and
  /// as that class' from_preset.
  static std::unique_ptr<Backbone> from_preset(std::string_view preset, const PresetOptions& options = {});
  /// Writes config.json, metadata.json and the weights as KerasHub does. Throws std::runtime_error if writing fails.
  virtual void save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options = {}) const = 0;
};

}  // namespace linnet
