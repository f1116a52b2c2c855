#include "framework/layers/sequential.h"

#include "framework/io/hdf5_file.h"
#include "framework/io/weights.h"
#include "framework/layers/activation.h"
#include "framework/layers/dense.h"
#include "framework/layers/residual.h"
#include "framework/layers/transformer_encoder.h"
#include "tests/support/check_layer.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::string dense(std::int64_t input_dim, std::int64_t units) {
  return layer_to_json(Dense({.input_dim = input_dim, .units = units, .activation = "tanh", .dtype = "float64"}));
}

std::vector<std::string> paths(const Layer& layer) {
  std::vector<std::string> result;
  for (const Parameter& parameter : layer.parameters()) result.push_back(parameter.path);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sequential)

BOOST_AUTO_TEST_CASE(sequential_and_residual_are_well_behaved_layers) {
  check_layer<Sequential>({.layers = {dense(3, 4), dense(4, 2)}}, {2, 3});
  check_layer<Sequential>({}, {2, 3});
  check_layer<Residual>({.layer = dense(3, 3)}, {2, 3});
}

BOOST_AUTO_TEST_CASE(layers_run_in_order_under_keras_names) {
  Sequential model;
  const Dense& first = model.append<Dense>({.input_dim = 3, .units = 4, .dtype = "float64"});
  model.append<layers::Activation>({.activation = "relu"});
  const Dense& second = model.append<Dense>({.input_dim = 4, .units = 2, .dtype = "float64"});
  model.append<Dense>({.input_dim = 2, .units = 2, .dtype = "float64"}, "logits");
  const std::vector<std::string> expected{"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "logits/kernel", "logits/bias"};
  BOOST_TEST(paths(model) == expected, boost::test_tools::per_element());
  check_json_round_trip(model);
  const Tensor x = random_input({2, 3});
  Sequential two;
  two.append(std::make_unique<Dense>(Dense::Config{.input_dim = 3, .units = 4, .dtype = "float64"}));
  Tensor(two.parameters()[0].tensor).assign(first.kernel());
  BOOST_TEST(two(x).to_vector() == first(x).to_vector(), boost::test_tools::per_element());
  BOOST_TEST((second.kernel().shape() == Shape{4, 2}));
}

BOOST_AUTO_TEST_CASE(weights_lie_where_keras_sequential_keeps_them) {
  const TemporaryDirectory directory;
  Sequential model({.layers = {dense(3, 4)}}), copy({.layers = {dense(3, 4)}});
  randomize(model);
  save_weights(model, directory / "model.weights.h5");
  const Hdf5File file(directory / "model.weights.h5");
  BOOST_TEST((file.shape("layers/dense/vars/0") == Shape{3, 4}));  // a list even of one layer
  load_weights(copy, directory / "model.weights.h5");
  check_same_layer(model, copy);
}

BOOST_AUTO_TEST_CASE(what_does_not_chain_is_refused) {
  check_refuses([] { Sequential({.layers = {dense(2, 2)}, .names = {"a", "b"}}); }, "Sequential: names must be as many as layers, got 2 and 1");
  const std::string encoder = layer_to_json(TransformerEncoder({.hidden_dim = 2, .intermediate_dim = 2, .num_heads = 1}));
  check_refuses([&] { Sequential({.layers = {encoder}}); }, "Sequential: a layer must take and give one tensor, got TransformerEncoder");
  check_refuses([&] { Residual({.layer = encoder}); }, "Residual: a layer must take and give one tensor, got TransformerEncoder");
  check_refuses(
      [] {
        Residual({.layer = dense(3, 2)}).forward(random_input({1, 3}));
      },
      "Residual: the layer must keep the input's shape (1, 3), got (1, 2)");
}

BOOST_AUTO_TEST_SUITE_END()
