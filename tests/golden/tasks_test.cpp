// Task presets, sharded weights and dtype conversions: tasks/golden.h5.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "framework/io/weights.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "models/bert/bert_text_embedder.h"
#include "tests/support/golden.h"
#include "tests/support/golden_h5.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// The fixtures' texts, each an example of one segment.
std::vector<std::vector<std::string>> texts() {
  std::vector<std::vector<std::string>> result;
  for (const auto& text : read_json(fixtures() / "tasks" / "texts.json")) result.push_back({text.get<std::string>()});
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tasks)

BOOST_AUTO_TEST_CASE(a_classifier_preset_gives_the_inputs_and_logits_of_keras_hub) {
  if (!have_fixture("tasks/golden.h5")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const auto model = BertTextClassifier::from_preset((fixtures() / "tasks" / "classifier").string());
  const BertInputs inputs = golden_inputs(golden, "classifier"), ours = model->preprocessor().preprocess_batch(texts());
  golden_equal("tasks/classifier", "token_ids", inputs.token_ids.data<std::int32_t>(), ours.token_ids.data<std::int32_t>());
  golden_equal("tasks/classifier", "segment_ids", inputs.segment_ids.data<std::int32_t>(), ours.segment_ids.data<std::int32_t>());
  golden_equal("tasks/classifier", "padding_mask", inputs.padding_mask.data<std::int32_t>(), ours.padding_mask.data<std::int32_t>());
  const Tolerance tolerance{.absolute = forward_tolerance(DType::float32)};
  golden_compare("tasks/classifier", "output", golden_values(golden, "classifier/output"), model->forward(ours).to_vector(), tolerance);
  golden_compare("tasks/classifier", "predict", golden_values(golden, "classifier/predict"), model->forward(ours).to_vector(), tolerance);

  const auto other =
      BertTextClassifier::from_preset((fixtures() / "tasks" / "classifier").string(), {.num_classes = model->config().num_classes + 3});
  golden_compare("tasks/classifier", "backbone_pooled_output", golden_values(golden, "classifier/backbone_pooled_output"),
                 other->backbone().forward(inputs).pooled_output.to_vector(), tolerance);

  BertTextClassifier whole(model->config());
  load_weights(whole, fixtures() / "tasks" / "classifier.weights.h5");
  golden_compare("tasks/classifier.weights.h5", "output", golden_values(golden, "classifier/output"), whole.forward(inputs).to_vector(), tolerance);
}

BOOST_AUTO_TEST_CASE(a_keras_file_gives_the_inputs_and_logits_of_keras_hub) {
  if (!have_fixture("tasks/classifier.keras")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const std::string file = fixtures() / "tasks" / "classifier.keras";
  const auto model = BertTextClassifier::from_preset(file);
  const BertInputs inputs = golden_inputs(golden, "classifier"), ours = model->preprocessor().preprocess_batch(texts());
  golden_equal("tasks/classifier.keras", "token_ids", inputs.token_ids.data<std::int32_t>(), ours.token_ids.data<std::int32_t>());
  const Tolerance tolerance{.absolute = forward_tolerance(DType::float32)};
  golden_compare("tasks/classifier.keras", "output", golden_values(golden, "classifier/output"), model->forward(ours).to_vector(), tolerance);
  golden_compare("tasks/classifier.keras", "backbone_pooled_output", golden_values(golden, "classifier/backbone_pooled_output"),
                 BertBackbone::from_preset(file)->forward(inputs).pooled_output.to_vector(), tolerance);
}

BOOST_AUTO_TEST_CASE(a_masked_lm_gives_the_logits_of_keras_hub) {
  if (!have_fixture("tasks/masked_lm")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const auto model = BertMaskedLM::from_preset((fixtures() / "tasks" / "masked_lm").string());
  golden_compare("tasks/masked_lm", "output", golden_values(golden, "masked_lm/output"),
                 model->forward(golden_inputs(golden, "masked_lm"), golden.read("masked_lm/inputs/mask_positions")).to_vector(),
                 {.absolute = forward_tolerance(DType::float32)});
}

BOOST_AUTO_TEST_CASE(an_embedder_gives_the_vectors_of_keras_hub) {
  if (!have_fixture("tasks/embedder")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const std::string preset = fixtures() / "tasks" / "embedder";
  const std::string saved = "embedder_" + BertTextEmbedder::from_preset(preset)->config().pooling_mode;
  for (const Hdf5File::Child& entry : golden.children("")) {
    if (!entry.name.starts_with("embedder_")) continue;
    const std::string row = "tasks/" + entry.name, mode = entry.name.substr(entry.name.find('_') + 1);
    // The saved one is as its preset says; the others of the fixtures: cls as it is, max normalized.
    const auto model = entry.name == saved ? BertTextEmbedder::from_preset(preset)
                                           : BertTextEmbedder::from_preset(preset, {.pooling_mode = mode, .normalize = mode != "cls"});
    const BertInputs inputs = golden_inputs(golden, entry.name), ours = model->preprocessor().preprocess_batch(texts());
    golden_equal(row, "token_ids", inputs.token_ids.data<std::int32_t>(), ours.token_ids.data<std::int32_t>());
    golden_equal(row, "padding_mask", inputs.padding_mask.data<std::int32_t>(), ours.padding_mask.data<std::int32_t>());
    golden_compare(row, "output", golden_values(golden, entry.name + "/output"), model->forward(inputs).to_vector(),
                   {.absolute = forward_tolerance(DType::float32)});
  }
}

BOOST_AUTO_TEST_CASE(backbones_of_every_saved_form_give_the_outputs_of_keras_hub) {
  if (!have_fixture("tasks/golden.h5")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const auto load = [](const char* name, DTypePolicy dtype = {}) {
    return BertBackbone::from_preset((fixtures() / "tasks" / name).string(), {.dtype = dtype});
  };
  golden_forward("tasks/sharded", golden, "sharded", *load("sharded"), golden_inputs(golden, "sharded"));
  golden_forward("tasks/lora_base", golden, "lora/before", *load("lora_base"), golden_inputs(golden, "lora/before"));
  golden_forward("tasks/lora_merged", golden, "lora/merged_preset", *load("lora_merged"), golden_inputs(golden, "lora/before"));
  const BertInputs inputs = golden_inputs(golden, "bfloat16_loaded_as/default");
  golden_forward("tasks/bfloat16", golden, "bfloat16_loaded_as/default", *load("bfloat16"), inputs);
  golden_forward("tasks/bfloat16", golden, "bfloat16_loaded_as/float32", *load("bfloat16", "float32"), inputs);
  golden_forward("tasks/bfloat16", golden, "bfloat16_loaded_as/float64", *load("bfloat16", "float64"), inputs);
}

BOOST_AUTO_TEST_SUITE_END()
