// What people do wrong in their first days: each error names what is wrong, where it is, what came, and how to mend it.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "framework/io/atomic_file.h"
#include "framework/linnet.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using linnet::testing::TemporaryDirectory;

namespace {

struct WrongUse {
  std::string name;
  std::function<void()> use;
  std::string what, where, got, mend;  ///< parts of the message
};

const TemporaryDirectory& directory() {
  static const TemporaryDirectory made;
  return made;
}

std::filesystem::path path_of(const std::string& name) { return directory() / name; }

/// The tiny preset, changed by f.
std::string preset_with(const std::function<void(const std::filesystem::path& preset)>& f) {
  static int count = 0;
  const std::filesystem::path preset = path_of("preset" + std::to_string(count++));
  testing::write_tiny_preset(preset);
  f(preset);
  return preset.string();
}

void replace(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = read_text(file);
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, file << " holds no " << from);
  write_text(file, text.replace(at, from.size(), to));
}

BertBackbone::Config tiny() {
  return {.vocabulary_size = 15, .num_layers = 1, .num_heads = 2, .hidden_dim = 16, .intermediate_dim = 32, .max_sequence_length = 16};
}

BertInputs inputs(std::int32_t id, std::int32_t segment, std::int64_t length) {
  return {Tensor::from(std::vector<std::int32_t>(static_cast<std::size_t>(length), id), {1, length}),
          Tensor::from(std::vector<std::int32_t>(static_cast<std::size_t>(length), segment), {1, length}),
          Tensor::from(std::vector<std::int32_t>(static_cast<std::size_t>(length), 1), {1, length})};
}

