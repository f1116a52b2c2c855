// Hugging Face BERT directories as KerasHub reads them: hf/golden.h5.
#include <boost/test/unit_test.hpp>
#include <string>

#include "models/bert/bert_text_classifier.h"
#include "tests/support/golden.h"
#include "tests/support/golden_h5.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(hf)

BOOST_AUTO_TEST_CASE(checkpoints_give_the_outputs_of_keras_hub_and_of_transformers_with_either_gelu) {
  if (!have_fixture("hf/golden.h5")) return;
  const Hdf5File golden(fixtures() / "hf" / "golden.h5");
  for (const Hdf5File::Child& entry : golden.children("")) {
    const std::string name = entry.name, preset = fixtures() / "hf" / name;
    const BertInputs inputs = golden_inputs(golden, name);
    const auto backbone = BertBackbone::from_preset(preset);
    golden_forward("hf/" + name, golden, name + "/keras_hub", *backbone, inputs);
    if (golden.exists(name + "/hf_tanh")) {
      const BertOutputs outputs = backbone->forward(inputs);
      const Tolerance tolerance{.absolute = forward_tolerance(DType::float32)};
      golden_compare("hf/" + name, "hf_tanh/last_hidden_state", golden_values(golden, name + "/hf_tanh/last_hidden_state"),
                     outputs.sequence_output.to_vector(), tolerance);
      golden_compare("hf/" + name, "hf_tanh/pooler_output", golden_values(golden, name + "/hf_tanh/pooler_output"), outputs.pooled_output.to_vector(),
                     tolerance);
    }
    if (golden.exists(name + "/hf")) {
      const BertOutputs outputs = BertBackbone::from_preset(preset, {.activation = "gelu"})->forward(inputs);
      const Tolerance tolerance{.absolute = forward_tolerance(DType::float32)};
      golden_compare("hf/" + name, "hf/last_hidden_state", golden_values(golden, name + "/hf/last_hidden_state"), outputs.sequence_output.to_vector(),
                     tolerance);
      golden_compare("hf/" + name, "hf/pooler_output", golden_values(golden, name + "/hf/pooler_output"), outputs.pooled_output.to_vector(),
                     tolerance);
    }
    const auto classifier = BertTextClassifier::from_preset(preset, {.num_classes = 3});
    golden_compare("hf/" + name, "keras_hub/pooled_output of a classifier", golden_values(golden, name + "/keras_hub/pooled_output"),
                   classifier->backbone().forward(inputs).pooled_output.to_vector(), {.absolute = forward_tolerance(DType::float32)});
  }
}

BOOST_AUTO_TEST_SUITE_END()
