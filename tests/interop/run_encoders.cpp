#include "tests/interop/run_encoders.h"

#include <array>
#include <nlohmann/json.hpp>

#include "framework/autograd/tape.h"
#include "framework/config/json.h"
#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/hdf5_writer.h"
#include "models/bert/bert_backbone.h"

namespace linnet::interop {
namespace {

using Json = nlohmann::json;

/// A backbone whose layers may normalise first, which KerasHub's layers can and its backbone does not offer.
struct Encoder {
  std::unique_ptr<BertBackbone> embeddings;  // and pooler, with no layer of its own
  std::vector<std::unique_ptr<TransformerEncoder>> layers;

  std::vector<Parameter> parameters() const {
    std::vector<Parameter> all = embeddings->parameters();
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (const Parameter& parameter : layers[i]->parameters()) all.push_back({cat("transformer_layer_", i, '/', parameter.path), parameter.tensor});
    return all;
  }
  BertOutputs forward(const BertInputs& inputs) const {
    const Shape shape = inputs.token_ids.shape();
    const std::int64_t tokens = shape[0] * shape[1];
    const SequenceLayout layout = SequenceLayout::padded(shape[0], shape[1], inputs.padding_mask);
    Tensor x = embeddings->embed({inputs.token_ids.reshape({tokens}), inputs.segment_ids.reshape({tokens}), layout});
    for (const auto& layer : layers) x = layer->forward(x, layout);
    return {x, embeddings->pool(x, layout)};
  }
};

Encoder make(const Json& entry) {
  BertBackbone::Config config = from_json<BertBackbone::Config>(entry.at("config").dump(), "cases");
  config.dtype = DTypePolicy(entry.at("dtype").get<std::string>());
  const BertBackbone whole(config);
  config.num_layers = 0;
  Encoder encoder{std::make_unique<BertBackbone>(config), {}};
  for (const TransformerEncoder* layer : whole.transformer_layers()) {
    TransformerEncoder::Config of_layer = layer->config();
    of_layer.normalize_first = entry.at("normalize_first").get<bool>();
    encoder.layers.push_back(std::make_unique<TransformerEncoder>(of_layer));
  }
  return encoder;
}

}  // namespace

void run_encoders(const std::filesystem::path& cases, const std::filesystem::path& arrays, const std::filesystem::path& results) {
  const Json entries = Json::parse(read_text(cases));
  const Hdf5File in(arrays);
  Hdf5Writer out(results);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Encoder encoder = make(entries[i]);
    std::vector<Parameter> parameters = encoder.parameters();
    for (Parameter& parameter : parameters) in.read_into(cat(i, "/weights/", parameter.path), parameter.tensor);
    const auto input = [&](std::string_view name) { return in.read(cat(i, "/inputs/", name)); };
    const BertInputs inputs{input("token_ids"), input("segment_ids"), input("padding_mask")};

    Tape tape({.dropout = false});
    const BertOutputs outputs = encoder.forward(inputs);
    const Tensor sequence_output = in.read(cat(i, "/cotangents/sequence_output"));
    out.dataset(cat(i, "/outputs/sequence_output"), outputs.sequence_output.reshape(sequence_output.shape()));
    out.dataset(cat(i, "/outputs/pooled_output"), outputs.pooled_output);
    tape.backward(std::array{outputs.sequence_output, outputs.pooled_output},
                  std::array{sequence_output.reshape(outputs.sequence_output.shape()), in.read(cat(i, "/cotangents/pooled_output"))});
    for (Parameter& parameter : parameters) out.dataset(cat(i, "/gradients/", parameter.path), parameter.tensor.take_grad());
  }
  out.finish();
}

}  // namespace linnet::interop
