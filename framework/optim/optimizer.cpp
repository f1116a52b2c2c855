#include "framework/optim/optimizer.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "framework/core/error.h"
#include "framework/core/profile.h"
#include "framework/core/random.h"

namespace linnet {
namespace {

/// "AdamW" -> "adam_w", "RMSprop" -> "rm_sprop": keras.src.utils.naming.to_snake_case.
std::string snake_case(const std::string& name) {
  std::string result = std::regex_replace(name, std::regex("(.)([A-Z][a-z]+)"), "$1_$2");
  result = std::regex_replace(result, std::regex("([a-z])([A-Z])"), "$1_$2");
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// to = a * first + b * second, element by element; to may be either.
void blend(double a, const Tensor& first, double b, const Tensor& second, Tensor to) {
  dispatch_real(to.dtype(), "optimizer", [&]<class T>() {
    const T *x = first.data<T>().data(), *y = second.data<T>().data();
    T* z = to.mutable_data<T>().data();
    const T p = static_cast<T>(a), q = static_cast<T>(b);
    parallel_rows(to.size(), 3, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) z[i] = p * x[i] + q * y[i];
    });
  });
}

}  // namespace

void OptimizerConfig::fields(FieldVisitor& field) {
  field("weight_decay", weight_decay, "share of a weight taken off per unit of learning rate");
  field("clipnorm", clipnorm, "largest norm of each gradient");
  field("clipvalue", clipvalue, "largest magnitude of a gradient's element");
  field("global_clipnorm", global_clipnorm, "largest norm of all gradients together");
  field("use_ema", use_ema, "keep moving averages of the weights");
  field("ema_momentum", ema_momentum, "share of the old average kept");
  field("ema_overwrite_frequency", ema_overwrite_frequency, "updates between overwriting the weights by their averages");
  field("loss_scale_factor", loss_scale_factor, "gradients are divided by it");
  field("gradient_accumulation_steps", gradient_accumulation_steps, "steps that share one update");
  field("exclude_from_weight_decay", exclude_from_weight_decay, "regular expressions searched in weight names");
}

Optimizer::Optimizer(std::string_view class_name, const std::vector<Parameter>& parameters, const OptimizerConfig& config)
    : class_name_(class_name), name_(snake_case(class_name_)), config_(config) {
  check_config(class_name);
  std::set<const GradSlot*> seen;
  for (const Parameter& parameter : parameters) {
    if (!parameter.tensor.requires_grad()) continue;
    check(seen.insert(parameter.tensor.grad_slot().get()).second, class_name, ": each parameter may come once, got ", parameter.path, " again");
    parameters_.push_back(parameter);
  }
  check(!parameters_.empty(), class_name, ": at least one parameter must require a gradient, got none of ", parameters.size(),
        " (set_trainable(true) unfreezes a layer)");

  std::vector<std::regex> excluded;
  for (const std::string& pattern : config.exclude_from_weight_decay) excluded.push_back(regular_expression(pattern, "exclude_from_weight_decay"));
  for (const Parameter& parameter : parameters_) {
    const std::string name = parameter.path.substr(parameter.path.rfind('/') + 1);
    bool decays = config.weight_decay.has_value();
    for (const std::regex& pattern : excluded) decays = decays && !std::regex_search(name, pattern);
    decays_.push_back(decays);
  }
  rate_factors_.assign(parameters_.size(), 1);

  calls_ = add_state("iteration", Tensor::zeros({}, DType::int32));
  if (config.use_ema) averages_ = add_slots({"average"})[0];
  if (config.gradient_accumulation_steps) accumulators_ = add_slots({"gradient_accumulator"})[0];
}

