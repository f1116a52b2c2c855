// Files of every version of the checkpoint format stay in tests/golden and are read for ever. The newest was made by this test, run
// with LINNET_MAKE_GOLDEN set.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "framework/core/random.h"
#include "framework/io/atomic_file.h"
#include "framework/layers/dense.h"
#include "framework/optim/loss_scale_optimizer.h"
#include "framework/optim/sgd.h"
#include "framework/train/checkpoint.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// Weights of every dtype and an optimizer with all that one can have: averages, accumulated gradients, a loss scale.
struct Run {
  Dense dense{{.input_dim = 2, .units = 3}};
  std::vector<Parameter> weights = dense.parameters();
  LossScaleOptimizer optimizer;
  Run()
      : optimizer(std::make_unique<SGD>(weights, OptimizerConfig{.use_ema = true, .gradient_accumulation_steps = 2}, SGD::Config{.momentum = 0.9})) {
    for (const DType dtype : {DType::float64, DType::bfloat16, DType::float16, DType::int8, DType::int32})
      weights.push_back({cat("layer/", dtype), Tensor::zeros({2, 2}, dtype)});
  }
  /// The i-th element of the n-th tensor is n + i / 4 in floats, n + i in integers.
  void set_values() {
    double number = 1;
    for (const std::vector<Parameter>& parameters : {weights, optimizer.state()})
      for (Parameter parameter : parameters) parameter.tensor.assign(values(parameter.tensor, number++));
  }
  bool has_values() const {
    double number = 1;
    for (const std::vector<Parameter>& parameters : {weights, optimizer.state()})
      for (const Parameter& parameter : parameters)
        if (parameter.tensor.to_vector() != values(parameter.tensor, number++).to_vector()) return false;
    return true;
  }
  static Tensor values(const Tensor& like, double number) {
    const bool integer = like.dtype() == DType::int8 || like.dtype() == DType::int32;
    std::vector<double> values;
    for (std::int64_t i = 0; i < like.size(); ++i) values.push_back(number + static_cast<double>(i) / (integer ? 1 : 4));
    return Tensor::from(values, like.shape()).cast(like.dtype());
  }
};

const RandomState kRandom{.seed = 0xfedcba9876543210u, .step = 17, .op = 3, .initialized = 5};
const std::string kSettings = R"({"batch_size": 32})", kNewest = "tests/golden/checkpoint_v1.h5";

TrainingState state_of(Run& run, const std::filesystem::path& directory) {
  Checkpoint checkpoint(directory, run.weights, run.optimizer.state(), {.settings = kSettings});
  return checkpoint.resume();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_versions)

BOOST_AUTO_TEST_CASE(format_1_is_read) {
  const TemporaryDirectory directory;
  std::filesystem::copy(source_directory() / "tests/golden/checkpoint_v1.h5", directory / "step_0000000017.h5");
  Run run;
  const TrainingState state = state_of(run, directory.path());
  BOOST_TEST(state.epoch == 2);
  BOOST_TEST(state.batch == 3);
  BOOST_TEST(state.step == 17);
  BOOST_TEST(!state.finished);
  BOOST_TEST(*state.best_score == 0.75);
  BOOST_TEST(state.notes == "the metrics so far");
  BOOST_TEST((random_state() == kRandom));
  BOOST_TEST(run.has_values());
}

BOOST_AUTO_TEST_CASE(what_is_written_today_is_the_newest_format_byte_for_byte) {
  const TemporaryDirectory directory;
  Run run;
  run.set_values();
  set_random_state(kRandom);
  Checkpoint(directory.path(), run.weights, run.optimizer.state(), {.settings = kSettings})
      .save({.epoch = 2, .batch = 3, .step = 17, .best_score = 0.75, .notes = "the metrics so far"});
  if (std::getenv("LINNET_MAKE_GOLDEN")) std::filesystem::copy(directory / "step_0000000017.h5", source_directory() / kNewest);
  BOOST_TEST((read_text(directory / "step_0000000017.h5") == read_text(source_directory() / kNewest)),
             "a change of the format needs a new number, and a new file beside the old ones");
}

BOOST_AUTO_TEST_SUITE_END()
