// int8: the preset tasks/int8 against tasks/golden.h5.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/layers/int8_layers.h"
#include "tests/support/golden.h"
#include "tests/support/golden_h5.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::string preset() { return (fixtures() / "tasks" / "int8").string(); }

/// fixtures/README.md: 1e-4, but for a few outliers, for an activation on a rounding edge may move one step. A step moves its
/// row: at most one row in ten may have outliers, none of them further off than a step moves.
void compare(const std::string& name, const std::vector<double>& expected, const Tensor& actual) {
  constexpr double kTolerance = 1e-4, kStep = 2e-2;
  const std::vector<double> ours = actual.to_vector();
  const GoldenError error = golden_error(expected, ours, {.absolute = kTolerance});
  const auto columns = static_cast<std::size_t>(actual.dim(-1));
  std::int64_t rows = 0;
  for (std::size_t begin = 0; begin < expected.size(); begin += columns)
    rows += golden_error({expected.data() + begin, columns}, {ours.data() + begin, columns}, {.absolute = kTolerance}).outside > 0;
  golden_record("tasks/int8", name, actual.size(), error.largest, kTolerance, rows * 10 <= actual.rows() && error.largest <= kStep);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(int8_presets)

BOOST_AUTO_TEST_CASE(an_int8_preset_gives_the_outputs_of_keras_hub) {
  if (!have_fixture("tasks/int8")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const BertOutputs outputs = BertBackbone::from_preset(preset())->forward(golden_inputs(golden, "int8/before"));
  compare("sequence_output", golden_values(golden, "int8/after/sequence_output"), outputs.sequence_output);
  compare("pooled_output", golden_values(golden, "int8/after/pooled_output"), outputs.pooled_output);
}

BOOST_AUTO_TEST_CASE(a_saved_int8_preset_is_the_same_files) {
  if (!have_fixture("tasks/int8")) return;
  const TemporaryDirectory directory;
  const auto backbone = BertBackbone::from_preset(preset());
  BOOST_TEST(int8_layers(*backbone).size() == 3 + 6 * static_cast<std::size_t>(backbone->config().num_layers));
  backbone->save_to_preset(directory / "again");
  golden_equal("tasks/int8", "config.json", read_text(preset() + "/config.json"), read_text(directory / "again" / "config.json"));
  golden_equal("tasks/int8", "parameter_count", read_json(std::filesystem::path(preset()) / "metadata.json")["parameter_count"].dump(),
               read_json(directory / "again" / "metadata.json")["parameter_count"].dump());
  const Hdf5File theirs(preset() + "/model.weights.h5"), ours(directory / "again" / "model.weights.h5");
  BOOST_TEST(golden_datasets(ours) == golden_datasets(theirs), boost::test_tools::per_element());
  for (const std::string& path : golden_datasets(theirs)) {
    BOOST_TEST((theirs.dtype(path) == ours.dtype(path)));
    golden_compare("tasks/int8/model.weights.h5", path, golden_values(theirs, path), golden_values(ours, path), {});
  }
}

BOOST_AUTO_TEST_SUITE_END()
