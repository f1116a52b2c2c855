// BertBackbone presets of several shapes and dtypes: backbones/index.json.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "framework/config/json.h"
#include "framework/ops/attention.h"
#include "models/bert/bert_backbone.h"
#include "tests/support/golden.h"
#include "tests/support/golden_h5.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

/// The child of that name and class.
template <class L>
const L& child(const Layer& layer, const std::string& name) {
  for (const Layer::Child& entry : layer.children())
    if (entry.name == name) return dynamic_cast<const L&>(*entry.layer);
  throw std::runtime_error("no layer " + name);
}

/// The probabilities of one encoder's attention, (batch, heads, length, length).
Tensor attention_scores(const MultiHeadAttention& layer, const Tensor& x, const SequenceLayout& layout) {
  const auto project = [&](const char* name) { return child<EinsumDense>(layer, name).forward_rows(x); };
  return ops::attention_with_scores(project("query"), project("key"), project("value"), layout, layout, {},
                                    {.num_heads = layer.config().num_heads, .key_dim = layer.config().key_dim})
      .scores;
}

/// Every layer's output by name, as gen_backbones.py records them.
std::map<std::string, std::vector<double>> intermediates(const BertBackbone& backbone, const BertInputs& inputs) {
  const std::int64_t batch = inputs.token_ids.dim(0), length = inputs.token_ids.dim(1), tokens = batch * length;
  const SequenceLayout layout = SequenceLayout::padded(batch, length, inputs.padding_mask);
  const Tensor token_ids = inputs.token_ids.reshape({tokens}), segment_ids = inputs.segment_ids.reshape({tokens});
  std::map<std::string, std::vector<double>> all;
  const auto note = [&](const std::string& name, const Tensor& value) {
    all[name] = value.to_vector();
    return value;
  };
  const Tensor token = note("token_embedding", child<ReversibleEmbedding>(backbone, "token_embedding")(token_ids));
  const Tensor position = note("position_embedding", child<PositionEmbedding>(backbone, "position_embedding").forward(layout));
  const Tensor segment = note("segment_embedding", child<Embedding>(backbone, "segment_embedding")(segment_ids));
  const Add& add = child<Add>(backbone, "embeddings_add");
  const Tensor sum = note("embeddings_add", add.forward(add.forward(token, position), segment));
  Tensor x = note("embeddings_layer_norm", child<LayerNormalization>(backbone, "embeddings_layer_norm")(sum));
  for (std::size_t i = 0; i < backbone.transformer_layers().size(); ++i) {
    const TransformerEncoder& encoder = *backbone.transformer_layers()[i];
    const auto& attention = child<MultiHeadAttention>(encoder, "self_attention_layer");
    const std::string number = std::to_string(i), inside = "layer_" + number + "/";
    note("attention_scores_" + number, attention_scores(attention, x, layout));
    for (const char* name : {"query", "key", "value"}) note(inside + name, child<EinsumDense>(attention, name).forward_rows(x));
    const Tensor attended = note(inside + "attention_output", attention.forward(x, layout, {}));
    const Tensor half =
        note(inside + "self_attention_layer_norm", child<LayerNormalization>(encoder, "self_attention_layer_norm")(add.forward(attended, x)));
    const Tensor wide = note(inside + "feedforward_intermediate", child<Dense>(encoder, "feedforward_intermediate_dense")(half));
    const Tensor narrow = note(inside + "feedforward_output", child<Dense>(encoder, "feedforward_output_dense")(wide));
    note(inside + "feedforward_layer_norm", child<LayerNormalization>(encoder, "feedforward_layer_norm")(add.forward(narrow, half)));
    x = note("transformer_layer_" + number, encoder.forward(x, layout));
  }
  return all;
}

void compare_intermediates(const std::string& case_name, const Hdf5File& golden, const std::string& group, const BertBackbone& backbone,
                           const BertInputs& inputs) {
  const auto actual = intermediates(backbone, inputs);
  const Tolerance tolerance{.absolute = forward_tolerance(backbone.parameters()[0].tensor.dtype())};
  const std::function<void(const std::string&, const std::string&)> compare = [&](const std::string& path, const std::string& prefix) {
    for (const Hdf5File::Child& entry : golden.children(path)) {
      const std::string name = prefix + entry.name;
      if (entry.kind == Hdf5File::Kind::group) {
        compare(path + "/" + entry.name, name + "/");
        continue;
      }
      const auto found = actual.find(name);
      BOOST_REQUIRE_MESSAGE(found != actual.end(), case_name << ": no intermediate " << name);
      golden_compare(case_name, "intermediates/" + name, golden_values(golden, path + "/" + entry.name), found->second, tolerance);
    }
  };
  compare(group, "");
}

