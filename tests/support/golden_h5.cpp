#include "tests/support/golden_h5.h"

#include "tests/support/golden.h"

namespace linnet::testing {

std::vector<double> golden_values(const Hdf5File& file, const std::string& path) { return file.read(path).to_vector(); }

std::vector<std::string> golden_datasets(const Hdf5File& file) {
  std::vector<std::string> paths, groups{""};
  while (!groups.empty()) {
    const std::string group = groups.back();
    groups.pop_back();
    for (const Hdf5File::Child& child : file.children(group))
      (child.kind == Hdf5File::Kind::dataset ? paths : groups).push_back(group.empty() ? child.name : group + "/" + child.name);
  }
  return paths;
}

BertInputs golden_inputs(const Hdf5File& file, const std::string& group) {
  const auto read = [&](const char* name) { return file.read(group + "/inputs/" + name); };
  return {read("token_ids"), read("segment_ids"), read("padding_mask")};
}

double forward_tolerance(DType dtype) { return dtype == DType::float64 ? 1e-10 : 3e-5; }

void golden_forward(const std::string& case_name, const Hdf5File& file, const std::string& group, const BertBackbone& backbone,
                    const BertInputs& inputs) {
  const BertOutputs outputs = backbone.forward(inputs);
  const Tolerance tolerance{.absolute = forward_tolerance(outputs.pooled_output.dtype())};
  const auto compare = [&](const std::string& name, const Tensor& actual) {
    golden_compare(case_name, group + "/" + name, golden_values(file, group + "/" + name), actual.to_vector(), tolerance);
  };
  compare("sequence_output", outputs.sequence_output);
  compare("pooled_output", outputs.pooled_output);
}

}  // namespace linnet::testing
