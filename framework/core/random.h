#pragma once

#include <cstdint>

#include "framework/core/tensor.h"

namespace linnet {

/// Where the process's counted randomness stands. Every random number is Philox4x32-10 of this position and its own index,
/// so that a run resumes bit for bit from these numbers. Source: Salmon et al. 2011, doi:10.1145/2063384.2063405.
struct RandomState {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;         ///< advanced by optimizers: all tapes of one step share it
  std::uint32_t op = 0;           ///< random ops of this step's tape so far; a new outermost tape starts at 0
  std::uint32_t initialized = 0;  ///< weights initialised since set_seed
  bool operator==(const RandomState&) const = default;
};

/// Restarts all randomness: {seed, 0, 0, 0}.
void set_seed(std::uint64_t seed);
RandomState random_state();
void set_random_state(const RandomState& state);
/// Called by optimizers after an update.
void advance_random_step();
/// Called when an outermost tape starts.
void restart_random_ops();

/// What one random op draws from: element (row, column) of its mask has the counter (row, column / 4, op, step) under key `seed`.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint32_t step = 0, op = 0;
};
/// The next stream of this step; counts the op.
RandomStream next_random_stream();
/// The next stream for initialising a weight; counts the weight. Never overlaps with those of ops.
RandomStream next_initializer_stream();

/// Four words for one counter: the reference that kernels vectorise.
struct PhiloxBlock {
  std::uint32_t words[4];
};
PhiloxBlock philox(std::uint64_t key, std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3);

/// Element i is uniform in [0, 1) with 24 bits (float32) or 53 bits (float64): the same numbers for any thread count.
Tensor random_uniform(const Shape& shape, DType dtype, const RandomStream& stream);
/// Standard normal by Box and Muller 1958 from the same words.
Tensor random_normal(const Shape& shape, DType dtype, const RandomStream& stream);
/// Standard normal with samples beyond two standard deviations drawn again, as Keras' TruncatedNormal.
Tensor random_truncated_normal(const Shape& shape, DType dtype, const RandomStream& stream);

}  // namespace linnet
