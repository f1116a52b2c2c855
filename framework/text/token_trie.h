#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

/// A prefix tree over the bytes of a vocabulary's tokens, for the longest token that a text starts with: one dependent load
/// a byte, no allocation. Stored as a double array. Source: Aoe 1989, doi:10.1109/32.31365.
class TokenTrie {
 public:
  static constexpr std::int32_t kNone = -1;

  TokenTrie() : TokenTrie(std::span<const std::string>{}, {}) {}
  /// `order` lists the indices of `tokens` so that the tokens ascend strictly by their bytes.
  TokenTrie(std::span<const std::string> tokens, std::span<const std::int32_t> order);

  /// The state of the empty prefix.
  std::int32_t root() const { return 0; }
  /// The state behind `prefix`, kNone if no token starts so.
  std::int32_t walk(std::string_view prefix) const;
  /// The token that ends in `state`, kNone if none does.
  std::int32_t token(std::int32_t state) const { return nodes_[static_cast<std::size_t>(state)].token; }

  struct Match {
    std::size_t length = 0;  ///< bytes; 0 for no match
    std::int32_t token = kNone;
  };
  /// The longest token, of at least one byte, that continues `state` along `text`; each byte is read through `map` (256).
  Match longest_match(std::int32_t state, std::string_view text, const unsigned char* map) const {
    Match best;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::int32_t next = nodes_[static_cast<std::size_t>(state)].base + map[static_cast<unsigned char>(text[i])];
      const Node& node = nodes_[static_cast<std::size_t>(next)];
      if (node.parent != state) break;
      state = next;
      if (node.token != kNone) best = {i + 1, node.token};
    }
    return best;
  }

 private:
  /// The child of state s by byte c is base(s) + c, if that node's parent is s. 255 spare nodes follow the last one in use.
  struct Node {
    std::int32_t base = 0;
    std::int32_t parent = kNone;  ///< kNone: free
    std::int32_t token = kNone;
  };
  std::vector<Node> nodes_;
};

}  // namespace linnet
