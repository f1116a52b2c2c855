#pragma once

#include "tests/support/op_cases.h"

namespace linnet::testing {

OpFamily add_layer_norm_family();
OpFamily attention_family();
OpFamily attention_with_scores_family();
OpFamily concatenated_dense_family();
OpFamily dense_family();
OpFamily dropout_family();
OpFamily layer_norm_family();
OpFamily matmul_family();

}  // namespace linnet::testing
