#pragma once

#include <string>
#include <vector>

#include "framework/io/hdf5_file.h"
#include "models/bert/bert_backbone.h"

namespace linnet::testing {

/// The numbers of a dataset.
std::vector<double> golden_values(const Hdf5File& file, const std::string& path);
/// Paths of every dataset in the file.
std::vector<std::string> golden_datasets(const Hdf5File& file);
/// The group inputs/{token_ids, segment_ids, padding_mask} below `group`.
BertInputs golden_inputs(const Hdf5File& file, const std::string& group);
/// Compares sequence_output and pooled_output of `group` with a forward pass, at the tolerance of a float32 or float64
/// forward pass (fixtures/README.md).
void golden_forward(const std::string& case_name, const Hdf5File& file, const std::string& group, const BertBackbone& backbone,
                    const BertInputs& inputs);
/// Absolute tolerance of a forward pass in that dtype (fixtures/README.md).
double forward_tolerance(DType dtype);

}  // namespace linnet::testing
