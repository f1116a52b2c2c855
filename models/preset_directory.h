#pragma once

#include <filesystem>
#include <string_view>

#include "models/preset.h"

namespace linnet::preset {

/// The directory that a preset is read from: its own; for a .keras file, one in KerasHub's form that is made for it among the
/// system's temporary files and removed with this object. Internal to the models.
class PresetDirectory {
 public:
  /// Throws std::runtime_error as resolve_preset does, and naming the file for one that is no .keras file of a model of KerasHub.
  PresetDirectory(std::string_view preset, PresetPart part);
  ~PresetDirectory();
  PresetDirectory(const PresetDirectory&) = delete;
  PresetDirectory& operator=(const PresetDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  void unpack(const std::filesystem::path& file);

  std::filesystem::path path_, temporary_;  // temporary_: empty if there is nothing to remove
};

}  // namespace linnet::preset
