#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/io/atomic_file.h"

namespace linnet {

/// Reads a model through its index: calls `read`, which begins anew each time, with the index's text. If that throws std::runtime_error
/// and a save has put another index in place meanwhile, whose shards replaced this one's, it is called with that.
void read_through_index(const std::filesystem::path& index, std::int64_t limit, const std::function<void(const std::string& text)>& read);

/// The shards of one model and the index that names them, replaced together. New shards lie beside the old ones, under names
/// of their own; the index comes last, and then the old ones go. So whoever reads the index finds the old model or the new one, whatever fails
/// and wherever the process is killed. Dropped without commit, it removes its shards and leaves what was there.
class Shards {
 public:
  /// `is_shard` tells by its name whether a file beside the index is a shard of it. Throws std::runtime_error if the directory cannot
  /// be read.
  Shards(const std::filesystem::path& index, std::function<bool(const std::string& name)> is_shard);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  /// The shards that were there, sorted.
  const std::vector<std::string>& old() const { return old_; }
  /// Where to write the shard of that name. No shard may have had it before: who has read an older index must not find this one.
  std::filesystem::path add(const std::string& name);
  /// Puts the index in place and removes the shards that were not added. Throws std::runtime_error naming the file if writing fails.
  void commit(std::string_view text);

 private:
  AtomicFile index_;
  std::vector<std::string> old_;  // sorted
  std::vector<std::filesystem::path> added_;
};

}  // namespace linnet
