#include "framework/optim/adafactor.h"

#include <algorithm>
#include <cmath>

namespace linnet {

void Adafactor::Config::fields(FieldVisitor& field) {
  field("beta_2_decay", beta_2_decay);
  field("epsilon_1", epsilon_1);
  field("epsilon_2", epsilon_2);
  field("clip_threshold", clip_threshold);
  field("relative_step", relative_step);
}

namespace {

template <class T>
T root_mean_square(const T* x, std::int64_t size) {
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return static_cast<T>(std::sqrt(sum / static_cast<double>(size)));
}

/// What the moments of one step are blended with.
template <class T>
struct Moments {
  T beta_2, epsilon_1;
  T blend(T old, T fresh) const { return beta_2 * old + (1 - beta_2) * fresh; }
  T square(T g) const { return g * g + epsilon_1; }
};

/// g, v: (rows, columns); r: (rows); c: (columns).
template <class T>
void update_factors(const Moments<T>& moments, const T* g, std::int64_t rows, std::int64_t columns, T* r, T* c, T* v) {
  std::vector<T> column_sums(static_cast<std::size_t>(columns));
  T row_total = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    T sum = 0;
    for (std::int64_t j = 0; j < columns; ++j) {
      const T square = moments.square(g[i * columns + j]);
      sum += square;
      column_sums[static_cast<std::size_t>(j)] += square;
    }
    r[i] = moments.blend(r[i], sum / static_cast<T>(columns));
    row_total += r[i];
  }
  for (std::int64_t j = 0; j < columns; ++j) c[j] = moments.blend(c[j], column_sums[static_cast<std::size_t>(j)] / static_cast<T>(rows));
  const T mean = row_total / static_cast<T>(rows);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) v[i * columns + j] = r[i] / mean * c[j];
}

}  // namespace

Adafactor::Adafactor(const std::vector<Parameter>& parameters, const OptimizerConfig& common, const Config& config)
    : Optimizer("Adafactor", parameters, common), config_(config) {
  for (const Parameter& parameter : this->parameters()) {
    Slots slots;
    Shape row = parameter.tensor.shape();
    const std::string prefix = slot_prefix(parameter);
    if (row.size() >= 2) {
      Shape column = row;
      column.erase(column.end() - 2);
      row.pop_back();
      slots.row = add_state(prefix + "_row_velocity", Tensor::zeros(row, parameter.tensor.dtype()));
      slots.column = add_state(prefix + "_column_velocity", Tensor::zeros(column, parameter.tensor.dtype()));
    }
    slots.velocity = add_state(prefix + "_velocity", Tensor::zeros(parameter.tensor.shape(), parameter.tensor.dtype()));
    slots_.push_back(slots);
  }
}

void Adafactor::update(std::span<const Update> updates) {
  for (const Update& update : updates) {
    decay_weight(update);
    const Tensor gradient = clamped_gradient(update);
    dispatch_real(gradient.dtype(), "Adafactor", [&]<class T>() {
      const T t = static_cast<T>(local_step());
      const T bound = 1 / std::sqrt(t);
      const T rate = config_.relative_step ? std::min(static_cast<T>(update.learning_rate), bound) : static_cast<T>(update.learning_rate);
      const Moments<T> moments{1 - std::pow(t, static_cast<T>(config_.beta_2_decay)), static_cast<T>(config_.epsilon_1)};
      const T* g = gradient.data<T>().data();
      Slots& slots = slots_[update.index];
      Tensor weight = update.weight;
      T *v = slots.velocity.mutable_data<T>().data(), *w = weight.mutable_data<T>().data();
      const std::int64_t size = gradient.size();
      const T step = std::max(static_cast<T>(config_.epsilon_2), root_mean_square(w, size)) * std::min(rate, bound);
      if (slots.row.defined()) {
        const std::int64_t rows = gradient.dim(-2), columns = gradient.dim(-1), table = rows * columns;
        T *r = slots.row.mutable_data<T>().data(), *c = slots.column.mutable_data<T>().data();
        parallel_tasks(table == 0 ? 0 : size / table,
                       [&](std::int64_t i) { update_factors(moments, g + i * table, rows, columns, r + i * rows, c + i * columns, v + i * table); });
      } else {
        for (std::int64_t i = 0; i < size; ++i) v[i] = moments.blend(v[i], moments.square(g[i]));
      }
      std::vector<T> u(static_cast<std::size_t>(size));
      for (std::int64_t i = 0; i < size; ++i) u[static_cast<std::size_t>(i)] = g[i] / std::sqrt(v[i]);
      const T limit = std::max(T(1), root_mean_square(u.data(), size) / static_cast<T>(config_.clip_threshold));
      for (std::int64_t i = 0; i < size; ++i) w[i] -= step * (u[static_cast<std::size_t>(i)] / limit);
    });
  }
}

}  // namespace linnet