void Optimizer::check_config(std::string_view class_name) const {
  std::string set;
  for (const auto& [name, value] :
       {std::pair{"clipnorm", config_.clipnorm}, std::pair{"clipvalue", config_.clipvalue}, std::pair{"global_clipnorm", config_.global_clipnorm}})
    if (value) {
      check(*value > 0, class_name, ": ", name, " must be positive, got ", *value);
      check(set.empty(), class_name, ": only one of clipnorm, clipvalue and global_clipnorm may be set, got ", set, " and ", name);
      set = name;
    }
  check(!config_.gradient_accumulation_steps || *config_.gradient_accumulation_steps >= 2, class_name,
        ": gradient_accumulation_steps must be at least 2, got ", config_.gradient_accumulation_steps.value_or(0), " (leave it out for none)");
  check(config_.ema_momentum >= 0 && config_.ema_momentum <= 1, class_name, ": ema_momentum must lie in [0, 1], got ", config_.ema_momentum);
  check(!config_.ema_overwrite_frequency || *config_.ema_overwrite_frequency >= 1, class_name, ": ema_overwrite_frequency must be at least 1, got ",
        config_.ema_overwrite_frequency.value_or(0));
  check(!config_.loss_scale_factor || (std::isfinite(*config_.loss_scale_factor) && *config_.loss_scale_factor > 0), class_name,
        ": loss_scale_factor must be positive and finite, got ", config_.loss_scale_factor.value_or(1));
}

std::vector<std::vector<Tensor>> Optimizer::add_slots(std::initializer_list<std::string_view> suffixes, double initial) {
  std::vector<std::vector<Tensor>> result(suffixes.size());
  for (const Parameter& parameter : parameters_) {
    std::size_t i = 0;
    for (const std::string_view suffix : suffixes)
      result[i++].push_back(
          add_state(cat(slot_prefix(parameter), '_', suffix), Tensor::full(parameter.tensor.shape(), initial, parameter.tensor.dtype())));
  }
  return result;
}

Tensor Optimizer::add_state(const std::string& name, Tensor tensor) {
  state_.push_back({cat(name_, '/', name), tensor});
  return tensor;
}

std::string Optimizer::slot_prefix(const Parameter& parameter) {
  std::string prefix = parameter.path;
  std::ranges::replace(prefix, '/', '_');
  return prefix;
}

std::int64_t Optimizer::calls() const { return calls_.data<std::int32_t>()[0]; }
std::int64_t Optimizer::iterations() const { return calls() / config_.gradient_accumulation_steps.value_or(1); }

void Optimizer::step(double learning_rate, double loss_scale) {
  check(std::isfinite(learning_rate), class_name_, ": learning_rate must be finite, got ", learning_rate);
  check(std::isfinite(loss_scale) && loss_scale > 0, class_name_, ": loss_scale must be positive and finite, got ", loss_scale);
  const ProfileScope profiled(class_name_);
  std::vector<Update> updates;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    std::optional<Update> update = take_update(i, parameters_[i].tensor, takes_rows() && accumulators_.empty());
    if (!update) continue;
    update->scale = 1 / (config_.loss_scale_factor.value_or(1) * loss_scale);
    update->learning_rate = learning_rate * rate_factors_[i];
    if (decays_[i]) update->weight_decay = *config_.weight_decay;
    updates.push_back(std::move(*update));
  }
  check(!updates.empty(), class_name_, ": at least one parameter must have a gradient, got none (call Tape::backward first)");

  const bool applies = (calls() + 1) % config_.gradient_accumulation_steps.value_or(1) == 0;
  std::vector<double> norms = finite_norms(updates);
  if (!accumulators_.empty()) {
    accumulate(updates, applies);
    if (applies) norms = finite_norms(updates);
  }
  if (applies) {
    clip(updates, norms);
    update(updates);
    advance_random_step();
  }
  if (config_.use_ema) average();
  ++calls_.mutable_data<std::int32_t>()[0];
}

void Optimizer::accumulate(std::vector<Update>& updates, bool last) {
  for (Update& update : updates) {
    Tensor& sum = accumulators_[update.index];
    if (last) {
      Tensor mean = Tensor::like(sum);
      const double share = 1 / static_cast<double>(*config_.gradient_accumulation_steps);
      blend(share, sum, share * update.scale, update.gradient, mean);
      update.gradient = mean;
      update.scale = 1;
    } else {
      blend(1, sum, update.scale, update.gradient, sum);
    }
  }
  if (last)
    for (Tensor& sum : accumulators_) sum.assign(Tensor::zeros(sum.shape(), sum.dtype()));
}

