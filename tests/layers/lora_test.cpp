#include "framework/layers/lora.h"

#include <cmath>

#include "framework/autograd/tape.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/hdf5_writer.h"
#include "framework/io/lora_weights.h"
#include "framework/io/weights.h"
#include "framework/layers/dense.h"
#include "framework/layers/einsum_dense.h"
#include "framework/layers/embedding.h"
#include "framework/layers/reversible_embedding.h"
#include "framework/layers/transformer_encoder.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/reductions.h"
#include "tests/support/check_layer.h"
#include "tests/support/near.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::vector<std::string> trained(const Layer& layer) {
  std::vector<std::string> paths;
  for (const Parameter& parameter : layer.parameters())
    if (parameter.tensor.requires_grad()) paths.push_back(parameter.path);
  return paths;
}

/// A layer of the same class whose weights are what files hold of `layer`: with the factors merged.
template <class L>
std::unique_ptr<L> merged(const L& layer) {
  typename L::Config config = layer.config();
  config.lora_rank = {};
  config.lora_alpha = {};
  auto copy = std::make_unique<L>(config);
  for (std::size_t i = 0; i < copy->weights().size(); ++i) Tensor(copy->weights()[i].tensor).assign(layer.stored_value(i));
  return copy;
}

void check_close(const Tensor& a, const Tensor& b) {
  BOOST_TEST_REQUIRE((a.shape() == b.shape()));
  const GoldenError error = golden_error(a.to_vector(), b.to_vector(), rounding(a.dtype(), 64));
  BOOST_TEST(error.outside == 0, "largest difference " << error.largest);
}

/// Low-rank products give what the merged weight gives, with a factor alpha / rank that is not 1.
template <class L>
void check_merging(typename L::Config config, const std::function<Tensor(const L&)>& f) {
  config.dtype = "float64";
  L layer(config);
  layer.enable_lora(2, 3.0);
  BOOST_TEST(layer.config().lora_rank.value() == 2);
  BOOST_TEST(layer.config().lora_alpha.value() == 3);
  const Tensor before = f(layer);
  check_close(before, f(*merged(layer)));  // b is zeros
  randomize(layer);
  const Tensor after = f(layer);
  BOOST_TEST((after.to_vector() != before.to_vector()));
  check_close(after, f(*merged(layer)));
}

Tensor ids() { return Tensor::from<std::int32_t>({3, 0, 3, 1, 2, 3}, {2, 3}); }

const TransformerEncoder::Config kEncoder{.hidden_dim = 8, .intermediate_dim = 6, .num_heads = 2, .dtype = "float64"};
const SequenceLayout& layout() {
  static const SequenceLayout instance = SequenceLayout::ragged(std::vector<std::int32_t>{3, 2});
  return instance;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lora)

BOOST_AUTO_TEST_CASE(layers_with_factors_are_well_behaved) {
  check_layer<Dense>({.input_dim = 3, .units = 4, .activation = "gelu", .lora_rank = 2}, {2, 5, 3});
  check_layer<Dense>({.input_dim = 3, .units = 4, .activation = "softmax", .use_bias = false, .lora_rank = 1, .lora_alpha = 0.5}, {2, 3});
  check_layer<EinsumDense>(
      {.equation = "abc,cde->abde", .input_shape = {0, 4}, .output_shape = {0, 2, 3}, .bias_axes = "de", .lora_rank = 2, .lora_alpha = 3.0},
      {2, 5, 4});
  check_layer<EinsumDense>({.equation = "abcd,cde->abe", .input_shape = {0, 2, 3}, .output_shape = {0, 4}, .activation = "gelu", .lora_rank = 2},
                           {2, 5, 2, 3});
  // Not a product of matrices as they lie; in the first the kernel's last axis is the input's.
  check_layer<EinsumDense>({.equation = "ab,cb->ac", .input_shape = {4}, .output_shape = {3}, .bias_axes = "c", .lora_rank = 2}, {2, 4});
  check_layer<EinsumDense>({.equation = "abc,bcd->abd", .input_shape = {2, 3}, .output_shape = {2, 4}, .lora_rank = 2, .lora_alpha = 1.0}, {2, 2, 3});
}

BOOST_AUTO_TEST_CASE(embeddings_with_factors_have_gradients_and_configs) {
  Embedding embedding({.input_dim = 4, .output_dim = 3, .dtype = "float64", .lora_rank = 2, .lora_alpha = 3.0});
  randomize(embedding);
  check_gradients(embedding, [&] { return embedding(ids()); }, {});
  check_json_round_trip(embedding);
  for (const bool tie : {true, false}) {
    ReversibleEmbedding both({.input_dim = 4, .output_dim = 3, .tie_weights = tie, .dtype = "float64", .lora_rank = 2});
    randomize(both);
    const Tensor x = random_input({2, 2, 3});
    check_gradients(both, [&] { return ops::sum(both(ids())) + ops::sum(both.reverse(x)); }, {x});
    check_json_round_trip(both);
  }
}

