#include <boost/test/unit_test.hpp>

#include "framework/core/random.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/golden.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::vector<double> logits(const BertTextClassifier& model) {
  const std::vector<std::vector<std::string>> texts{{"the film is good ."}, {"bad"}};
  return model.forward(model.preprocessor().preprocess_batch(texts)).to_vector();
}

/// A classifier with factors that change its answers.
std::unique_ptr<BertTextClassifier> adapted(const std::filesystem::path& preset) {
  write_tiny_preset(preset);
  auto model = BertTextClassifier::from_preset(preset.string());
  model->backbone().enable_lora(3);
  std::uint32_t number = 0;
  for (Parameter& parameter : model->parameters())
    if (parameter.path.find("lora_") != std::string::npos)
      parameter.tensor.assign(random_normal(parameter.tensor.shape(), DType::float32, {7, 1, ++number}));
  return model;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lora_preset)

BOOST_AUTO_TEST_CASE(presets_and_checkpoints_hold_the_merged_weights) {
  const TemporaryDirectory directory;
  const auto model = adapted(directory / "start");
  const std::vector<double> before = logits(*BertTextClassifier::from_preset((directory / "start").string())), after = logits(*model);
  BOOST_TEST((before != after));
  model->save_to_preset(directory / "merged");
  BOOST_TEST(golden_error(after, logits(*BertTextClassifier::from_preset((directory / "merged").string())), {.absolute = 1e-5}).outside == 0);
  export_to_hugging_face(*model, directory / "checkpoint");
  const auto exported = BertBackbone::from_preset((directory / "checkpoint").string()),
             merged = BertBackbone::from_preset((directory / "merged").string());
  for (std::size_t i = 0; i < merged->parameters().size(); ++i)
    BOOST_TEST((exported->parameters()[i].tensor.to_vector() == merged->parameters()[i].tensor.to_vector()), merged->parameters()[i].path);
}

BOOST_AUTO_TEST_CASE(an_adapter_belongs_to_the_preset_that_it_was_trained_on) {
  const TemporaryDirectory directory;
  const auto model = adapted(directory / "start");
  model->backbone().save_lora_weights(directory / "adapter.lora.h5");
  const auto again = BertTextClassifier::from_preset((directory / "start").string());
  again->backbone().load_lora_weights(directory / "adapter.lora.h5");
  BOOST_TEST(logits(*again) == logits(*model), boost::test_tools::per_element());
  // The head is not the backbone's: it still trains.
  bool head = false;
  for (const Parameter& parameter : again->parameters()) head = head || (parameter.path == "logits/kernel" && parameter.tensor.requires_grad());
  BOOST_TEST(head);
  BOOST_CHECK_EXCEPTION(again->backbone().load_lora_weights(directory / "start" / "model.weights.h5"), std::runtime_error, says("lora"));
}

BOOST_AUTO_TEST_SUITE_END()
