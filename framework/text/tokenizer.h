#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

/// Turns text into token ids and back. Const and thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// The ids of a text, which is UTF-8. Throws std::invalid_argument if it is not.
  virtual std::vector<std::int32_t> tokenize(std::string_view text) const = 0;
  /// Throws std::invalid_argument for an id outside of the vocabulary.
  virtual std::string detokenize(std::span<const std::int32_t> token_ids) const = 0;
  virtual std::int64_t vocabulary_size() const = 0;
};

}  // namespace linnet
