#include "framework/layers/int8_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/io/weights.h"
#include "framework/layers/dense.h"
#include "framework/layers/einsum_dense.h"
#include "framework/layers/embedding.h"
#include "framework/layers/flattened_layers.h"
#include "framework/layers/layer_normalization.h"
#include "framework/layers/reversible_embedding.h"
#include "framework/layers/transformer_encoder.h"
#include "tests/support/check_layer.h"
#include "tests/support/near.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

TransformerEncoder::Config small_encoder() { return {.hidden_dim = 8, .intermediate_dim = 6, .num_heads = 2}; }
const SequenceLayout& layout() {
  static const SequenceLayout instance = SequenceLayout::ragged(std::vector<std::int32_t>{3, 2});
  return instance;
}

/// round(x scale) in float64, by rows.
std::vector<double> quantized_row(const std::vector<double>& row, double& scale) {
  double top = 0;
  for (const double value : row) top = std::max(top, std::abs(value));
  scale = 127 / (top + 1e-7);
  std::vector<double> result;
  for (const double value : row) result.push_back(std::nearbyint(value * scale));
  return result;
}

/// What Keras' int8 Dense computes, in plain loops, from the float weights: x (rows, in), kernel (in, out).
std::vector<double> plain_int8_dense(const Tensor& x, const Tensor& kernel, const std::vector<double>& bias) {
  const auto rows = static_cast<std::size_t>(x.rows()), in = static_cast<std::size_t>(x.dim(-1)), out = bias.size();
  const std::vector<double> values = x.to_vector(), weights = kernel.to_vector();
  std::vector<double> y(rows * out);
  for (std::size_t r = 0; r < rows; ++r) {
    double row_scale = 0;
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(r * in);
    const std::vector<double> q = quantized_row({begin, begin + static_cast<std::ptrdiff_t>(in)}, row_scale);
    for (std::size_t c = 0; c < out; ++c) {
      std::vector<double> column;
      for (std::size_t k = 0; k < in; ++k) column.push_back(weights[k * out + c]);
      double column_scale = 0, sum = 0;
      const std::vector<double> w = quantized_row(column, column_scale);
      for (std::size_t k = 0; k < in; ++k) sum += q[k] * w[k];
      y[r * out + c] = sum / (row_scale * column_scale) + bias[c];
    }
  }
  return y;
}

