#pragma once

#include "framework/linnet.h"

/// A convolutional classifier of sentences: windows of 2, 3 and 4 words are looked at by `filters` dense units each, of which the
/// strongest answer in the sentence counts.   ids: (batch, length) int32 -> (batch, classes)
/// Source: Kim 2014, arXiv:1408.5882.
class TextCnn : public linnet::Layer {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, embedding_dim = 64, filters = 32, classes = 2;
    double dropout = 0.5;
    linnet::DTypePolicy dtype = {};
    void fields(linnet::FieldVisitor& field) {
      field("vocabulary_size", vocabulary_size);
      field("embedding_dim", embedding_dim);
      field("filters", filters);
      field("classes", classes);
      field("dropout", dropout);
      field("dtype", dtype);
    }
  };
  explicit TextCnn(const Config& config) : config_(config) {
    for (const std::int64_t width : {2, 3, 4})
      convolutions_.push_back(
          &add<linnet::Dense>(linnet::cat("convolution_", width),
                              {.input_dim = width * config.embedding_dim, .units = config.filters, .activation = "relu", .dtype = config.dtype}));
  }
  const Config& config() const { return config_; }

  linnet::Tensor forward(const linnet::Tensor& ids) const {
    namespace ops = linnet::ops;
    const linnet::Tensor words = embedding_(ids);
    std::vector<linnet::Tensor> strongest;
    for (std::size_t i = 0; i < convolutions_.size(); ++i) {
      // A window is the words at a place and behind it, side by side: slices of the sentence, each moved by one word.
      const std::int64_t width = static_cast<std::int64_t>(i) + 2, length = ids.dim(1);
      const linnet::Tensor padded = ops::pad(words, 1, 0, width - 1);
      std::vector<linnet::Tensor> moved;
      for (std::int64_t step = 0; step < width; ++step) moved.push_back(ops::slice(padded, 1, {.begin = step, .end = step + length}));
      strongest.push_back(ops::max((*convolutions_[i])(ops::concatenate(moved, -1)), {.axes = {1}}));
    }
    return output_(ops::dropout(ops::concatenate(strongest, -1), config_.dropout));
  }

 private:
  Config config_;
  linnet::Embedding& embedding_ =
      add<linnet::Embedding>("embedding", {.input_dim = config_.vocabulary_size, .output_dim = config_.embedding_dim, .dtype = config_.dtype});
  linnet::Dense& output_ = add<linnet::Dense>("output", {.input_dim = 3 * config_.filters, .units = config_.classes, .dtype = config_.dtype});
  std::vector<linnet::Dense*> convolutions_;
};
inline const bool text_cnn_registered = linnet::register_layer<TextCnn>("TextCnn");
