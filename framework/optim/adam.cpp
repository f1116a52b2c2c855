#include "framework/optim/adam.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "framework/core/error.h"
#include "framework/core/profile.h"
#include "framework/kernels/table.h"

namespace linnet {
namespace {

constexpr std::int64_t kElementsPerPart = 16384;  // of one weight that one task updates

/// Elements, or rows of a table, [begin, end) of one update.
struct Part {
  std::size_t update;
  std::int64_t begin, end;
};

template <class T>
kernels::AdamStep<T> adam_step(const Adam::Config& config, const Update& update, std::int64_t t) {
  // In the weight's precision, as Keras does: near 1 a float32 beta_2 is off by more than alpha's rounding.
  const T rate = static_cast<T>(update.learning_rate), step = static_cast<T>(t);
  const T power_1 = std::pow(static_cast<T>(config.beta_1), step), power_2 = std::pow(static_cast<T>(config.beta_2), step);
  return {.scale = static_cast<T>(update.scale),
          .clip = static_cast<T>(update.clip),
          .weight_decay = static_cast<T>(update.weight_decay),
          .learning_rate = rate,
          .alpha = rate * std::sqrt(1 - power_2) / (1 - power_1),
          .one_minus_beta_1 = static_cast<T>(1 - config.beta_1),
          .one_minus_beta_2 = static_cast<T>(1 - config.beta_2),
          .epsilon = static_cast<T>(config.epsilon)};
}

template <class T>
struct Pointers {
  const T* g;
  T *w, *m, *v, *v_hat;  // v_hat null without AMSGrad
};

/// Rows [begin, end) of a table whose gradient is by rows.
template <class T>
void update_rows(const kernels::AdamStep<T>& step, const Update& update, const std::vector<std::uint8_t>& touched, std::int64_t begin,
                 std::int64_t end, const Pointers<T>& p) {
  const auto& adam = kernels::table<T>().adam;
  const std::int64_t columns = update.weight.dim(1);
  auto next = std::ranges::lower_bound(update.rows, static_cast<std::int32_t>(begin));
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t at = row * columns;
    if (touched[static_cast<std::size_t>(row)]) {
      const bool has_gradient = next != update.rows.end() && *next == row;
      const T* g = has_gradient ? p.g + (next++ - update.rows.begin()) * columns : nullptr;
      adam.update(step, g, columns, p.w + at, p.m + at, p.v + at, p.v_hat ? p.v_hat + at : nullptr);
    } else if (step.weight_decay != 0) {
      adam.decay(step, columns, p.w + at);
    }
  }
}

}  // namespace

void Adam::Config::fields(FieldVisitor& field) {
  field("beta_1", beta_1);
  field("beta_2", beta_2);
  field("epsilon", epsilon);
  field("amsgrad", amsgrad);
}

