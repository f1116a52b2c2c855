#pragma once

#include "framework/core/sequence_layout.h"
#include "framework/layers/layer.h"

namespace linnet {

/// Fixed sines and cosines for each place in a sequence.   tokens of `layout` -> (tokens, output_dim)
/// Column j of place p is sin(p w) for even j, cos(p w) for odd ones, w = max_wavelength^(-2 floor(j / 2) / output_dim).
/// No weights. As keras_hub.layers.SinePositionEncoding. Source: Vaswani et al. 2017, arXiv:1706.03762, 3.5.
class SinePositionEncoding : public Layer {
 public:
  struct Config {
    std::int64_t output_dim = 0;
    double max_wavelength = 10000;
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless output_dim and max_wavelength are positive.
  explicit SinePositionEncoding(const Config& config);
  const Config& config() const { return config_; }
  /// Row j of a sequence is place start_index + j.
  Tensor forward(const SequenceLayout& layout, std::int64_t start_index = 0) const;

 private:
  Config config_;
};

}  // namespace linnet
