#pragma once

#include "framework/core/activation.h"
#include "tests/support/op_cases.h"

namespace linnet::testing {

/// An elementwise activation in plain mathematics.
double activated(Activation activation, double x);

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
/// One an activation, and softmax and its like.
std::vector<OpFamily> activation_families();
/// Arithmetic and comparisons with broadcasting.
std::vector<OpFamily> elementwise_families();
/// Normalisation and pooling of rows.
std::vector<OpFamily> pooling_families();
/// sum, max and their like, and cumsum.
std::vector<OpFamily> reduction_families();
/// embedding, first_rows and the views.
std::vector<OpFamily> row_families();
/// transpose and einsum.
std::vector<OpFamily> shape_families();
/// Cutting, joining and padding.
std::vector<OpFamily> slicing_families();
/// take and its like.
std::vector<OpFamily> indexing_families();
/// Functions of one element, scale and clip.
std::vector<OpFamily> unary_families();

}  // namespace linnet::testing
