// Numbers that are not finite: noticed, named, and never saved over those that were good.
#include <boost/test/unit_test.hpp>
#include <limits>

#include "framework/layers/finite.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Workplace {
  TemporaryDirectory directory;
  std::string preset = (directory / "preset").string(), train = (directory / "train.tsv").string(), output = (directory / "run").string();
  Workplace() {
    write_tiny_preset(preset);
    write_tiny_reviews(train, 100);
  }
  /// Sets every element of the weight whose path ends so.
  void set_weight(const std::string& end, double value) const {
    const auto model = BertTextClassifier::from_preset(preset);
    for (Parameter parameter : model->parameters())
      if (parameter.path.ends_with(end)) parameter.tensor.assign(Tensor::full(parameter.tensor.shape(), value));
    model->save_to_preset(preset);
  }
  ProgramResult finetune(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"finetune", "--preset", preset, "--train", train, "--output", output, "--batch-size", "10"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(linnet_program(), arguments);
  }
};

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("expected '" << part << "' in: " << text);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(divergence)

BOOST_AUTO_TEST_CASE(a_run_that_diverges_stops_at_once_and_keeps_its_last_good_checkpoint) {
  const Workplace place;
  const ProgramResult result = place.finetune({"--learning-rate", "1e30", "--warmup", "0", "--checkpoint-every", "1"});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(has(result.errors, "must stay finite, got "));
  BOOST_TEST(has(result.errors, " at step 2 (try a lower --learning-rate)"));
  BOOST_TEST(!std::filesystem::exists(place.output + "/model.weights.h5"));
  const ProgramResult again = place.finetune({"--learning-rate", "1e30", "--warmup", "0", "--checkpoint-every", "1", "--resume"});
  BOOST_TEST(has(again.errors, "goes on after step 1"));
  BOOST_TEST(has(again.errors, " at step 2 (try a lower --learning-rate)"));
}

BOOST_AUTO_TEST_CASE(weights_that_are_not_finite_are_refused_by_name) {
  const Workplace place;
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    place.set_weight("feedforward_output_dense/bias", bad);
    const ProgramResult result = place.finetune({});
    BOOST_TEST(result.code == 1);
    BOOST_TEST(has(result.errors, "--preset: the weights of " + place.preset + " must be finite, got NaN or infinity in "));
    BOOST_TEST(has(result.errors, "feedforward_output_dense/bias"));
  }
}

BOOST_AUTO_TEST_CASE(a_loss_scale_that_does_not_help_ends_the_run) {
  const Workplace place;
  place.set_weight("pooled_dense/kernel", 1e30);  // beyond float16
  const ProgramResult result = place.finetune({"--dtype", "mixed_float16", "--epochs", "4"});
  BOOST_TEST(result.code == 1);
  // From 32768 = 2^15 it takes 16 halvings to get below 1.
  BOOST_TEST(
      has(result.errors, "finetune: gradients must be finite at a loss scale of 1, got NaN or infinity at step 16 (try a lower --learning-rate)"));
}

BOOST_AUTO_TEST_SUITE_END()
