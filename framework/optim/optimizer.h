#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/fields.h"
#include "framework/layers/parameter.h"
#include "framework/optim/update.h"

namespace linnet {

/// What every optimizer takes, with Keras' names and meanings.
struct OptimizerConfig {
  std::optional<double> weight_decay = {};     ///< w -= w * weight_decay * learning_rate before each update
  std::optional<double> clipnorm = {};         ///< largest norm of each gradient alone; at most one of the three
  std::optional<double> clipvalue = {};        ///< largest magnitude of each element
  std::optional<double> global_clipnorm = {};  ///< largest norm of all gradients together
  bool use_ema = false;                        ///< keep moving averages of the weights
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};      ///< updates between overwriting the weights by their averages
  std::optional<double> loss_scale_factor = {};                  ///< the caller scaled the loss by it: gradients are divided
  std::optional<std::int64_t> gradient_accumulation_steps = {};  ///< calls of step() that share one update with their mean gradient
  std::vector<std::string> exclude_from_weight_decay = {};       ///< regular expressions searched in a weight's name: bias, gamma, beta
  void fields(FieldVisitor& field);
};

/// Updates weights by their gathered gradients, with Keras' semantics. Source: keras.optimizers.Optimizer.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Takes (and clears) the gradients of all parameters: divides by loss_scale_factor, accumulates, clips, decays, updates,
  /// averages, counts. A parameter without a gradient is left alone, its decay included. After each update the random step
  /// advances (core/random.h); calls that only accumulate share the step of their update, so that sequences are told apart by
  /// SequenceLayout::first_row alone, as in one large batch. `loss_scale`, as loss_scale_factor, is what the loss was multiplied by
  /// (loss_scale_optimizer.h). Throws std::invalid_argument if no parameter has a gradient or learning_rate is not finite. With
  /// clipnorm or global_clipnorm, whose norms show it at no cost, throws std::runtime_error naming parameter and call if a gradient
  /// is NaN or infinite: it is dropped, and weights and slots are as they were.
  void step(double learning_rate, double loss_scale = 1);

  /// Calls of step(): what a schedule is asked for. Without accumulation, the number of updates.
  std::int64_t calls() const;
  /// Updates so far.
  std::int64_t iterations() const;
  /// L2 norm of all gradients of the last update before clipping. Empty without clipnorm and global_clipnorm, which need norms anyway.
  std::optional<double> last_global_norm() const { return last_global_norm_; }

  /// All that a resumed run needs, in Keras' order and with Keras' paths: "adam_w/iteration" (int32 scalar, the calls), then
  /// slots as "adam_w/<weight path with _ for />_momentum". Handles share memory: assign to them to restore.
  std::vector<Parameter> state() const { return state_; }
  /// The weights that this optimizer trains.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Parameters whose path the regular expression is found in learn (and decay) at `factor` times the rate; factors of several
  /// calls multiply: layer-wise decay is one call a layer. Throws if nothing matches or the factor is not finite.
  void scale_learning_rate(const std::string& pattern, double factor);
  /// Layer-wise decay: of n patterns, from the input up, parameters whose path the i-th is found in learn at decay^(n - i) times
  /// the rate, all others (the head) at the full one. A pattern of frozen parameters finds nothing and counts nevertheless. Throws
  /// unless 0 < decay <= 1. Source: Howard and Ruder 2018, arXiv:1801.06146; with the head at the full rate as Clark et al. 2020,
  /// arXiv:2003.10555.
  void decay_learning_rate_by_layer(std::span<const std::string> patterns, double decay);
  /// Weights become their moving averages: the end of training with use_ema. Throws unless use_ema is on.
  void overwrite_with_averages();

 protected:
  /// Keeps the parameters that require a gradient. `class_name` is Keras' ("AdamW") and begins each error.
  /// Throws std::invalid_argument if none is left, one comes twice, or the config is out of range.
  Optimizer(std::string_view class_name, const std::vector<Parameter>& parameters, const OptimizerConfig& config);

  /// One slot per parameter and suffix, of the weight's shape and dtype; result[suffix][parameter].
  std::vector<std::vector<Tensor>> add_slots(std::initializer_list<std::string_view> suffixes, double initial = 0);
  /// A tensor of the state under a name of its own; returns it.
  Tensor add_state(const std::string& name, Tensor tensor);
  /// The weight's path with _ for /: what its slots' names begin with.
  static std::string slot_prefix(const Parameter& parameter);
  /// iterations() + 1 while update() runs: the t of bias corrections.
  std::int64_t local_step() const { return iterations() + 1; }

 private:
  /// Applies one update: w, slots <- gradient. Decay and clipping are left to it, see Update.
  virtual void update(std::span<const Update> updates) = 0;
  /// True if update() takes gradients by rows.
  virtual bool takes_rows() const { return false; }

  bool scale_rates(const std::regex& expression, double factor);
  std::regex regular_expression(const std::string& pattern, std::string_view what) const;
  void check_config(std::string_view class_name) const;
  void accumulate(std::vector<Update>& updates, bool last);
  std::vector<double> finite_norms(const std::vector<Update>& updates) const;
  void clip(std::vector<Update>& updates, const std::vector<double>& norms);
  void average();

  std::string class_name_, name_;
  OptimizerConfig config_;
  std::vector<Parameter> parameters_, state_;
  std::vector<bool> decays_;
  std::vector<double> rate_factors_;
  std::vector<Tensor> averages_, accumulators_;
  Tensor calls_;
  std::optional<double> last_global_norm_;
};

/// An optimizer by Keras' class name in any case ("adamw"), with `config` as JSON: the fields of OptimizerConfig and of the
/// class, without learning_rate. Throws std::invalid_argument that lists the names, or names the key and value.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Parameter>& parameters, std::string_view config = "{}");
/// The names, sorted.
std::vector<std::string> optimizer_names();

}  // namespace linnet
