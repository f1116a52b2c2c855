#pragma once

#include "framework/core/profile.h"
#include "framework/optim/optimizer.h"

namespace linnet {

/// m += (g - m)(1 - beta_1); v += (g² - v)(1 - beta_2); w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon),
/// in one pass over each weight. amsgrad: the largest v so far takes v's place. Slots: momentum (m), velocity (v), velocity_hat.
/// The gradient of an embedding table stays by rows: a row that never had one is read and written only if it decays; the bits
/// are those of the dense update. Source: keras.optimizers.Adam; Kingma and Ba 2014, arXiv:1412.6980, section 2, last paragraph
/// (epsilon outside of the bias correction); Reddi et al. 2018 (AMSGrad).
class Adam : public Optimizer {
 public:
  struct Config {
    double beta_1 = 0.9, beta_2 = 0.999;
    double epsilon = 1e-7;
    bool amsgrad = false;
    void fields(FieldVisitor& field);
  };
  explicit Adam(const std::vector<Parameter>& parameters, const OptimizerConfig& common = {}) : Adam(parameters, common, Config()) {}
  Adam(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 protected:
  Adam(std::string_view class_name, const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config);

 private:
  /// Which rows of a table have moments other than zero, as of the slots' versions: a restored slot has another.
  struct Rows {
    std::vector<std::uint8_t> touched;
    std::vector<std::uint64_t> versions;
  };

  void update(std::span<const Update> updates) override;
  bool takes_rows() const override { return true; }
  std::vector<std::uint64_t> slot_versions(std::size_t index) const;
  Cost cost_of(const Update& update) const;
  void find_touched(const Update& update, bool all);

  Config config_;
  std::vector<std::vector<Tensor>> slots_;  // m, v, v_hat if amsgrad
  std::vector<Rows> rows_;
};

}  // namespace linnet
