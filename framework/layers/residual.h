#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// A layer with a way round it.   x -> x + layer(x)
/// Source: He et al. 2015, arXiv:1512.03385.
class Residual : public UnaryLayer {
 public:
  struct Config {
    std::string layer = {};  ///< as layer_to_json writes it
    void fields(FieldVisitor& field) { field("layer", layer); }
  };
  /// Throws std::invalid_argument as layer_from_json does, and for a layer that is none of one tensor.
  explicit Residual(const Config& config);
  explicit Residual(std::unique_ptr<UnaryLayer> layer);
  /// Throws std::invalid_argument if the layer's class is not registered.
  Config config() const;
  /// Throws std::invalid_argument unless layer(x) has the shape of x.
  Tensor forward(const Tensor& x) const override;

 private:
  const UnaryLayer& layer_;
};

}  // namespace linnet
