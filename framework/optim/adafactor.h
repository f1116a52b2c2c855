#pragma once

#include "framework/optim/optimizer.h"

namespace linnet {

/// Second moments of tables kept as their row and column means: with rho = min(lr, 1 / sqrt(t)), s = g² + epsilon_1 and
/// b = 1 - t^beta_2_decay: r = b r + (1 - b) mean over columns of s, c likewise over rows, v = r c / mean(r) (below two axes
/// v = b v + (1 - b) s); u = g / sqrt(v); w -= max(epsilon_2, rms(w)) rho u / max(1, rms(u) / clip_threshold).
/// The last two axes are factored. Slots of a table: row_velocity and column_velocity (Keras gives both the weight's bare
/// name), then velocity. relative_step bounds lr by 1 / sqrt(t), which rho does in any case.
/// Source: keras.optimizers.Adafactor; Shazeer and Stern 2018, arXiv:1804.04235, algorithms 4 and 5.
class Adafactor : public Optimizer {
 public:
  struct Config {
    double beta_2_decay = -0.8;
    double epsilon_1 = 1e-30;
    double epsilon_2 = 1e-3;
    double clip_threshold = 1;
    bool relative_step = true;
    void fields(FieldVisitor& field);
  };
  explicit Adafactor(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Adafactor(parameters, common, Config()) {}
  Adafactor(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  void update(std::span<const Update> updates) override;

  Config config_;
  struct Slots {
    Tensor row, column, velocity;  // the first two undefined below two axes
  };
  std::vector<Slots> slots_;
};

}  // namespace linnet