BOOST_AUTO_TEST_CASE(low_rank_products_give_what_the_merged_weight_gives) {
  const Tensor x = random_input({3, 4});
  check_merging<Dense>({.input_dim = 4, .units = 5, .activation = "tanh"}, [&](const Dense& layer) { return layer(x); });
  check_merging<EinsumDense>({.equation = "ab,bcd->acd", .input_shape = {4}, .output_shape = {2, 3}, .bias_axes = "cd"},
                             [&](const EinsumDense& layer) { return layer(x); });
  check_merging<EinsumDense>({.equation = "ab...,bc->ac...", .input_shape = {4, 0}, .output_shape = {3}}, [](const EinsumDense& layer) {
    return layer(random_input({2, 4, 3}));
  });
  check_merging<Embedding>({.input_dim = 4, .output_dim = 3}, [](const Embedding& layer) { return layer(ids()); });
  check_merging<ReversibleEmbedding>({.input_dim = 4, .output_dim = 4}, [&](const ReversibleEmbedding& layer) { return layer.reverse(x); });
}

BOOST_AUTO_TEST_CASE(factors_have_keras_shapes_and_initial_values) {
  EinsumDense query({.equation = "abc,cde->abde", .input_shape = {0, 6}, .output_shape = {0, 2, 3}, .bias_axes = "de"});
  query.enable_lora(4);
  BOOST_TEST((query.lora().a.shape() == Shape{6, 2, 4}));
  BOOST_TEST((query.lora().b.shape() == Shape{4, 3}));
  BOOST_TEST(query.lora().alpha == 4);
  const double limit = std::sqrt(6.0 / (6 * 2));  // HeUniform of a kernel whose first axis is a receptive field
  double largest = 0;
  for (const double value : query.lora().a.to_vector()) largest = std::max(largest, std::abs(value));
  BOOST_TEST(largest <= limit);
  BOOST_TEST(largest > limit / 2);
  for (const double value : query.lora().b.to_vector()) BOOST_TEST(value == 0);
  BOOST_TEST(trained(query) == (std::vector<std::string>{"bias", "lora_kernel_a", "lora_kernel_b"}), boost::test_tools::per_element());
  query.set_trainable(true);  // the kernel stays frozen
  BOOST_TEST(trained(query) == (std::vector<std::string>{"bias", "lora_kernel_a", "lora_kernel_b"}), boost::test_tools::per_element());
  query.set_trainable(false);
  BOOST_TEST(trained(query).empty());
}

BOOST_AUTO_TEST_CASE(a_model_trains_its_targets_factors_and_biases_alone) {
  TransformerEncoder encoder(kEncoder);
  enable_lora(encoder, 2, {"value", "query_dense"});  // a target that names nothing is no mistake beside one that does
  const std::string value = "self_attention_layer/value/";
  BOOST_TEST(trained(encoder) == (std::vector<std::string>{value + "bias", value + "lora_kernel_a", value + "lora_kernel_b"}),
             boost::test_tools::per_element());
  enable_lora(encoder, 1, {"query", "feedforward_output_dense"});  // others may follow, as in Keras; these freeze the first
  BOOST_TEST(trained(encoder).size() == 6u);
}

BOOST_AUTO_TEST_CASE(an_encoder_with_factors_has_gradients_in_attention) {
  for (const auto& targets : {std::vector<std::string>{"query", "value"}, {"key", "attention_output", "feedforward_intermediate_dense"}}) {
    TransformerEncoder encoder(kEncoder);
    enable_lora(encoder, 2, targets);
    randomize(encoder);
    const Tensor x = random_input({5, 8});
    check_gradients(encoder, [&] { return encoder.forward(x, layout()); }, {x});
    check_gradients(encoder, [&] { return encoder.forward_first_rows(x, layout()); }, {x});
  }
}

