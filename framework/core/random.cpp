#include "framework/core/random.h"

#include <cmath>
#include <mutex>
#include <numbers>

namespace linnet {
namespace {

constexpr std::uint32_t kInitializerStep = 0xffffffffu;  // a step that training never reaches

struct State {
  std::mutex mutex;
  RandomState value;
};
State& state() {
  static State instance;
  return instance;
}

/// Two 53-bit uniforms in [0, 1) of one block.
struct UniformPair {
  double first, second;
};
UniformPair uniform_pair(const RandomStream& stream, std::uint64_t index, std::uint32_t attempt) {
  const PhiloxBlock block =
      philox(stream.seed, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32) ^ (attempt << 16), stream.op, stream.step);
  const auto join = [](std::uint32_t high, std::uint32_t low) { return static_cast<double>((std::uint64_t{high} << 21) ^ (low >> 11)) * 0x1p-53; };
  return {join(block.words[0], block.words[1]), join(block.words[2], block.words[3])};
}

double normal(const RandomStream& stream, std::uint64_t index, std::uint32_t attempt) {
  const UniformPair u = uniform_pair(stream, index, attempt);
  return std::sqrt(-2 * std::log(1 - u.first)) * std::cos(2 * std::numbers::pi * u.second);
}

template <class F>
Tensor fill(const Shape& shape, DType dtype, F&& value) {
  Tensor result = Tensor::empty(shape, dtype);
  dispatch_real(dtype, "random", [&]<class T>() {
    const std::span<T> out = result.mutable_data<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(value(i));
  });
  return result;
}

}  // namespace

void set_seed(std::uint64_t seed) { set_random_state({seed, 0, 0, 0}); }

RandomState random_state() {
  const std::lock_guard lock(state().mutex);
  return state().value;
}

void set_random_state(const RandomState& value) {
  const std::lock_guard lock(state().mutex);
  state().value = value;
}

void advance_random_step() {
  const std::lock_guard lock(state().mutex);
  ++state().value.step;
  state().value.op = 0;
}

void restart_random_ops() {
  const std::lock_guard lock(state().mutex);
  state().value.op = 0;
}

RandomStream next_random_stream() {
  const std::lock_guard lock(state().mutex);
  return {state().value.seed, state().value.step, state().value.op++};
}

RandomStream next_initializer_stream() {
  const std::lock_guard lock(state().mutex);
  return {state().value.seed, kInitializerStep, state().value.initialized++};
}

PhiloxBlock philox(std::uint64_t key, std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3) {
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0, p1 = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

Tensor random_uniform(const Shape& shape, DType dtype, const RandomStream& stream) {
  // Truncated, not rounded, to the dtype's bits: rounding could give 1.
  const double bits = dtype == DType::float32 ? 0x1p24 : 0x1p53;
  return fill(shape, dtype, [&](std::uint64_t i) { return std::floor(uniform_pair(stream, i, 0).first * bits) / bits; });
}

Tensor random_normal(const Shape& shape, DType dtype, const RandomStream& stream) {
  return fill(shape, dtype, [&](std::uint64_t i) { return normal(stream, i, 0); });
}

Tensor random_truncated_normal(const Shape& shape, DType dtype, const RandomStream& stream) {
  return fill(shape, dtype, [&](std::uint64_t i) {
    for (std::uint32_t attempt = 0;; ++attempt)
      if (const double x = normal(stream, i, attempt); std::abs(x) <= 2) return x;
  });
}

}  // namespace linnet
