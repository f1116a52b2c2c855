#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// Marks an input of a Model: it has no weights and computes nothing, but weight files have a place for it.
class InputLayer : public Layer {
 public:
  struct Config {
    void fields(FieldVisitor&) {}
  };
  explicit InputLayer(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }

 private:
  Config config_;
};

}  // namespace linnet
