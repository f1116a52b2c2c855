// Keras' layers in float64: outputs, attention scores, gradients of inputs and weights. layers.h5, layers.json.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/autograd/tape.h"
#include "framework/io/hdf5_file.h"
#include "tests/support/golden.h"
#include "tests/support/keras_layers.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

constexpr Tolerance kTolerance{.absolute = 1e-10};

/// The datasets below `group` by path.
NamedTensors read_all(const Hdf5File& file, const std::string& group) {
  NamedTensors result;
  if (!file.exists(group)) return result;
  for (const auto& child : file.children(group)) {
    const std::string path = group + "/" + child.name;
    if (child.kind == Hdf5File::Kind::dataset) {
      result[child.name] = file.read(path);
      continue;
    }
    for (auto& [name, tensor] : read_all(file, path)) result[child.name + "/" + name] = std::move(tensor);
  }
  return result;
}

std::vector<double> gradient_of(const Tensor& tensor) {
  return tensor.grad().defined() ? tensor.grad().to_vector() : std::vector<double>(static_cast<std::size_t>(tensor.size()), 0.0);
}

void set_weights(const KerasLayer& layer, const NamedTensors& weights) {
  BOOST_REQUIRE_EQUAL(layer.parameters.size(), weights.size());
  for (const Parameter& parameter : layer.parameters) {
    BOOST_REQUIRE_MESSAGE(weights.contains(parameter.path), "Keras has no weight " << parameter.path);
    Tensor(parameter.tensor).assign(weights.at(parameter.path));
  }
}

void compare(const Hdf5File& file, const nlohmann::json& entry) {
  const std::string name = entry.at("name"), label = "layers/" + name;
  NamedTensors inputs = read_all(file, name + "/inputs");
  for (auto& [key, tensor] : inputs)
    if (tensor.dtype() == DType::float64) tensor.set_requires_grad(true);
  const KerasLayer layer = make_keras_layer(entry, inputs);
  set_weights(layer, read_all(file, name + "/weights"));

  Tape tape({.dropout = false});
  const std::vector<Tensor> outputs = layer.call();
  golden_compare(label, "output", file.read(name + "/output").to_vector(), outputs[0].to_vector(), kTolerance);
  BOOST_TEST((outputs[0].shape() == file.shape(name + "/output")), label << ": the shape of the output");
  BOOST_REQUIRE_EQUAL(outputs.size() > 1, file.exists(name + "/second_output"));
  if (outputs.size() > 1) golden_compare(label, "second_output", file.read(name + "/second_output").to_vector(), outputs[1].to_vector(), kTolerance);

  if (outputs[0].requires_grad()) tape.backward(outputs[0], file.read(name + "/cotangent"));
  for (const auto& [key, expected] : read_all(file, name + "/input_grads"))
    golden_compare(label, "input_grads/" + key, expected.to_vector(), gradient_of(inputs.at(key)), kTolerance);
  const NamedTensors weight_grads = read_all(file, name + "/weight_grads");
  for (const Parameter& parameter : layer.parameters)
    golden_compare(label, "weight_grads/" + parameter.path, weight_grads.at(parameter.path).to_vector(), gradient_of(parameter.tensor), kTolerance);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(every_layer_has_keras_outputs_and_gradients) {
  if (!have_fixture("layers.h5")) return;
  const Hdf5File file(fixtures() / "layers.h5");
  const nlohmann::json cases = read_json(fixtures() / "layers.json");
  BOOST_TEST(!cases.empty());
  for (const nlohmann::json& entry : cases) BOOST_TEST_CONTEXT(entry.at("name")) {
      try {
        compare(file, entry);
      } catch (const NotTranslated& reason) {
        golden_left_out("layers/" + entry.at("name").get<std::string>(), reason.what());
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