BOOST_AUTO_TEST_CASE(factors_are_float32_and_cast_where_they_are_used) {
  TransformerEncoder::Config config = kEncoder;
  config.dtype = "float32";
  TransformerEncoder plain(config);
  enable_lora(plain, 2, {"query", "value", "feedforward_output_dense"});
  randomize(plain);
  const Tensor x = random_input({5, 8}).cast(DType::float32);
  const std::vector<double> expected = plain.forward(x, layout()).to_vector();
  for (const char* policy : {"mixed_bfloat16", "bfloat16"}) {
    config.dtype = policy;
    TransformerEncoder encoder(config);
    enable_lora(encoder, 2, {"query", "value", "feedforward_output_dense"});
    for (std::size_t i = 0; i < plain.parameters().size(); ++i) {
      Parameter parameter = encoder.parameters()[i];
      const bool wide = policy == std::string("mixed_bfloat16") || parameter.path.find("lora_") != std::string::npos;
      BOOST_TEST((parameter.tensor.dtype() == DType::float32) == wide, parameter.path);
      parameter.tensor.assign(plain.parameters()[i].tensor.cast(parameter.tensor.dtype()));
    }
    Tape tape;
    const Tensor y = encoder.forward(x, layout());
    BOOST_TEST(y.dtype() == DType::bfloat16);
    BOOST_TEST(golden_error(expected, y.to_vector()).mean < 0.05);
    tape.backward(y, Tensor::full(y.shape(), 1, DType::bfloat16));
    for (const Parameter& parameter : encoder.parameters())
      if (parameter.path.find("lora_") != std::string::npos) BOOST_TEST(parameter.tensor.grad().dtype() == DType::float32, parameter.path);
  }
  Embedding embedding({.input_dim = 4, .output_dim = 3, .dtype = "bfloat16", .lora_rank = 2});
  BOOST_TEST(embedding(ids()).dtype() == DType::bfloat16);
  EinsumDense transposed({.equation = "ab,cb->ac", .input_shape = {4}, .output_shape = {3}, .dtype = "mixed_bfloat16", .lora_rank = 2});
  BOOST_TEST(transposed(random_input({2, 4})).dtype() == DType::bfloat16);
  BOOST_TEST(merged(Dense({.input_dim = 4, .units = 3, .dtype = "bfloat16", .lora_rank = 2}))->kernel().dtype() == DType::bfloat16);
}

BOOST_AUTO_TEST_CASE(files_hold_the_merged_weight_and_make_the_factors_zero) {
  const TemporaryDirectory directory;
  TransformerEncoder encoder(kEncoder), plain(kEncoder), other(kEncoder);
  for (TransformerEncoder* layer : {&encoder, &other}) {
    enable_lora(*layer, 2, {"query", "feedforward_output_dense"});
    randomize(*layer);
  }
  save_weights(encoder, directory / "merged.weights.h5");
  load_weights(plain, directory / "merged.weights.h5");
  const Tensor x = random_input({5, 8});
  check_close(plain.forward(x, layout()), encoder.forward(x, layout()));
  load_weights(other, directory / "merged.weights.h5");
  check_close(other.forward(x, layout()), encoder.forward(x, layout()));
  for (const Parameter& parameter : other.parameters())
    if (parameter.path.find("lora_") != std::string::npos)
      for (const double value : parameter.tensor.to_vector()) BOOST_TEST_REQUIRE(value == 0);
}

