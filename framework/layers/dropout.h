#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// Drops elements at random under a tape, scaling the kept ones; the identity in inference.   x: any shape -> the same
/// No weights. As keras.layers.Dropout; see ops::dropout for what its mask depends on.
class Dropout : public UnaryLayer {
 public:
  struct Config {
    double rate = 0;
    void fields(FieldVisitor& field) { field("rate", rate); }
  };
  /// Throws std::invalid_argument unless 0 <= rate <= 1.
  explicit Dropout(const Config& config);
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override;

 private:
  Config config_;
};

}  // namespace linnet
