// Names of layers are data: whatever they hold, they never become paths of the file system.
#include <boost/test/unit_test.hpp>
#include <random>

#include "framework/io/atomic_file.h"
#include "framework/io/lora_weights.h"
#include "framework/io/safetensors.h"
#include "framework/io/weights.h"
#include "framework/layers/adaptable_layer.h"
#include "framework/layers/dense.h"
#include "framework/layers/sequential.h"
#include "framework/layers/summary.h"
#include "framework/train/checkpoint.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using linnet::testing::TemporaryDirectory;

namespace {

const std::vector<std::string> kPieces{"..",
                                       ".",
                                       "\\",
                                       "~",
                                       "$HOME",
                                       "a",
                                       "CON",
                                       "\n",
                                       "\r",
                                       "\t",
                                       " ",
                                       "%2e%2e%2f",
                                       "file:",
                                       "\u2215",
                                       "\u202e",
                                       "\uff0e\uff0e\uff0f",
                                       "\x7f",
                                       "\xff",
                                       "\xc0\xae",
                                       "*",
                                       "?",
                                       "|",
                                       ";rm -rf x;",
                                       "`x`",
                                       "'",
                                       "\"",
                                       "<",
                                       ">",
                                       "&",
                                       "-rf",
                                       "%s%n",
                                       std::string("\0", 1),
                                       "lora",
                                       "vars",
                                       "layers",
                                       "0",
                                       std::string(300, 'n'),
                                       std::string(5000, 'm')};

std::string hostile_name(std::mt19937& random) {
  std::string name;
  for (auto count = 1 + random() % 4; count > 0; --count) name += kPieces[random() % kPieces.size()];
  return name;
}

std::vector<std::string> files_below(const std::filesystem::path& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (!entry.is_directory()) files.push_back(entry.path().lexically_relative(directory).string());
  std::ranges::sort(files);
  return files;
}

std::vector<double> values_of(const Layer& layer) {
  std::vector<double> values;
  for (const Parameter& parameter : layer.parameters())
    for (const double value : parameter.tensor.to_vector()) values.push_back(value);
  return values;
}

/// True if f did its work, false if it said that it would not.
bool does(const std::function<void()>& f) {
  try {
    f();
    return true;
  } catch (const std::runtime_error&) {
    return false;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_names)

BOOST_AUTO_TEST_CASE(a_thousand_hostile_names_stay_names) {
  std::mt19937 random(5);
  int checkpoints = 0;
  for (int i = 0; i < 1000; ++i) {
    const TemporaryDirectory directory;
    std::filesystem::create_directories(directory / "in/here");
    const std::filesystem::path here = directory / "in/here";
    const std::string name = hostile_name(random);
    const auto make = [&] {
      auto model = std::make_unique<Sequential>();
      model->append<Dense>({.input_dim = 2, .units = 1}, name);
      return model;
    };
    const auto model = make(), other = make();
    // Files of weights are laid out by class and attribute; the name is an attribute in them.
    save_weights(*model, here / "a.weights.h5");
    load_weights(*other, here / "a.weights.h5");
    BOOST_TEST(values_of(*other) == values_of(*model), boost::test_tools::per_element());
    dynamic_cast<AdaptableLayer&>(*model->children()[0].layer).enable_lora(1);
    save_lora_weights(*model, here / "a.lora.h5");
    std::vector<std::string> expected{"a.lora.h5", "a.weights.h5"};
    // Exported tensors have the path for a name: text in a header.
    const std::vector<Parameter> parameters = other->parameters();
    const bool utf8 = does([&] {
      write_safetensors(here / "a.safetensors", parameters);
      const Safetensors exported(here / "a.safetensors");
      for (const Parameter& parameter : parameters) BOOST_TEST(exported.contains(parameter.path));
    });
    if (utf8) expected.insert(expected.begin() + 1, "a.safetensors");
    BOOST_TEST(summary(*model).find("Dense") != std::string::npos);
    // In a checkpoint it is a group's name: kept, or refused while the file is written.
    const bool saved = does([&] {
      Checkpoint checkpoint(here / "run", parameters, {});
      TrainingState state;
      state.step = 1;
      checkpoint.save(state);
    });
    if (saved) {
      ++checkpoints;
      const auto resumed = make();
      Checkpoint checkpoint(here / "run", resumed->parameters(), {});
      BOOST_TEST(checkpoint.resume().step == 1);
      BOOST_TEST(values_of(*resumed) == values_of(*other), boost::test_tools::per_element());
    }
    std::vector<std::string> found;
    for (const std::string& file : files_below(directory.path()))
      if (!file.starts_with("in/here/run/")) found.push_back(file.substr(std::string_view("in/here/").size()));
    BOOST_TEST(found == expected, boost::test_tools::per_element());
    for (const std::string& file : files_below(directory.path()))
      if (file.starts_with("in/here/run/")) BOOST_TEST((file == "in/here/run/step_0000000001.h5" || file == "in/here/run/lock"), file);
  }
  BOOST_TEST(checkpoints > 100);
}

BOOST_AUTO_TEST_SUITE_END()
