#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "models/bert/bert_export.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;

namespace {

/// Most memory a new process has, in bytes, while it loads the preset; 0: while it does all but that.
std::int64_t peak(const std::string& preset) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      if (!preset.empty()) BertBackbone::from_preset(preset);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  rusage usage = {};
  BOOST_REQUIRE(::wait4(child, &status, 0, &usage) == child);
  BOOST_REQUIRE(status == 0);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory)

// Embeddings, the largest variable, are a quarter of a base model and most of a tiny one.
BOOST_AUTO_TEST_CASE(loading_takes_at_most_115_hundredths_of_the_weights) {
  for (const std::int64_t layers : {12, 2}) {
    const linnet::testing::TemporaryDirectory directory;
    std::int64_t weights = 0;
    const pid_t child = ::fork();  // so that what it takes to make the model is not ours
    if (child == 0) {
      BertBackbone model({.vocabulary_size = 30522, .num_layers = layers, .num_heads = 12, .hidden_dim = 768, .intermediate_dim = 3072});
      model.save_to_preset(directory / "whole");
      model.save_to_preset(directory / "sharded", {.max_shard_bytes = 100 << 20});
      export_to_hugging_face(model, nullptr, directory / "hf");
      export_to_hugging_face(model, nullptr, directory / "hf_sharded", {.max_shard_bytes = 100 << 20});
      ::_exit(0);
    }
    BOOST_REQUIRE(::waitpid(child, nullptr, 0) == child);
    weights = static_cast<std::int64_t>(std::filesystem::file_size(directory / "hf" / "model.safetensors"));
    const std::int64_t nothing = peak("");
    for (const char* form : {"whole", "sharded", "hf", "hf_sharded"}) {
      const double ratio = static_cast<double>(peak((directory / form).string()) - nothing) / static_cast<double>(weights);
      std::cout << "memory: " << layers << " layers, " << form << ": " << ratio << " times the weights\n";
      BOOST_TEST(ratio <= 1.15);
      BOOST_TEST(ratio >= 0.9);  // or it was not measured
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
