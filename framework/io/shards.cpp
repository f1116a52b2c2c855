#include "framework/io/shards.h"

#include <algorithm>
#include <utility>

#include "framework/io/directory.h"

namespace linnet {

void read_through_index(const std::filesystem::path& index, std::int64_t limit, const std::function<void(const std::string& text)>& read) {
  for (std::string text = read_text(index, limit);;) {
    try {
      return read(text);
    } catch (const std::runtime_error&) {
      std::string now = read_text(index, limit);
      if (now == text) throw;
      text = std::move(now);
    }
  }
}

Shards::Shards(const std::filesystem::path& index, std::function<bool(const std::string& name)> is_shard)
    : index_(index), old_(names_in(index_.directory())) {
  std::erase_if(old_, std::not_fn(std::move(is_shard)));
}

Shards::~Shards() {
  std::error_code ignored;
  if (!index_.committed())
    for (const std::filesystem::path& shard : added_) std::filesystem::remove(shard, ignored);
}

std::filesystem::path Shards::add(const std::string& name) { return added_.emplace_back(index_.directory() / name); }

void Shards::commit(std::string_view text) {
  index_.write(text);
  index_.commit();
  std::error_code ignored;
  for (const std::string& name : old_) std::filesystem::remove(index_.directory() / name, ignored);
}

}  // namespace linnet
