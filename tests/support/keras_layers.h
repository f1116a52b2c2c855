#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "framework/layers/layer.h"

namespace linnet::testing {

/// A Keras layer, config or call that has no translation; the message says which.
struct NotTranslated : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using NamedTensors = std::map<std::string, Tensor>;

/// A layer of ours made from Keras' words, with its inputs bound.
struct KerasLayer {
  std::vector<std::unique_ptr<Layer>> layers;  ///< the layer last, after those that it refers to
  std::vector<Parameter> parameters;           ///< with Keras' paths: "layer/kernel", "token_embedding/embeddings"
  /// Runs it: the output and, where the call asks for attention scores, those. Reads inputs and weights through their handles.
  std::function<std::vector<Tensor>()> call;
};

/// `entry` is a case of layers.json: class, config, call, arguments; `inputs` are its inputs by name, which give the extents
/// that Keras learns at the first call. Weights are float64. Throws NotTranslated on a class, config key, call argument or
/// value without a translation: nothing is ignored.
KerasLayer make_keras_layer(const nlohmann::json& entry, const NamedTensors& inputs);

}  // namespace linnet::testing
