#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/layers/layer.h"

namespace linnet {

/// The mean over the places of each sequence.   x: (batch, length, columns) -> (batch, columns)
/// No weights. As keras.layers.GlobalAveragePooling1D with data_format channels_last, but a sequence whose mask hides every
/// place gives zeros, not NaN.
class GlobalAveragePooling1D : public UnaryLayer {
 public:
  struct Config {
    bool keepdims = false;  ///< (batch, 1, columns) instead
    void fields(FieldVisitor& field) { field("keepdims", keepdims); }
  };
  explicit GlobalAveragePooling1D(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }
  /// Throws std::invalid_argument unless x has three axes.
  Tensor forward(const Tensor& x) const override;
  /// Of the places where mask, int32 (batch, length), is not 0. Throws std::invalid_argument on another shape.
  Tensor forward(const Tensor& x, const Tensor& mask) const;
  /// The same without padding: x (tokens, columns) of `layout`.
  Tensor forward(const Tensor& x, const SequenceLayout& layout) const;

 private:
  Config config_;
};

}  // namespace linnet
