#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace linnet {

/// A sentence or a pair of them, and what a model should answer: a class number or, for regression, a value.
struct TextExample {
  std::string text, text_pair;  ///< text_pair is empty for single sentences
  double label = 0;
};

/// Examples by number, in memory or read on demand. Const methods may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  /// Throws std::invalid_argument unless 0 <= index < size().
  virtual TextExample at(std::int64_t index) const = 0;
};

/// Examples in memory.
class TextDataset : public Dataset {
 public:
  explicit TextDataset(std::vector<TextExample> examples, std::vector<std::string> label_names = {}, bool labelled = true)
      : examples_(std::move(examples)), label_names_(std::move(label_names)), labelled_(labelled) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(examples_.size()); }
  TextExample at(std::int64_t index) const override;
  /// Name of each class; empty for regression and unlabelled data.
  const std::vector<std::string>& label_names() const { return label_names_; }
  bool labelled() const { return labelled_; }

 private:
  std::vector<TextExample> examples_;
  std::vector<std::string> label_names_;
  bool labelled_;
};

}  // namespace linnet