Adam::Adam(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Adam("Adam", parameters, common, config) {}

Adam::Adam(std::string_view class_name, const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer(class_name, parameters, common), config_(config), slots_(add_slots({"momentum", "velocity"})), rows_(this->parameters().size()) {
  check(config.beta_1 >= 0 && config.beta_1 < 1, class_name, ": beta_1 must lie in [0, 1), got ", config.beta_1);
  check(config.beta_2 >= 0 && config.beta_2 < 1, class_name, ": beta_2 must lie in [0, 1), got ", config.beta_2);
  if (config.amsgrad) slots_.push_back(add_slots({"velocity_hat"})[0]);
}

std::vector<std::uint64_t> Adam::slot_versions(std::size_t index) const {
  std::vector<std::uint64_t> versions;
  for (const auto& slot : slots_) versions.push_back(slot[index].version());
  return versions;
}

void Adam::find_touched(const Update& update, bool all) {
  Rows& rows = rows_[update.index];
  const auto count = static_cast<std::size_t>(update.weight.dim(0));
  const auto columns = static_cast<std::size_t>(update.weight.dim(1));
  if (all) {
    rows.touched.assign(count, 1);
  } else if (rows.versions != slot_versions(update.index)) {
    rows.touched.assign(count, 0);
    for (const auto& slot : slots_)
      dispatch_real(update.weight.dtype(), "Adam", [&]<class T>() {
        const std::span<const T> values = slot[update.index].data<T>();
        for (std::size_t row = 0; row < count; ++row)
          if (std::ranges::any_of(values.subspan(row * columns, columns), [](T value) { return value != 0; })) rows.touched[row] = 1;
      });
  }
  for (const std::int32_t row : update.rows) rows.touched[static_cast<std::size_t>(row)] = 1;
}

/// An updated element takes 14 operations, 2 more for weight decay, and has its gradient read and weight and slots read and written. In a
/// table whose gradient is by rows, rows that never had one decay alone.
Cost Adam::cost_of(const Update& update) const {
  const auto element = static_cast<double>(size_of(update.weight.dtype())), slots = static_cast<double>(slots_.size());
  auto updated = static_cast<double>(update.weight.size());
  double decayed = 0;
  if (update.by_rows) {
    const std::vector<std::uint8_t>& touched = rows_[update.index].touched;
    updated = static_cast<double>(std::ranges::count(touched, 1) * update.weight.dim(1));
    if (update.weight_decay != 0) decayed = static_cast<double>(update.weight.size()) - updated;
  }
  const double per_element = update.weight_decay != 0 ? 16 : 14;
  return {per_element * updated + 2 * decayed, element * (2 * (1 + slots) * updated + static_cast<double>(update.gradient.size()) + 2 * decayed)};
}

void Adam::update(std::span<const Update> updates) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const Update& update = updates[i];
    const std::int64_t columns = update.by_rows ? update.weight.dim(1) : 1, count = update.by_rows ? update.weight.dim(0) : update.weight.size();
    if (update.by_rows) {
      // Where zero times something is not zero, or its root divides, no row is left alone.
      const bool all = !(config_.epsilon > 0) || !std::isfinite(update.scale);
      find_touched(update, all);
    }
    if (ProfileScope::profiling()) ProfileScope::add_cost(cost_of(update));
    const std::int64_t part = std::max<std::int64_t>(1, kElementsPerPart / std::max<std::int64_t>(1, columns));
    for (std::int64_t begin = 0; begin < count; begin += part) parts.push_back({i, begin, std::min(count, begin + part)});
  }

  const WideningScope once;                  // the parts of a 16-bit weight share it
  std::vector<std::vector<void*>> pointers;  // taken before the tasks: a mutable access counts a version
  for (const Update& update : updates) {
    dispatch_real(update.weight.dtype(), "Adam", [&]<class T>() {
      pointers.push_back({Tensor(update.weight).mutable_data<T>().data()});
      for (auto& slot : slots_) pointers.back().push_back(slot[update.index].mutable_data<T>().data());
    });
    rows_[update.index].versions = update.by_rows ? slot_versions(update.index) : std::vector<std::uint64_t>();
  }

  parallel_tasks(static_cast<std::int64_t>(parts.size()), [&](std::int64_t task) {
    const Part& part = parts[static_cast<std::size_t>(task)];
    const Update& update = updates[part.update];
    const auto& raw = pointers[part.update];
    dispatch_real(update.weight.dtype(), "Adam", [&]<class T>() {
      const kernels::AdamStep<T> step = adam_step<T>(config_, update, local_step());
      const auto typed = [&](std::size_t i) { return i < raw.size() ? static_cast<T*>(raw[i]) : nullptr; };
      const Pointers<T> p{update.gradient.data<T>().data(), typed(0), typed(1), typed(2), typed(3)};
      if (update.by_rows) return update_rows(step, update, rows_[update.index].touched, part.begin, part.end, p);
      kernels::table<T>().adam.update(step, p.g + part.begin, part.end - part.begin, p.w + part.begin, p.m + part.begin, p.v + part.begin,
                                      p.v_hat ? p.v_hat + part.begin : nullptr);
    });
  });
}

}  // namespace linnet
