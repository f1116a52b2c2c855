#pragma once

#include "framework/linnet.h"

/// A gated recurrent unit: reads a sequence from left to right and gives its state after each element.
/// With x a row and h the state before it: z = sigmoid(x Wz + h Uz + b), r = sigmoid(x Wr + h Ur + b),
/// n = tanh(x Wn + r (h Un) + b), and the new state is z h + (1 - z) n. Source: Cho et al. 2014, arXiv:1406.1078.
class Gru : public linnet::Layer {
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
  explicit Gru(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }

  /// x: (batch, length, input_dim); present: (batch, length) int32, where it is 0 the state stays; result: (batch, length, units).
  linnet::Tensor forward(const linnet::Tensor& x, const linnet::Tensor& present) const {
    namespace ops = linnet::ops;
    const std::vector<linnet::Tensor> steps = ops::unstack(input_(x), 1);  // the inputs' part of all gates at once
    const std::vector<linnet::Tensor> there = ops::unstack(ops::expand_dims(present, -1), 1);
    linnet::Tensor h = linnet::Tensor::zeros({x.dim(0), config_.units}, x.dtype());
    std::vector<linnet::Tensor> states;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::vector<linnet::Tensor> in = ops::split(steps[i], 3, -1), back = ops::split(ops::matmul(h, recurrent_kernel_), 3, -1);
      const linnet::Tensor z = ops::sigmoid(in[0] + back[0]), r = ops::sigmoid(in[1] + back[1]), n = ops::tanh(in[2] + r * back[2]);
      h = ops::where(there[i], z * h + (1.0 - z) * n, h);
      states.push_back(h);
    }
    return ops::stack(states, 1);
  }

 private:
  Config config_;
  linnet::Dense& input_ = add<linnet::Dense>("input", {.input_dim = config_.input_dim, .units = 3 * config_.units, .dtype = config_.dtype});
  linnet::Tensor recurrent_kernel_ =
      add_weight("recurrent_kernel", {config_.units, 3 * config_.units}, linnet::Initializer(), config_.dtype.variable);
};
inline const bool gru_registered = linnet::register_layer<Gru>("Gru");

/// Words, a GRU over them, the mean of its states, classes.   ids: (batch, length) int32, 0 is padding -> (batch, classes)
class GruClassifier : public linnet::Layer {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, embedding_dim = 64, units = 64, classes = 2;
    double dropout = 0.5;
    linnet::DTypePolicy dtype = {};
    void fields(linnet::FieldVisitor& field) {
      field("vocabulary_size", vocabulary_size);
      field("embedding_dim", embedding_dim);
      field("units", units);
      field("classes", classes);
      field("dropout", dropout);
      field("dtype", dtype);
    }
  };
  explicit GruClassifier(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }

  linnet::Tensor forward(const linnet::Tensor& ids) const {
    namespace ops = linnet::ops;
    const linnet::Tensor present = ops::not_equal(ids, linnet::Tensor::zeros({}, linnet::DType::int32));
    const linnet::Tensor states = gru_.forward(ops::dropout(embedding_(ids), config_.dropout), present);
    const linnet::Tensor share = ops::expand_dims(present.cast(states.dtype()), -1);
    const linnet::Tensor mean =
        ops::sum(states * share, {.axes = {1}}) / ops::maximum(ops::sum(share, {.axes = {1}}), linnet::Tensor::full({}, 1, share.dtype()));
    return output_(ops::dropout(mean, config_.dropout));
  }

 private:
  Config config_;
  linnet::Embedding& embedding_ =
      add<linnet::Embedding>("embedding", {.input_dim = config_.vocabulary_size, .output_dim = config_.embedding_dim, .dtype = config_.dtype});
  Gru& gru_ = add<Gru>("gru", {.input_dim = config_.embedding_dim, .units = config_.units, .dtype = config_.dtype});
  linnet::Dense& output_ = add<linnet::Dense>("output", {.input_dim = config_.units, .units = config_.classes, .dtype = config_.dtype});
};
inline const bool gru_classifier_registered = linnet::register_layer<GruClassifier>("GruClassifier");