BOOST_AUTO_TEST_CASE(adapters_come_back) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory / "adapter.lora.h5";
  TransformerEncoder encoder(kEncoder), fresh(kEncoder);
  for (std::size_t i = 0; i < encoder.parameters().size(); ++i) fresh.parameters()[i].tensor.assign(encoder.parameters()[i].tensor);
  enable_lora(encoder, 3, {"value", "feedforward_intermediate_dense"});
  for (Parameter& parameter : encoder.parameters())
    if (parameter.path.find("lora_") != std::string::npos)
      parameter.tensor.assign(random_normal(parameter.tensor.shape(), DType::float64, {1, 2, static_cast<std::uint32_t>(parameter.tensor.size())}));
  save_lora_weights(encoder, file);
  BOOST_TEST(Hdf5File(file).read("lora/vars/rank").item() == 3);
  load_lora_weights(fresh, file);  // enables the layers that the file has
  const Tensor x = random_input({5, 8});
  BOOST_TEST(fresh.forward(x, layout()).to_vector() == encoder.forward(x, layout()).to_vector(), boost::test_tools::per_element());
  BOOST_TEST(trained(fresh) == trained(encoder), boost::test_tools::per_element());
  for (Parameter& parameter : fresh.parameters())
    if (parameter.path.find("lora_") != std::string::npos) parameter.tensor.assign(Tensor::zeros(parameter.tensor.shape(), DType::float64));
  load_lora_weights(fresh, file);  // once more into factors that are there
  BOOST_TEST(fresh.forward(x, layout()).to_vector() == encoder.forward(x, layout()).to_vector(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  const TemporaryDirectory directory;
  Dense dense({.input_dim = 2, .units = 2});
  check_refuses([&] { dense.enable_lora(0); }, "Dense: the rank of lora must be positive, got 0");
  check_refuses([&] { dense.enable_lora(1, -1.0); }, "Dense: the alpha of lora must be positive, got -1");
  dense.enable_lora(1);
  check_refuses([&] { dense.enable_lora(1); }, "Dense: lora must be enabled once, got enable_lora again");
  TransformerEncoder encoder(kEncoder);
  check_refuses([&] { enable_lora(encoder, -2, {"query"}); }, "TransformerEncoder: the rank of lora must be positive, got -2");
  check_refuses(
      [&] {
        enable_lora(encoder, 2, {"quarry", "self_attention_layer"});
      },
      "TransformerEncoder: the targets of lora must name Dense, EinsumDense or embedding layers, got quarry, self_attention_layer");
  check_refuses([&] { save_lora_weights(encoder, directory / "a.lora.h5"); },
                "save_lora_weights: lora must be enabled in at least one layer of TransformerEncoder, got none");
  BOOST_TEST(trained(encoder).size() == encoder.parameters().size());  // nothing was frozen
  enable_lora(encoder, 2, {"query"});
  check_refuses([&] { enable_lora(encoder, 2, {"query"}); }, "lora must be enabled once, got enable_lora again for self_attention_layer/query");
  check_refuses([&] { save_lora_weights(encoder, directory / "a.weights.h5"); }, "save_lora_weights: the file's name must end in .lora.h5, got ");
  enable_lora(encoder, 3, {"value"});
  check_refuses([&] { save_lora_weights(encoder, directory / "a.lora.h5"); }, "every layer must have the rank and alpha ");
}

BOOST_AUTO_TEST_CASE(adapter_files_that_do_not_fit_are_refused_and_change_nothing) {
  const TemporaryDirectory directory;
  const auto refuses = [&](TransformerEncoder& encoder, const std::string& name, const std::string& text) {
    const std::vector<std::string> before = trained(encoder);
    BOOST_CHECK_EXCEPTION(load_lora_weights(encoder, directory / name), std::runtime_error, says(name, text));
    BOOST_TEST(trained(encoder) == before, boost::test_tools::per_element());
  };
  const auto write = [&](const std::string& name, std::int64_t rank, const std::string& layer, const Shape& a, const Shape& b) {
    Hdf5Writer writer(directory / name);
    writer.integer("lora/vars/rank", rank);
    if (!layer.empty()) writer.dataset("lora/" + layer + "/vars/lora_kernel_a", Tensor::zeros(a));
    if (!layer.empty()) writer.dataset("lora/" + layer + "/vars/lora_kernel_b", Tensor::zeros(b));
    writer.finish();
  };
  TransformerEncoder plain(kEncoder), adapted(kEncoder);
  enable_lora(adapted, 2, {"query"});
  // Layers with weights: attention, norm, norm, dense, dense; in attention output, value, key, query.
  write("rank.lora.h5", 0, "4", {8, 2, 2}, {2, 4});
  refuses(plain, "rank.lora.h5", "lora/vars/rank must be a positive integer");
  write("none.lora.h5", 2, "", {}, {});
  refuses(plain, "none.lora.h5", "must hold factors of at least one layer, got none");
  write("name.lora.h5", 2, "query", {}, {});
  refuses(plain, "name.lora.h5", "lora/query must be the number of a layer");
  write("far.lora.h5", 2, "99", {}, {});
  refuses(plain, "far.lora.h5", "lora/99 must be a layer that LoRA can adapt, got one of 9 in the model");
  write("norm.lora.h5", 2, "5", {}, {});
  refuses(plain, "norm.lora.h5", "lora/5 must be a layer that LoRA can adapt, got self_attention_layer_norm");
  write("shape.lora.h5", 2, "4", {8, 2, 3}, {3, 4});
  refuses(plain, "shape.lora.h5", "lora/4/vars/lora_kernel_a must have shape (8, 2, 2) for self_attention_layer/query, got (8, 2, 3)");
  write("three.lora.h5", 3, "4", {8, 2, 3}, {3, 4});
  refuses(adapted, "three.lora.h5", "the rank must be the model's 2, got 3");
  write("value.lora.h5", 2, "2", {8, 2, 2}, {2, 4});
  refuses(adapted, "value.lora.h5", "every layer of the file must be adapted in the model, got self_attention_layer/value, which is not");
  enable_lora(adapted, 2, {"value"});
  write("less.lora.h5", 2, "4", {8, 2, 2}, {2, 4});
  refuses(adapted, "less.lora.h5", "must hold factors of self_attention_layer/value, got none");
}

BOOST_AUTO_TEST_SUITE_END()