/// Of each gradient, unless no clipping needs them.
std::vector<double> Optimizer::finite_norms(const std::vector<Update>& updates) const {
  if (!config_.clipnorm && !config_.global_clipnorm) return {};
  if (ProfileScope::profiling())
    for (const Update& update : updates)
      ProfileScope::add_cost(
          {2 * static_cast<double>(update.gradient.size()), static_cast<double>(update.gradient.size() * size_of(update.gradient.dtype()))});
  std::vector<double> norms = sums_of_squares(updates);
  for (std::size_t i = 0; i < norms.size(); ++i) {
    norms[i] = std::sqrt(norms[i]) * updates[i].scale;
    check_file(std::isfinite(norms[i]), class_name_, ": the norm of a gradient must be finite, got ", norms[i], " for ",
               parameters_[updates[i].index].path, " at step ", calls() + 1);
  }
  return norms;
}

void Optimizer::clip(std::vector<Update>& updates, const std::vector<double>& norms) {
  last_global_norm_.reset();
  if (config_.clipvalue)
    for (Update& update : updates) update.clip = *config_.clipvalue;
  if (norms.empty()) return;
  double total = 0;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    total += norms[i] * norms[i];
    if (config_.clipnorm) updates[i].scale *= norms[i] <= *config_.clipnorm ? 1 : *config_.clipnorm / norms[i];
  }
  last_global_norm_ = std::sqrt(total);
  if (!config_.global_clipnorm) return;
  const double norm = *last_global_norm_, limit = *config_.global_clipnorm;
  for (Update& update : updates) update.scale *= norm <= limit ? 1 : limit / norm;
}

void Optimizer::average() {
  // The first average is the weights themselves.
  const double momentum = iterations() == 0 ? 0 : config_.ema_momentum;
  for (std::size_t i = 0; i < parameters_.size(); ++i) blend(momentum, averages_[i], 1 - momentum, parameters_[i].tensor, averages_[i]);
  if (config_.ema_overwrite_frequency && local_step() % *config_.ema_overwrite_frequency == 0) overwrite_with_averages();
}

std::regex Optimizer::regular_expression(const std::string& pattern, std::string_view what) const {
  try {
    return std::regex(pattern);
  } catch (const std::regex_error&) {
    throw std::invalid_argument(cat(class_name_, ": ", what, " must be a regular expression, got '", pattern, "'"));
  }
}

void Optimizer::scale_learning_rate(const std::string& pattern, double factor) {
  check(std::isfinite(factor), class_name_, ": the factor of a learning rate must be finite, got ", factor);
  check(scale_rates(regular_expression(pattern, "the pattern of scale_learning_rate"), factor), class_name_,
        ": the pattern of scale_learning_rate must match a parameter's path, got '", pattern, "'");
}

bool Optimizer::scale_rates(const std::regex& expression, double factor) {
  bool found = false;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (std::regex_search(parameters_[i].path, expression)) {
      rate_factors_[i] *= factor;
      found = true;
    }
  return found;
}

void Optimizer::decay_learning_rate_by_layer(std::span<const std::string> patterns, double decay) {
  check(decay > 0 && decay <= 1, class_name_, ": the decay of learning rates must lie in (0, 1], got ", decay);
  for (std::size_t i = 0; i < patterns.size(); ++i)
    scale_rates(regular_expression(patterns[i], "the pattern of decay_learning_rate_by_layer"),
                std::pow(decay, static_cast<double>(patterns.size() - i)));
}

void Optimizer::overwrite_with_averages() {
  check(config_.use_ema, class_name_, ": overwrite_with_averages needs use_ema, got an optimizer without averages");
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].tensor.assign(averages_[i]);
}

}  // namespace linnet
