#pragma once

#include "framework/linnet.h"

/// y = sigmoid(x Wg + bg) * (x W + b), elementwise.   x: (rows, input_dim) -> (rows, units)
/// Source: Dauphin et al. 2016, arXiv:1612.08083, eq. 1.
class GatedDense : public linnet::UnaryLayer {
 public:
  struct Config {
    std::int64_t input_dim = 0, units = 0;
    linnet::DTypePolicy dtype = {};
    void fields(linnet::FieldVisitor& field) {
      field("input_dim", input_dim);
      field("units", units);
      field("dtype", dtype);
    }
  };
  explicit GatedDense(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }
  linnet::Tensor forward(const linnet::Tensor& x) const override { return linnet::ops::sigmoid(gate_(x)) * value_(x); }

 private:
  Config config_;
  linnet::Dense& gate_ = add<linnet::Dense>("gate", {.input_dim = config_.input_dim, .units = config_.units, .dtype = config_.dtype});
  linnet::Dense& value_ = add<linnet::Dense>("value", {.input_dim = config_.input_dim, .units = config_.units, .dtype = config_.dtype});
};
inline const bool gated_dense_registered = linnet::register_layer<GatedDense>("GatedDense");
