#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "framework/autograd/tape.h"

namespace linnet {

/// The tensors that f returns, without what its ops would keep for backward: only what f itself holds stays alive, and
/// backward runs f once more to have the rest. Under a tape f runs twice, with the same random numbers, so it must compute
/// the same from what it captured (by value: it runs again later). Gradients are the same bits as without, of everything that
/// f uses, captured parameters included. Checkpoints nest. Without a tape this is f(). Throws std::invalid_argument in
/// backward if f then returns other shapes. Source: Chen et al. 2016, arXiv:1604.06174.
std::vector<Tensor> checkpoint_all(const std::function<std::vector<Tensor>()>& f);

/// f(inputs...), recomputed in backward: see checkpoint_all. f returns a Tensor, or a std::vector of them; a layer goes in as
/// std::cref(layer) and must outlive the tape.
template <class F, class... Inputs>
auto checkpoint(F f, Inputs... inputs) {
  if constexpr (std::is_same_v<std::invoke_result_t<F&, const Inputs&...>, std::vector<Tensor>>) {
    return checkpoint_all([=]() mutable { return f(inputs...); });
  } else {
    return checkpoint_all([=]() mutable { return std::vector<Tensor>{f(inputs...)}; })[0];
  }
}

}  // namespace linnet
