#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/core/random.h"
#include "framework/io/hdf5_file.h"
#include "framework/layers/parameter.h"
#include "framework/train/checkpoint.h"

namespace linnet {

/// One checkpoint on disk, format 1: datasets weights/… and optimizer/… by path; the root's attribute `linnet_checkpoint` is a
/// JSON object of format, state, settings, random numbers and the CRC-32 of all tensors in order of their path.
class CheckpointFile {
 public:
  /// Reads it back before it gets its name. Throws std::runtime_error naming the file, also if a tensor is not all finite.
  static void write(const std::filesystem::path& file, const std::vector<Parameter>& weights, const std::vector<Parameter>& optimizer,
                    const TrainingState& state, const std::string& settings);

  /// Opens a checkpoint and reads all of it. Throws std::runtime_error naming the file if it is damaged, no checkpoint, or of a
  /// newer format.
  explicit CheckpointFile(const std::filesystem::path& file);
  /// Sets weights, slots and random numbers. Throws std::runtime_error, with nothing changed, on other settings, and if paths,
  /// shapes or dtypes differ.
  TrainingState restore(std::vector<Parameter>& weights, std::vector<Parameter>& optimizer, const std::string& settings) const;
  void restore_weights(std::vector<Parameter>& weights) const;

 private:
  struct Header {
    std::int64_t format = 1;
    TrainingState state;
    std::string settings;
    std::string seed = "0";  // 64 bits without a sign do not fit a JSON number
    std::int64_t random_step = 0, random_op = 0, initialized = 0;
    std::int64_t crc32 = 0;
    void fields(FieldVisitor& field);
  };
  void check_numbers() const;
  void check_entries(const std::string& group, const std::vector<Parameter>& expected) const;
  void assign(const std::string& group, std::vector<Parameter>& to) const;

  std::filesystem::path file_;
  Header header_;
  std::vector<Parameter> entries_;  // "weights/…" and "optimizer/…", sorted
};

}  // namespace linnet
