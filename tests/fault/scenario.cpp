// What the fault tests do to files, as a program of its own that faults can be let into. Usage:
//   scenario make DIR                  a tiny preset and sentences to train it on
//   scenario save KIND DIR NUMBER      a model all of whose weights are NUMBER, in place of the one that is there
//   scenario load KIND DIR             prints the number
//   scenario saves KIND DIR ROUNDS     saves 1, 2, … ROUNDS
//   scenario loads KIND DIR ROUNDS     loads until it is ROUNDS, and prints how often
// KIND: checkpoint, weights, shards (of weights), safetensors, export (shards of safetensors) or text. Ends with 1 and a message if a file or the
// system is at fault.
#include <algorithm>
#include <iostream>

#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/io/safetensors.h"
#include "framework/io/weights.h"
#include "framework/layers/dense.h"
#include "framework/layers/sequential.h"
#include "framework/optim/sgd.h"
#include "framework/train/checkpoint.h"
#include "models/hf_checkpoint.h"
#include "tests/support/program.h"

using namespace linnet;

namespace {

constexpr std::int64_t kShardBytes = 10'000;  // of the weights below: three shards

/// Weights of several sizes, the largest of which is above HDF5's buffers.
struct Model {
  Sequential layers;
  Model() {
    std::int64_t width = 300;
    for (const std::int64_t units : {7, 300, 5}) {
      layers.append<Dense>({.input_dim = width, .units = units});
      width = units;
    }
  }

  void set(double number) const {
    for (Parameter parameter : layers.parameters()) parameter.tensor.assign(Tensor::full(parameter.tensor.shape(), number));
  }
  /// The number that all weights are.
  double number() const {
    const double first = layers.parameters().front().tensor.to_vector().front();
    for (const Parameter& parameter : layers.parameters())
      for (const double value : parameter.tensor.to_vector())
        check_file(value == first, "scenario: all weights must be one number, got ", first, " and ", value, " in ", parameter.path);
    return first;
  }
};

void save(const std::string& kind, const std::filesystem::path& directory, std::int64_t number) {
  const Model model;
  model.set(static_cast<double>(number));
  if (kind == "text") return write_text(directory / "text", std::string(100'000, static_cast<char>('a' + number % 26)));
  if (kind == "weights") return save_weights(model.layers, directory / "model.weights.h5");
  if (kind == "safetensors") return write_safetensors(directory / "model.safetensors", model.layers.parameters());
  if (kind == "shards") return save_weights(model.layers, directory / "model.weights.json", {.max_shard_bytes = kShardBytes});
  if (kind == "export") return hugging_face::save(directory, model.layers.parameters(), kShardBytes);
  check(kind == "checkpoint", "scenario: there must be such a kind, got ", kind);
  const SGD optimizer(model.layers.parameters());
  Checkpoint checkpoint(directory / "run", model.layers.parameters(), optimizer.state(), {.keep_last = 1});
  checkpoint.resume();
  model.set(static_cast<double>(number));
  checkpoint.save({.step = number});
}

double load(const std::string& kind, const std::filesystem::path& directory) {
  Model model;
  if (kind == "text") {
    const std::string text = read_text(directory / "text");
    check_file(text == std::string(100'000, text.at(0)), "scenario: the text must be one letter, got a mix");
    return text[0] - 'a';
  }
  if (kind == "weights") load_weights(model.layers, directory / "model.weights.h5");
  if (kind == "shards") load_weights(model.layers, directory / "model.weights.json");
  if (kind == "safetensors" || kind == "export") {
    const Safetensors file(directory / (kind == "export" ? "model.safetensors.index.json" : "model.safetensors"));
    for (Parameter parameter : model.layers.parameters()) file.read_into(parameter.path, parameter.tensor);
  }
  if (kind == "checkpoint") {
    const SGD optimizer(model.layers.parameters());
    Checkpoint checkpoint(directory / "run", model.layers.parameters(), optimizer.state());
    const TrainingState state = checkpoint.resume();
    check_file(checkpoint.warnings().empty() && static_cast<double>(state.step) == model.number(), "scenario: the step must be the weights' number");
  }
  return model.number();
}

int run(const std::vector<std::string>& words) {
  const std::string& what = words.at(0);
  if (what == "make") {
    const std::filesystem::path directory = words.at(1);
    testing::write_tiny_preset(directory / "preset");
    testing::write_tiny_reviews(directory / "train.tsv", 300);
    testing::write_tiny_reviews(directory / "dev.tsv", 50);
    return 0;
  }
  const std::string &kind = words.at(1), &directory = words.at(2);
  const std::int64_t number = words.size() > 3 ? std::stoll(words[3]) : 0;
  if (what == "save") save(kind, directory, number);
  else if (what == "load") std::cout << load(kind, directory) << '\n';
  else if (what == "saves")
    for (std::int64_t round = 1; round <= number; ++round) save(kind, directory, round);
  else if (what == "loads") {
    std::int64_t loads = 0;
    for (double last = 0; last < static_cast<double>(number); ++loads) {
      const double now = load(kind, directory);
      check_file(now >= last, "scenario: numbers must not go back, got ", now, " after ", last);
      last = now;
    }
    std::cout << loads << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "scenario: " << error.what() << '\n';
    return 1;
  }
}