/// Paths, shapes and dtypes of the variables.
void compare_variables(const std::string& case_name, const nlohmann::json& expected, const BertBackbone& backbone) {
  std::string ours, theirs;
  for (const Parameter& parameter : backbone.parameters())
    ours += cat(parameter.path, " ", parameter.tensor.shape(), " ", parameter.tensor.dtype(), "\n");
  for (const auto& variable : expected)
    theirs += cat(variable.at("path").get<std::string>(), " ", variable.at("shape").get<Shape>(), " ", variable.at("dtype").get<std::string>(), "\n");
  golden_equal(case_name, "variables", theirs, ours);
}

/// The largest and the mean error that 16-bit outputs may have against float64: of float16 fixed, of bfloat16 once and a half that of
/// the worst of Keras' backends on this batch.
struct HalfTolerance {
  double largest, mean;
};
HalfTolerance half_tolerance(const std::string& dtype, const Hdf5File& golden, const std::string& group, const std::string& name) {
  if (dtype.ends_with("float16") && !dtype.ends_with("bfloat16")) return {4e-2, 5e-3};
  HalfTolerance worst{0, 0};
  for (const char* backend : {"/outputs/", "/outputs_jax/", "/outputs_tensorflow/"}) {
    if (!golden.exists(group + backend + name)) continue;
    const GoldenError error =
        golden_error(golden_values(golden, group + "/float64_reference/" + name), golden_values(golden, group + backend + name));
    worst = {std::max(worst.largest, error.largest), std::max(worst.mean, error.mean)};
  }
  return {1.5 * worst.largest, 1.5 * worst.mean};
}

/// Outputs computed in a 16-bit dtype against float64.
void compare_half(const std::string& case_name, const std::string& dtype, const Hdf5File& golden, const std::string& group,
                  const BertBackbone& backbone, const BertInputs& inputs) {
  const BertOutputs outputs = backbone.forward(inputs);
  const auto compare = [&](const std::string& name, const Tensor& actual) {
    BOOST_TEST(actual.dtype() == DTypePolicy(dtype).compute);
    const HalfTolerance tolerance = half_tolerance(dtype, golden, group, name);
    const GoldenError error = golden_error(golden_values(golden, group + "/float64_reference/" + name), actual.to_vector());
    golden_record(case_name, "outputs/" + name, actual.size(), error.largest, tolerance.largest, error.largest <= tolerance.largest);
    golden_record(case_name, "mean of outputs/" + name, actual.size(), error.mean, tolerance.mean, error.mean <= tolerance.mean);
  };
  compare("sequence_output", outputs.sequence_output);
  compare("pooled_output", outputs.pooled_output);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backbones)

BOOST_AUTO_TEST_CASE(outputs_and_intermediates_are_those_of_keras_hub) {
  if (!have_fixture("backbones/index.json")) return;
  for (const auto& entry : read_json(fixtures() / "backbones" / "index.json")) {
    const std::string name = entry.at("name"), dtype = entry.at("dtype"), preset = fixtures() / "backbones" / name;
    const Hdf5File golden(fixtures() / "backbones" / (name + ".golden.h5"));
    const bool full = dtype == "float32" || dtype == "float64";
    const auto exact = BertBackbone::from_preset(preset, {.dtype = "float64"}), standard = BertBackbone::from_preset(preset);
    const auto as_saved = BertBackbone::from_preset(preset, {.dtype = dtype});
    BertBackbone::Config config = as_saved->config();
    BertBackbone::Config expected;
    linnet::read_json(entry.at("config").dump(), name, [&](FieldVisitor& field) { expected.fields(field); });
    expected.dtype = config.dtype;
    golden_equal("backbones/" + name, "config", to_json(expected), to_json(config));
    compare_variables("backbones/" + name, entry.at("weights"), *as_saved);
    for (const auto& batch : entry.at("batches")) {
      const std::string group = batch.at("name"), case_name = "backbones/" + name + "/" + group;
      const BertInputs inputs = golden_inputs(golden, group);
      golden_forward(case_name, golden, group + "/float64_reference", *exact, inputs);
      if (golden.exists(group + "/default_policy")) golden_forward(case_name, golden, group + "/default_policy", *standard, inputs);
      if (full) golden_forward(case_name, golden, group + "/outputs", *as_saved, inputs);
      else compare_half(case_name, dtype, golden, group, *as_saved, inputs);
      if (golden.exists(group + "/intermediates")) compare_intermediates(case_name, golden, group + "/intermediates", *as_saved, inputs);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
