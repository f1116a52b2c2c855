// LoRA: tasks/lora_base with tasks/adapter.lora.h5 against tasks/golden.h5.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/hdf5_file.h"
#include "tests/support/golden.h"
#include "tests/support/golden_h5.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::unique_ptr<BertBackbone> base() { return BertBackbone::from_preset((fixtures() / "tasks" / "lora_base").string()); }

/// Datasets of the same paths, with values within `tolerance`.
void compare_files(const std::string& case_name, const std::filesystem::path& expected, const std::filesystem::path& actual, double tolerance) {
  const Hdf5File theirs(expected), ours(actual);
  BOOST_TEST(golden_datasets(ours) == golden_datasets(theirs), boost::test_tools::per_element());
  for (const std::string& path : golden_datasets(theirs))
    golden_compare(case_name, path, golden_values(theirs, path), golden_values(ours, path), {.absolute = tolerance});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lora)

BOOST_AUTO_TEST_CASE(the_variables_that_keras_hub_trains_are_trained) {
  if (!have_fixture("tasks/adapter.lora.h5")) return;
  const auto index = read_json(fixtures() / "tasks" / "index.json");
  const auto backbone = base();
  backbone->enable_lora(index["spec"]["lora_rank"].get<std::int64_t>());
  std::string ours, theirs;
  for (const Parameter& parameter : backbone->parameters())
    if (parameter.tensor.requires_grad()) ours += parameter.path + "\n";
  for (const auto& path : index["lora_trainable_variables"]) theirs += path.get<std::string>() + "\n";
  golden_equal("tasks/lora", "trainable variables", theirs, ours);
}

BOOST_AUTO_TEST_CASE(an_adapter_gives_the_outputs_of_keras_hub) {
  if (!have_fixture("tasks/adapter.lora.h5")) return;
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  const BertInputs inputs = golden_inputs(golden, "lora/before");
  const auto backbone = base();
  backbone->enable_lora(read_json(fixtures() / "tasks" / "index.json")["spec"]["lora_rank"].get<std::int64_t>());
  golden_forward("tasks/lora", golden, "lora/before", *backbone, inputs);  // new factors change nothing
  backbone->load_lora_weights(fixtures() / "tasks" / "adapter.lora.h5");
  golden_forward("tasks/lora", golden, "lora/after", *backbone, inputs);
  const auto fresh = base();
  fresh->load_lora_weights(fixtures() / "tasks" / "adapter.lora.h5");  // enables what the file has
  golden_forward("tasks/lora", golden, "lora/after", *fresh, inputs);
}

BOOST_AUTO_TEST_CASE(files_are_those_of_keras_hub) {
  if (!have_fixture("tasks/adapter.lora.h5")) return;
  const TemporaryDirectory directory;
  const auto backbone = base();
  backbone->load_lora_weights(fixtures() / "tasks" / "adapter.lora.h5");
  backbone->save_lora_weights(directory / "again.lora.h5");
  compare_files("tasks/lora/adapter.lora.h5", fixtures() / "tasks" / "adapter.lora.h5", directory / "again.lora.h5", 0);
  backbone->save_to_preset(directory / "merged");
  compare_files("tasks/lora_merged/model.weights.h5", fixtures() / "tasks" / "lora_merged" / "model.weights.h5",
                directory / "merged" / "model.weights.h5", 1e-6);
  golden_equal("tasks/lora_merged", "parameter_count", read_json(fixtures() / "tasks" / "lora_merged" / "metadata.json")["parameter_count"].dump(),
               read_json(directory / "merged" / "metadata.json")["parameter_count"].dump());
  const Hdf5File golden(fixtures() / "tasks" / "golden.h5");
  golden_forward("tasks/lora_merged", golden, "lora/merged_preset", *BertBackbone::from_preset((directory / "merged").string()),
                 golden_inputs(golden, "lora/before"));
}

BOOST_AUTO_TEST_SUITE_END()
