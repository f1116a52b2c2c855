#pragma once

#include "framework/linnet.h"

/// A feed-forward layer of many experts, of which each row asks its best two: a gate scores the experts, and the answers of the
/// two are mixed by their share. Each expert computes the rows that chose it and no others.   x: (rows, dim) -> the same
/// Source: Shazeer et al. 2017, arXiv:1701.06538.
class MixtureOfExperts : public linnet::UnaryLayer {
 public:
  struct Config {
    std::int64_t dim = 0, intermediate_dim = 0, experts = 4;
    linnet::DTypePolicy dtype = {};
    void fields(linnet::FieldVisitor& field) {
      field("dim", dim);
      field("intermediate_dim", intermediate_dim);
      field("experts", experts);
      field("dtype", dtype);
    }
  };
  explicit MixtureOfExperts(const Config& config) : config_(config) {
    for (std::int64_t i = 0; i < config.experts; ++i) {
      wide_.push_back(&add<linnet::Dense>(linnet::cat("wide_", i),
                                          {.input_dim = config.dim, .units = config.intermediate_dim, .activation = "gelu", .dtype = config.dtype}));
      narrow_.push_back(
          &add<linnet::Dense>(linnet::cat("narrow_", i), {.input_dim = config.intermediate_dim, .units = config.dim, .dtype = config.dtype}));
    }
  }
  const Config& config() const { return config_; }

  linnet::Tensor forward(const linnet::Tensor& x) const override {
    namespace ops = linnet::ops;
    const ops::TopK chosen = ops::top_k(ops::softmax(gate_(x)), kChosen);
    const linnet::Tensor shares = chosen.values / ops::sum(chosen.values, {.axes = {-1}, .keepdims = true});

    // Which rows each expert computes, and where in the experts' answers, one behind the other, each row finds its own.
    std::vector<std::vector<std::int32_t>> rows(wide_.size()), slots(wide_.size());
    const auto experts = chosen.indices.data<std::int32_t>();
    for (std::size_t i = 0; i < experts.size(); ++i) {
      rows[static_cast<std::size_t>(experts[i])].push_back(static_cast<std::int32_t>(i / kChosen));
      slots[static_cast<std::size_t>(experts[i])].push_back(static_cast<std::int32_t>(i));
    }
    std::vector<std::int32_t> places(experts.size());
    std::vector<linnet::Tensor> answers;
    std::int32_t next = 0;
    for (std::size_t e = 0; e < wide_.size(); ++e) {
      const auto count = static_cast<std::int64_t>(rows[e].size());
      answers.push_back((*narrow_[e])((*wide_[e])(ops::take(x, linnet::Tensor::from(rows[e], {count}), 0))));
      for (const std::int32_t slot : slots[e]) places[static_cast<std::size_t>(slot)] = next++;
    }
    const linnet::Tensor found = ops::take(ops::concatenate(answers), linnet::Tensor::from(places, {x.dim(0), kChosen}), 0);
    return ops::sum(found * ops::expand_dims(shares, -1), {.axes = {1}});
  }

 private:
  static constexpr std::int64_t kChosen = 2;
  Config config_;
  linnet::Dense& gate_ = add<linnet::Dense>("gate", {.input_dim = config_.dim, .units = config_.experts, .dtype = config_.dtype});
  std::vector<linnet::Dense*> wide_, narrow_;
};
inline const bool mixture_of_experts_registered = linnet::register_layer<MixtureOfExperts>("MixtureOfExperts");

/// Words, experts beside a residual, the mean over the sentence, classes.   ids: (batch, length) int32, 0 is padding -> (batch, classes)
class ExpertsClassifier : public linnet::Layer {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, embedding_dim = 64, experts = 4, classes = 2;
    double dropout = 0.5;
    linnet::DTypePolicy dtype = {};
    void fields(linnet::FieldVisitor& field) {
      field("vocabulary_size", vocabulary_size);
      field("embedding_dim", embedding_dim);
      field("experts", experts);
      field("classes", classes);
      field("dropout", dropout);
      field("dtype", dtype);
    }
  };
  explicit ExpertsClassifier(const Config& config) : config_(config) {}
  const Config& config() const { return config_; }

  linnet::Tensor forward(const linnet::Tensor& ids) const {
    namespace ops = linnet::ops;
    const std::int64_t batch = ids.dim(0), length = ids.dim(1), dim = config_.embedding_dim;
    const linnet::Tensor words = ops::dropout(embedding_(ops::reshape(ids, {-1})), config_.dropout);
    const linnet::Tensor mixed = ops::reshape(words + experts_(words), {batch, length, dim});
    const linnet::Tensor present = ops::not_equal(ids, linnet::Tensor::zeros({}, linnet::DType::int32));
    const linnet::Tensor share = ops::expand_dims(present.cast(mixed.dtype()), -1);
    const linnet::Tensor mean = ops::sum(mixed * share, {.axes = {1}}) / (ops::sum(share, {.axes = {1}}) + 1e-6);
    return output_(mean);
  }

 private:
  Config config_;
  linnet::Embedding& embedding_ =
      add<linnet::Embedding>("embedding", {.input_dim = config_.vocabulary_size, .output_dim = config_.embedding_dim, .dtype = config_.dtype});
  MixtureOfExperts& experts_ = add<MixtureOfExperts>(
      "experts", {.dim = config_.embedding_dim, .intermediate_dim = 2 * config_.embedding_dim, .experts = config_.experts, .dtype = config_.dtype});
  linnet::Dense& output_ = add<linnet::Dense>("output", {.input_dim = config_.embedding_dim, .units = config_.classes, .dtype = config_.dtype});
};
inline const bool experts_classifier_registered = linnet::register_layer<ExpertsClassifier>("ExpertsClassifier");
