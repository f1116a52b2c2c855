#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_writer.h"
#include "framework/io/safetensors.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

ProgramResult run(std::vector<std::string> arguments) { return run_program(linnet_program(), arguments); }

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("expected '" << part << "' in: " << text);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inspect_command)

BOOST_AUTO_TEST_CASE(variables_are_listed_with_layer_shape_dtype_size_and_values) {
  const TemporaryDirectory directory;
  const std::string file = (directory / "a.h5").string();
  Hdf5Writer writer(file);
  writer.group("layers/dense/vars");
  writer.attribute("layers/dense/vars", "name", "pooled_dense");
  writer.dataset("layers/dense/vars/0", Tensor::from<float>({-1, 2, 3, 4, 5, 5}, {2, 3}));
  writer.dataset("layers/dense/vars/10",
                 Tensor::from<float>({1, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}, {3}));
  writer.dataset("layers/dense/vars/2", Tensor::from<std::int8_t>({1, -3}, {2}));
  writer.finish();
  const ProgramResult result = run({"inspect", file});
  BOOST_TEST(result.code == 0);
  BOOST_TEST(result.out ==
             "layers/dense/vars  [pooled_dense]\n"
             "  0            (2, 3)             float32       24 B  min -1  max 5  mean 3\n"
             "  2            (2)                int8           2 B  min -3  max 1  mean -1\n"
             "  10           (3)                float32       12 B  min 1  max 1  mean 1  NOT FINITE: 2\n" +
                 file + ": 3 variables, 11 elements, 38 B\n");
  BOOST_TEST(!has(run({"inspect", "--no-values", file}).out, "min"));
}

BOOST_AUTO_TEST_CASE(presets_are_listed_with_all_their_files) {
  const TemporaryDirectory directory;
  const std::string preset = (directory / "preset").string(), copy = (directory / "copy").string(), hf = (directory / "hf").string();
  write_tiny_preset(preset);
  BOOST_TEST(run({"convert", preset, copy, "--max-shard-megabytes", "0"}).code == 0);
  BOOST_TEST(run({"convert", preset, hf, "--to", "hugging_face"}).code == 0);
  const std::string listed = run({"inspect", preset}).out;
  BOOST_TEST(has(listed, "layers/transformer_encoder/_self_attention_layer/query_dense/vars  [query]"));
  BOOST_TEST(has(listed, "\ntask.weights.h5: layers/dense/vars  [logits]"));
  BOOST_TEST(has(listed, "/preset: "));
  BOOST_TEST(has(run({"inspect", hf}).out, "bert.encoder.layer.0.attention.self.query\n  bias"));
  BOOST_TEST(has(run({"inspect", "--diff", preset, copy}).out, "equal: "));
}

BOOST_AUTO_TEST_CASE(a_comparison_names_what_is_unlike) {
  const TemporaryDirectory directory;
  const std::string a = (directory / "a.safetensors").string(), b = (directory / "b.safetensors").string();
  const auto write = [](const std::string& file, std::vector<Parameter> tensors) { write_safetensors(file, tensors); };
  write(a, {{"equal", Tensor::from<float>({1}, {1})},
            {"gone", Tensor::from<float>({1}, {1})},
            {"longer", Tensor::from<float>({1}, {1})},
            {"moved", Tensor::from<float>({1, 2, 3}, {3})},
            {"wider", Tensor::from<float>({1}, {1})}});
  write(b, {{"equal", Tensor::from<float>({1}, {1})},
            {"longer", Tensor::from<float>({1, 2}, {2})},
            {"moved", Tensor::from<float>({1, 2.5, 2}, {3})},
            {"new", Tensor::from<float>({1}, {1})},
            {"wider", Tensor::from<double>({1}, {1})}});
  BOOST_TEST(run({"inspect", "--diff", a, a}).code == 0);
  const ProgramResult result = run({"inspect", "--diff", a, b});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.out == "only in " + a + ": gone (1)\nlonger: shape (1) and (2)\nmoved: values differ in 2 of 3, by at most 1\nonly in " + b +
                               ": new (1)\nwider: dtype float32 and float64\nunlike: 5 of 6 variables\n");
}

BOOST_AUTO_TEST_CASE(wrong_uses_are_refused) {
  const TemporaryDirectory directory;
  write_text(directory / "a.txt", "");
  std::filesystem::create_directory(directory / "empty");
  const auto fails = [](const std::vector<std::string>& arguments, const std::string& text) {
    const ProgramResult result = run(arguments);
    BOOST_TEST(result.code == 1);
    BOOST_TEST(has(result.errors, text));
  };
  fails({"inspect"}, "inspect: there must be one file or preset, got 0");
  fails({"inspect", "--diff", "a"}, "inspect: there must be two files or presets, got 1");
  fails({"inspect", (directory / "a.txt").string()},
        "inspect: a weight file must end in .h5, .safetensors, .weights.json or .safetensors.index.json");
  fails({"inspect", (directory / "empty").string()}, "must hold model.weights.h5, model.weights.json, model.safetensors or");
  fails({"inspect", "nothing_of_that_name"}, "resolve_preset: must be a name that `linnet presets` lists");
}

BOOST_AUTO_TEST_SUITE_END()
