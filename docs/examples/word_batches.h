#pragma once

#include <cctype>
#include <map>

#include "framework/linnet.h"

/// Sentences as numbers of words: 0 is padding, 1 every word that the training sentences do not have twice.
class WordList {
 public:
  explicit WordList(const linnet::TextDataset& train) {
    std::map<std::string, int> seen;
    for (std::int64_t i = 0; i < train.size(); ++i)
      for (const std::string& word : split(train.at(i).text)) ++seen[word];
    for (const auto& [word, count] : seen)
      if (count > 1) numbers_.emplace(word, static_cast<std::int32_t>(numbers_.size()) + 2);
  }
  std::int64_t size() const { return static_cast<std::int64_t>(numbers_.size()) + 2; }
  std::vector<std::int32_t> encode(const std::string& text) const {
    std::vector<std::int32_t> ids;
    for (const std::string& word : split(text)) {
      const auto found = numbers_.find(word);
      ids.push_back(found == numbers_.end() ? 1 : found->second);
    }
    return ids;
  }

 private:
  /// Runs of letters, in lower case; a full stop or comma is no word.
  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> words(1);
    for (const char letter : text) {
      const auto byte = static_cast<unsigned char>(letter);
      if (std::isalnum(byte) || letter == '\'' || byte >= 128) words.back() += static_cast<char>(std::tolower(byte));
      else if (!words.back().empty()) words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    return words;
  }
  std::map<std::string, std::int32_t> numbers_;
};

/// Some sentences, each filled up to the longest.
struct WordBatch {
  linnet::Tensor ids, labels;  ///< (batch, length) and (batch), int32
};

/// All sentences in batches, in an order drawn from `seed`.
inline std::vector<WordBatch> word_batches(const linnet::TextDataset& data, const WordList& words, std::int64_t batch_size, std::uint64_t seed) {
  const linnet::Tensor keys = linnet::random_uniform({data.size()}, linnet::DType::float32, {seed, 0, 0});
  const linnet::Tensor order = linnet::ops::top_k(keys, data.size()).indices;
  std::vector<WordBatch> batches;
  for (std::int64_t begin = 0; begin < data.size(); begin += batch_size) {
    const std::int64_t count = std::min(batch_size, data.size() - begin);
    std::vector<std::vector<std::int32_t>> sentences;
    std::vector<std::int32_t> ids, labels;
    std::size_t longest = 1;
    for (const std::int32_t i : order.slice_rows(begin, begin + count).data<std::int32_t>()) {
      sentences.push_back(words.encode(data.at(i).text));
      labels.push_back(static_cast<std::int32_t>(data.at(i).label));
      longest = std::max(longest, sentences.back().size());
    }
    for (auto& sentence : sentences) {
      sentence.resize(longest);
      ids.insert(ids.end(), sentence.begin(), sentence.end());
    }
    batches.push_back({linnet::Tensor::from(ids, {count, static_cast<std::int64_t>(longest)}), linnet::Tensor::from(labels, {count})});
  }
  return batches;
}
