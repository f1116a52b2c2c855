#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// w -= lr sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g. Slot: momentum. Throws unless 0 < beta_1 <= 1.
/// Source: keras.optimizers.Lion; Chen et al. 2023, arXiv:2302.06675, algorithm 2.
class Lion : public Optimizer {
 public:
  struct Config {
    double beta_1 = 0.9;
    double beta_2 = 0.99;
    void fields(FieldVisitor& field);
  };
  explicit Lion(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Lion(parameters, common, Config()) {}
  Lion(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  std::vector<Tensor> momentums_;
};

}  // namespace linnet
