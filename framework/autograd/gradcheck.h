#pragma once

#include <functional>
#include <string>
#include <vector>

#include "framework/core/tensor.h"

namespace linnet {

/// How closely gradcheck compares.
struct GradcheckOptions {
  double epsilon = 1e-6;  ///< step of the central difference
  double atol = 1e-8, rtol = 1e-6;
};

/// Compares f's whole Jacobian with central differences: |analytic - numeric| <= atol + rtol * max(|analytic|, |numeric|) for
/// each element of f() against each element of each input, which f reads through the same handles. f runs under a tape with
/// the same random numbers each time, so dropout is checked too. Throws std::runtime_error with the worst element, named
/// `<name> input <i> element <j>`; std::invalid_argument unless inputs and output are float64.
void gradcheck(const std::string& name, const std::function<Tensor()>& f, std::vector<Tensor> inputs, const GradcheckOptions& options = {});

/// The same along one random direction in the space of all inputs and one random combination of the outputs: cheap enough
/// for whole models.
void gradcheck_direction(const std::string& name, const std::function<Tensor()>& f, std::vector<Tensor> inputs, const GradcheckOptions& options = {});

}  // namespace linnet
