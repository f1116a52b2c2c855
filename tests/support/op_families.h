#pragma once

#include "tests/support/op_cases.h"

namespace linnet::testing {

OpFamily add_layer_norm_family();
OpFamily attention_family();
OpFamily attention_with_scores_family();
OpFamily categorical_crossentropy_family();
OpFamily concatenated_dense_family();
OpFamily cross_entropy_family();
OpFamily dense_family();
OpFamily dropout_family();
OpFamily layer_norm_family();
/// Those of ops/losses.h.
std::vector<OpFamily> loss_families();
OpFamily matmul_family();
/// Arithmetic with broadcasting and activations.
std::vector<OpFamily> elementwise_families();
/// scale, sum and mean.
std::vector<OpFamily> reduction_families();
/// embedding, first_rows and the views.
std::vector<OpFamily> row_families();

}  // namespace linnet::testing