std::vector<WrongUse> first_days() {
  using Path = std::filesystem::path;
  const auto tsv = [](const std::string& text) { return [text] { write_text(path_of("data.tsv"), text), read_tsv(path_of("data.tsv")); }; };
  return {
      // Tensors, ops and tapes.
      {"an input of another width",
       [] {
         Dense({.input_dim = 3, .units = 2})(Tensor::zeros({4, 5}));
       },
       "dense: input", "(input (4, 5), kernel (3, 2))", "got 5", "must have 3 features"},
      {"matrices that do not fit",
       [] {
         ops::matmul(Tensor::zeros({2, 3}), Tensor::zeros({4, 5}));
       },
       "matmul", "(a (2, 3), b (4, 5))", "got 3 and 4", "inner extents must agree"},
      {"shapes that do not broadcast",
       [] {
         Tensor::zeros({2, 3}) + Tensor::zeros({4});
       },
       "add", "shapes", "got (2, 3) and (4)", "must broadcast"},
      {"labels that are distributions",
       [] {
         ops::cross_entropy(Tensor::zeros({2, 3}), Tensor::zeros({2, 3}));
       },
       "cross_entropy", "labels", "got float32", "must be int32"},
      {"a label that is no class",
       [] {
         ops::cross_entropy(Tensor::zeros({2, 3}), Tensor::from<std::int32_t>({0, 3}, {2}));
       },
       "cross_entropy", "in row 1", "got 3", "must lie in [0, 3)"},
      {"a loss that is no number",
       [] {
         Dense dense({.input_dim = 3, .units = 2});
         Tape tape;
         tape.backward(dense(Tensor::zeros({4, 3})));
       },
       "backward", "the loss", "got shape (4, 2)", "must have one element"},
      {"a step without backward",
       [] {
         const Dense dense({.input_dim = 3, .units = 2});
         AdamW(dense.parameters()).step(0.1);
       },
       "AdamW", "at least one parameter must have a gradient", "got none", "(call Tape::backward first)"},
      {"a frozen model in an optimizer",
       [] {
         Dense dense({.input_dim = 3, .units = 2});
         dense.set_trainable(false);
         AdamW optimizer(dense.parameters());
       },
       "AdamW", "at least one parameter", "got none of 2", "(set_trainable(true) unfreezes a layer)"},
      // Configs.
      {"a config key with a typing error", [] { layer_from_json(R"({"class_name": "Dense", "config": {"unit": 3}})"); }, "Dense", "config key 'unit'",
       "unknown", "known keys: activation, "},
      {"a config value of another type", [] { layer_from_json(R"({"class_name": "Dense", "config": {"units": "3"}})"); }, "Dense", "units",
       "got \"3\"", "must be an integer"},
      {"a class that is not there", [] { layer_from_json(R"({"class_name": "Dens", "config": {}})"); }, "layer_from_json", "the class", "got 'Dens'",
       "(known: "},
      {"more heads than columns",
       [] {
         BertBackbone::Config config = tiny();
         config.num_heads = 17;
         BertBackbone model(config);
       },
       "BertBackbone", "num_heads", "got 17", "must be 1 to hidden_dim 16"},
      {"a name of an activation that is not there", [] { Dense({.input_dim = 3, .units = 2, .activation = "gulu"}); }, "activation", "'gulu'", "got",
       "relu"},
      // Inputs of a model.
      {"an id outside of the vocabulary", [] { BertBackbone(tiny()).forward(inputs(15, 0, 3)); }, "embedding: ids", "at position 0", "got 15",
       "must lie in [0, 15)"},
      {"a third segment", [] { BertBackbone(tiny()).forward(inputs(1, 2, 3)); }, "embedding: ids", "at position 0", "got 2", "must lie in [0, 2)"},
      {"a text that is too long", [] { BertBackbone(tiny()).forward(inputs(1, 0, 17)); }, "PositionEmbedding", "a sequence", "got 17",
       "(truncate it)"},
      {"texts without a preprocessor", [] { BertTextClassifier({.backbone = tiny()}).preprocessor(); }, "BertTextClassifier", "a preprocessor",
       "got none", "(see from_preset and set_preprocessor)"},
      // Files.
      {"a preset that is not there", [] { BertTextClassifier::from_preset("bert_tiny"); }, "resolve_preset", "'bert_tiny'", "got",
       "`linnet presets` lists"},
      {"weights that are not there",
       [] { BertTextClassifier::from_preset(preset_with([](const Path& p) { std::filesystem::remove(p / "model.weights.h5"); })); }, "from_preset",
       "must hold model.weights.h5", "preset", "(fetch or save it again, or pass load_weights = false)"},
      {"weights that are cut off",
       [] { BertTextClassifier::from_preset(preset_with([](const Path& p) { std::filesystem::resize_file(p / "model.weights.h5", 4096); })); },
       "Hdf5File", "model.weights.h5", "4096", "cut off"},
      {"weights of another model",
       [] {
         Dense one({.input_dim = 3, .units = 2}), other({.input_dim = 4, .units = 2});
         save_weights(one, path_of("one.weights.h5"));
         load_weights(other, path_of("one.weights.h5"));
       },
       "one.weights.h5", "kernel", "(3, 2) in the file, (4, 2) in the model", "does not fit Dense"},
      {"a vocabulary without [MASK]",
       [] { BertTextClassifier::from_preset(preset_with([](const Path& p) { replace(p / "assets/tokenizer/vocabulary.txt", "[MASK]\n", ""); })); },
       "vocabulary.txt", "\"[MASK]\"", "got 14 tokens", "must hold the special token"},
      {"a config that is no JSON", [] { BertTextClassifier::from_preset(preset_with([](const Path& p) { replace(p / "config.json", ",", ";"); })); },
       "config.json", "in line ", "is not", "must be JSON"},
      {"a label file for other classes",
       [] { BertTextClassifier::from_preset(preset_with([](const Path& p) { replace(p / "labels.json", "\"0\"", "\"0\", \"2\""); })); },
       "labels.json", "label_names", "got 3", "must have 2 names"},
      {"an empty data file", tsv(""), "data.tsv", "begin with a header line", "got an empty file", "such as 'sentence<TAB>label'"},
      {"a row with a column too many", tsv("sentence\tlabel\na\t1\nb\t0\tc\n"), "data.tsv", ":3:", "got 3",
       "a row must have 2 columns as the header"},
      {"data without a text column", tsv("words\tlabel\na\t1\n"), "data.tsv", ":1:", "got 'words\tlabel'", "(sentence, text, "},
      {"data in another encoding", tsv("sentence\tlabel\ncaf\xe9\t1\n"), "data.tsv", ":2:", "got other bytes", "must be UTF-8"},
      {"a weight file of another name", [] { save_weights(Dense({.input_dim = 3, .units = 2}), path_of("model.h5")); }, "save_weights", "model.h5",
       "got ", "must end in .weights.h5"},
      {"a directory that is not there", [] { save_weights(Dense({.input_dim = 3, .units = 2}), path_of("none/a.weights.h5")); }, "a.weights.h5",
       "none", "write: ", "must exist"},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wrong_uses)

BOOST_AUTO_TEST_CASE(each_error_says_what_where_what_came_and_how_to_mend_it) {
  const std::vector<WrongUse> uses = first_days();
  BOOST_TEST(uses.size() >= 20u);
  for (const WrongUse& wrong : uses) {
    std::string message;
    try {
      wrong.use();
    } catch (const std::invalid_argument& error) {
      message = error.what();
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    for (const std::string& part : {wrong.what, wrong.where, wrong.got, wrong.mend})
      BOOST_TEST((message.find(part) != std::string::npos), wrong.name << ": no '" << part << "' in '" << message << "'");
    BOOST_TEST(message.size() < 1000, wrong.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
