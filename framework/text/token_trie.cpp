#include "framework/text/token_trie.h"

#include "framework/core/error.h"

namespace linnet {

namespace {

constexpr std::size_t kBytes = 256, kTries = 256;
constexpr std::int32_t kRootParent = -2;

/// Tokens order[begin .. end) share their first `depth` bytes, which lead to `state`.
struct Range {
  std::size_t begin, end, depth;
  std::int32_t state;
};

struct Child {
  unsigned char label;
  std::size_t begin, end;
};

}  // namespace

TokenTrie::TokenTrie(std::span<const std::string> tokens, std::span<const std::int32_t> order) {
  check(tokens.size() == order.size(), "TokenTrie: order must list every token once, got ", order.size(), " of ", tokens.size());
  const auto text = [&](std::size_t i) -> const std::string& { return tokens[static_cast<std::size_t>(order[i])]; };
  nodes_.resize(2 * kBytes);
  nodes_[0].parent = kRootParent;
  // Children lie at 256 and above, so that no base is negative.
  std::size_t first_free = kBytes;
  std::vector<Range> ranges{{0, order.size(), 0, 0}};
  std::vector<Child> children;
  for (std::size_t next = 0; next < ranges.size(); ++next) {
    Range range = ranges[next];
    if (range.begin < range.end && text(range.begin).size() == range.depth)
      nodes_[static_cast<std::size_t>(range.state)].token = order[range.begin++];
    children.clear();
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const auto label = static_cast<unsigned char>(text(i)[range.depth]);
      if (children.empty() || children.back().label != label) children.push_back({label, i, i});
      children.back().end = i + 1;
    }
    if (children.empty()) continue;

    // First fit within a window, which bounds the time; beyond it is always room.
    const auto fits = [&](std::size_t slot) {
      const std::size_t base = slot - children.front().label;
      if (base + kBytes > nodes_.size()) nodes_.resize(base + kBytes);
      for (const Child& child : children) {
        if (nodes_[base + child.label].parent != kNone) return false;
      }
      return true;
    };
    while (nodes_[first_free].parent != kNone) ++first_free;
    std::size_t slot = first_free;
    while (slot < first_free + kTries && !fits(slot)) ++slot;
    if (slot == first_free + kTries) {
      slot = nodes_.size();
      fits(slot);
    }
    const std::size_t base = slot - children.front().label;
    check(base + kBytes < INT32_MAX, "TokenTrie: the vocabulary must be smaller, got ", tokens.size(), " tokens");
    nodes_[static_cast<std::size_t>(range.state)].base = static_cast<std::int32_t>(base);
    for (const Child& child : children) {
      const std::size_t node = base + child.label;
      nodes_[node].parent = range.state;
      ranges.push_back({child.begin, child.end, range.depth + 1, static_cast<std::int32_t>(node)});
    }
    // Keeps a free node behind the last one in use for the search above.
    if (nodes_.size() < base + 2 * kBytes) nodes_.resize(base + 2 * kBytes);
  }
}

std::int32_t TokenTrie::walk(std::string_view prefix) const {
  std::int32_t state = root();
  for (const char c : prefix) {
    const std::int32_t next = nodes_[static_cast<std::size_t>(state)].base + static_cast<unsigned char>(c);
    if (nodes_[static_cast<std::size_t>(next)].parent != state) return kNone;
    state = next;
  }
  return state;
}

}  // namespace linnet