void check_values(const std::vector<double>& expected, const Tensor& actual) {
  const GoldenError error = golden_error(expected, actual.to_vector(), rounding(actual.dtype(), 16));
  BOOST_TEST(error.outside == 0, "largest difference " << error.largest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(int8_layers)

BOOST_AUTO_TEST_CASE(an_int8_dense_computes_what_keras_does) {
  for (const char* dtype : {"float32", "float64"}) {
    Dense dense({.input_dim = 37, .units = 35, .dtype = dtype});
    randomize(dense);
    const Tensor kernel = dense.kernel().clone(), x = random_input({5, 37}).cast(DTypePolicy(dtype).compute);
    const std::vector<double> expected = plain_int8_dense(x, kernel, dense.bias().to_vector());
    dense.quantize("int8");
    check_values(expected, dense(x));
    BOOST_TEST(dense.is_int8());
    BOOST_TEST((dense.kernel().dtype() == DType::int8));
    BOOST_TEST((dense.scale().shape() == Shape{35}));
    BOOST_TEST((dense(Tensor::zeros({0, 37}, x.dtype())).shape() == Shape{0, 35}));
  }
}

BOOST_AUTO_TEST_CASE(einsum_dense_has_keras_scale_shapes_and_flat_products) {
  EinsumDense query({.equation = "abc,cde->abde", .input_shape = {0, 6}, .output_shape = {0, 2, 5}, .bias_axes = "de", .dtype = "float64"});
  EinsumDense output({.equation = "abcd,cde->abe", .input_shape = {0, 2, 5}, .output_shape = {0, 6}, .bias_axes = "e", .dtype = "float64"});
  randomize(query);
  randomize(output);
  const Tensor x = random_input({2, 3, 6}), heads = random_input({2, 3, 2, 5});
  const std::vector<double> first = plain_int8_dense(x.reshape({6, 6}), query.kernel(), query.bias().to_vector());
  const std::vector<double> second = plain_int8_dense(heads.reshape({6, 10}), output.kernel(), output.bias().to_vector());
  query.quantize("int8");
  output.quantize("int8");
  BOOST_TEST((query.scale().shape() == Shape{1, 1, 2, 5}));
  BOOST_TEST((output.scale().shape() == Shape{1, 1, 6}));
  BOOST_TEST((query(x).shape() == Shape{2, 3, 2, 5}));
  check_values(first, query(x));
  check_values(second, output(heads));
}

BOOST_AUTO_TEST_CASE(int8_embeddings_divide_rows_by_their_scale) {
  Embedding embedding({.input_dim = 4, .output_dim = 3});
  randomize(embedding);
  const std::vector<double> rows = embedding.embeddings().to_vector();
  embedding.quantize("int8");
  const Tensor ids = Tensor::from<std::int32_t>({2, 0, 2}, {3});
  std::vector<double> expected;
  for (const std::size_t id : {2u, 0u, 2u}) {
    double scale = 0;
    for (const double value : quantized_row({rows[id * 3], rows[id * 3 + 1], rows[id * 3 + 2]}, scale)) expected.push_back(value);
    for (std::size_t c = expected.size() - 3; c < expected.size(); ++c) expected[c] /= scale;
  }
  check_values(expected, embedding(ids));
  BOOST_TEST((embedding.scale().shape() == Shape{4}));
  check_refuses([&] { embedding(Tensor::from<std::int32_t>({1, 4}, {2})); }, "int8_embedding: ids must lie in [0, 4), got 4 at position 1");
}

BOOST_AUTO_TEST_CASE(int8_reversible_embeddings_go_back_by_rows_or_by_a_table_of_their_own) {
  const Tensor x = random_input({3, 5});
  for (const bool tie : {true, false}) {
    ReversibleEmbedding embedding({.input_dim = 40, .output_dim = 5, .tie_weights = tie, .dtype = "float64"});
    randomize(embedding);
    Tensor table = Tensor::empty({5, 40}, DType::float64);  // (output_dim, input_dim)
    const std::vector<double> from = embedding.parameters().back().tensor.to_vector();
    for (std::size_t r = 0; r < 5; ++r)
      for (std::size_t c = 0; c < 40; ++c) table.mutable_data<double>()[r * 40 + c] = tie ? from[c * 5 + r] : from[r * 40 + c];
    embedding.quantize("int8");
    check_values(plain_int8_dense(x, table, std::vector<double>(40, 0.0)), embedding.reverse(x));
    std::vector<std::string> names;
    for (const Layer::Weight& weight : embedding.weights()) names.push_back(weight.name);
    const std::vector<std::string> tied{"embeddings", "embeddings_scale"},
        untied{"embeddings", "embeddings_scale", "reverse_embeddings", "reverse_embeddings_scale"};
    BOOST_TEST(names == (tie ? tied : untied), boost::test_tools::per_element());  // Keras' order in files
  }
}

BOOST_AUTO_TEST_CASE(an_int8_encoder_stays_near_the_float_one_and_is_the_same_for_any_threads) {
  TransformerEncoder encoder(small_encoder());
  randomize(encoder);
  const Tensor x = random_input({5, 8}).cast(DType::float32);
  const std::vector<double> before = encoder.forward(x, layout()).to_vector();
  encoder.quantize("int8");
  const std::vector<double> after = encoder.forward(x, layout()).to_vector();
  const GoldenError error = golden_error(before, after);
  BOOST_TEST(error.largest < 0.5);
  BOOST_TEST(error.largest > 0);
  const int threads = num_threads();
  set_num_threads(threads == 1 ? 2 : 1);
  BOOST_TEST(encoder.forward(x, layout()).to_vector() == after, boost::test_tools::per_element());
  set_num_threads(threads);
  // A row is quantized on its own: the first rows alone give the first rows.
  const std::vector<double> rows = encoder.forward_first_rows(x, layout()).to_vector();
  for (std::size_t c = 0; c < 8; ++c) {
    BOOST_TEST(rows[c] == after[c]);
    BOOST_TEST(rows[8 + c] == after[3 * 8 + c]);
  }
}

BOOST_AUTO_TEST_CASE(int8_layers_work_under_16_bit_policies_but_float16) {
  TransformerEncoder plain(small_encoder());
  randomize(plain);
  const Tensor x = random_input({5, 8}).cast(DType::float32);
  plain.quantize("int8");
  const std::vector<double> expected = plain.forward(x, layout()).to_vector();
  for (const char* policy : {"mixed_bfloat16", "bfloat16"}) {
    TransformerEncoder::Config config = small_encoder();
    config.dtype = policy;
    TransformerEncoder encoder(config);
    make_int8(encoder, linnet::int8_layers(plain));
    for (std::size_t i = 0; i < plain.parameters().size(); ++i)
      encoder.parameters()[i].tensor.assign(plain.parameters()[i].tensor.cast(encoder.parameters()[i].tensor.dtype()));
    const Tensor y = encoder.forward(x, layout());
    BOOST_TEST(y.dtype() == DType::bfloat16);
    const GoldenError error = golden_error(expected, y.to_vector());
    BOOST_TEST(error.largest < 0.5, policy << " " << error.largest);
    BOOST_TEST(error.mean < 0.05, policy << " " << error.mean);
  }
  Dense half({.input_dim = 2, .units = 2, .dtype = "mixed_float16"});
  check_refuses([&] { half.quantize("int8"); }, "Dense: an int8 layer must not compute in float16, got the dtype mixed_float16");
}

BOOST_AUTO_TEST_CASE(written_weights_are_packed_again) {
  Dense dense({.input_dim = 3, .units = 2, .use_bias = false, .dtype = "float64"});
  dense.quantize("int8");
  const Tensor x = random_input({2, 3});
  const std::vector<double> before = dense(x).to_vector();
  Tensor(dense.scale()).assign(Tensor::full({2}, 2, DType::float64));
  const std::vector<double> scaled = dense(x).to_vector();
  BOOST_TEST((scaled != before));
  Tensor(dense.kernel()).assign(Tensor::zeros({3, 2}, DType::int8));
  for (const double value : dense(x).to_vector()) BOOST_TEST(value == 0);
}

BOOST_AUTO_TEST_CASE(int8_layers_come_back_from_files_and_configs) {
  const TemporaryDirectory directory;
  TransformerEncoder encoder(small_encoder());
  randomize(encoder);
  encoder.quantize("int8");
  const std::vector<std::string> expected{"feedforward_output_dense",   "feedforward_intermediate_dense", "self_attention_layer/attention_output",
                                          "self_attention_layer/value", "self_attention_layer/key",       "self_attention_layer/query"};
  std::vector<std::string> paths = linnet::int8_layers(encoder);
  std::ranges::sort(paths);
  std::vector<std::string> sorted = expected;
  std::ranges::sort(sorted);
  BOOST_TEST(paths == sorted, boost::test_tools::per_element());
  check_json_round_trip(encoder);
  const std::unique_ptr<Layer> copy = layer_from_json(layer_to_json(encoder));
  save_weights(encoder, directory / "int8.weights.h5");
  load_weights(*copy, directory / "int8.weights.h5");
  const Tensor x = random_input({5, 8}).cast(DType::float32);
  BOOST_TEST(dynamic_cast<TransformerEncoder&>(*copy).forward(x, layout()).to_vector() == encoder.forward(x, layout()).to_vector(),
             boost::test_tools::per_element());
  TransformerEncoder plain(small_encoder());
  BOOST_CHECK_THROW(load_weights(plain, directory / "int8.weights.h5"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(lora_beside_int8_weights_is_added_and_merged_when_saved) {
  const TemporaryDirectory directory;
  Dense dense({.input_dim = 16, .units = 8, .dtype = "float64"}), plain(dense.config());
  randomize(dense);
  dense.quantize("int8");
  const Tensor x = random_input({4, 16});
  const std::vector<double> before = dense(x).to_vector();
  dense.enable_lora(2);
  BOOST_TEST(dense(x).to_vector() == before, boost::test_tools::per_element());
  Tensor(dense.lora().b).assign(random_normal({2, 8}, DType::float64, {3, 1, 4}));
  const std::vector<double> after = dense(x).to_vector();
  BOOST_TEST((after != before));
  save_weights(dense, directory / "merged.weights.h5");
  plain.quantize("int8");
  load_weights(plain, directory / "merged.weights.h5");
  const GoldenError error = golden_error(after, plain(x).to_vector());
  BOOST_TEST(error.largest > 0);  // quantized anew
  BOOST_TEST(error.largest < 0.3);
  BOOST_TEST(error.mean < 0.1);
}

BOOST_AUTO_TEST_CASE(training_a_quantized_layer_is_refused_and_so_are_other_mistakes) {
  Dense dense({.input_dim = 2, .units = 2});
  check_refuses([&] { dense.quantize("int4"); }, "Dense: quantize must have the mode int8, got 'int4'");
  dense.quantize("int8");
  check_refuses([&] { dense.quantize("int8"); }, "Dense: quantize must come once, got a layer that is int8 already");
  {
    const Tape tape;
    check_refuses([&] { dense(Tensor::zeros({1, 2})); }, "int8_dense: int8 weights are for inference, got a tape that would record them");
    dense.set_trainable(false);
    BOOST_CHECK_NO_THROW(dense(Tensor::zeros({1, 2})));  // frozen, it may stand before layers that train
  }
  dense.set_trainable(true);
  BOOST_TEST(!dense.kernel().requires_grad());
  BOOST_TEST(dense.bias().requires_grad());
  check_refuses([&] { dense(Tensor::zeros({1, 3})); }, "int8_dense: input must have 2 features, got 3 (input (1, 3))");

  LayerNormalization norm({.dim = 3});
  check_refuses([&] { norm.quantize("int8"); },
                "LayerNormalization: quantize must find a Dense, EinsumDense, Embedding or ReversibleEmbedding, got none");
  EinsumDense transposed({.equation = "ab,cb->ac", .input_shape = {3}, .output_shape = {4}});
  check_refuses([&] { transposed.quantize("int8"); },
                "EinsumDense: an int8 layer must contract the last axes with the kernel's first, got 'ab,cb->ac'");
  TransformerEncoder encoder(small_encoder());
  check_refuses(
      [&] {
        make_int8(encoder, {"self_attention_layer/query", "self_attention_layer"});
      },
      "TransformerEncoder: an int8 layer must be a Dense, EinsumDense, Embedding or ReversibleEmbedding, got 'self_attention_layer', "
      "which is none");
  BOOST_TEST(linnet::int8_layers(encoder).empty());
  Dense broken({.input_dim = 1, .units = 1});
  Tensor(broken.kernel()).assign(Tensor::full({1, 1}, std::numeric_limits<double>::infinity()));
  check_refuses([&] { broken.quantize("int8"); }, "quantize: every value must be finite, got one that is not in column 0");
}

BOOST_AUTO_TEST_CASE(flattened_layers_have_keras_order) {
  TransformerEncoder encoder(small_encoder());
  std::vector<std::string> paths;
  for (const LayerPlace& place : flattened_layers(encoder))
    if (!place.layer->parameters().empty()) paths.push_back(place.path);
  const std::string attention = "self_attention_layer";
  const std::vector<std::string> expected{attention,
                                          attention + "/attention_output",
                                          attention + "/value",
                                          attention + "/key",
                                          attention + "/query",
                                          "self_attention_layer_norm",
                                          "feedforward_layer_norm",
                                          "feedforward_intermediate_dense",
                                          "feedforward_output_dense"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
