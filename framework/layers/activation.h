#pragma once

#include "framework/core/activation.h"
#include "framework/layers/layer.h"

namespace linnet::layers {

/// An activation as a layer.   x: any shape -> the same, but glu halves the last axis
/// No weights. As keras.layers.Activation; in a namespace of its own, because linnet::Activation is the enumeration.
class Activation : public UnaryLayer {
 public:
  struct Config {
    std::string activation = "linear";
    void fields(FieldVisitor& field) { field("activation", activation); }
  };
  /// Throws std::invalid_argument that lists the known names unless the activation is one.
  explicit Activation(const Config& config);
  const Config& config() const { return config_; }
  Tensor forward(const Tensor& x) const override;

 private:
  Config config_;
  linnet::Activation activation_;
};

}  // namespace linnet::layers
