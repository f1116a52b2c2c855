#include "framework/layers/registry.h"

#include "framework/layers/dense.h"
#include "tests/support/check_layer.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::check_refuses;

namespace {

class Unknown : public Layer {};

class Twice : public Layer {
 public:
  explicit Twice(bool same_weight) {
    add_weight("kernel", {2}, Initializer::zeros(), DType::float32);
    if (same_weight) add_weight("kernel", {2}, Initializer::zeros(), DType::float32);
    add<Dense>("dense", {.input_dim = 1, .units = 1});
    add<Dense>("dense", {.input_dim = 1, .units = 1});
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(a_registered_layer_is_made_from_its_json) {
  const std::unique_ptr<Layer> layer = layer_from_json(R"({"class_name": "Dense", "config": {"input_dim": 2, "units": 3}})");
  BOOST_TEST(layer->class_name() == "Dense");
  BOOST_TEST(layer->parameter_count() == 9);
  BOOST_TEST(layer_to_json(*layer_from_json(layer_to_json(*layer))) == layer_to_json(*layer));
}

BOOST_AUTO_TEST_CASE(names_are_taken_once) {
  BOOST_TEST(register_layer<Dense>("Dense"));  // the same class again is fine
  check_refuses([] { register_layer_class({"Dense", typeid(int), {}, {}}); }, "register_layer: the name must be new, got 'Dense' twice");
  check_refuses([] { Twice(true); }, "Twice: a weight's name must be new, got 'kernel' twice");
  check_refuses([] { Twice(false); }, "Twice: a child's name must be new, got 'dense' twice");
}

BOOST_AUTO_TEST_CASE(what_is_not_registered_or_not_json_is_refused) {
  check_refuses([] { layer_to_json(Unknown()); }, "the layer's class must be registered, got Unknown");
  BOOST_CHECK_EXCEPTION(layer_from_json("nonsense"), std::runtime_error, linnet::testing::says("layer_from_json: "));
  BOOST_CHECK_EXCEPTION(layer_from_json(R"({"class": "Dense"})"), std::runtime_error, linnet::testing::says("class_name"));
  check_refuses([] { layer_from_json(R"({"class_name": "Nope", "config": {}})"); }, "got 'Nope' (known: ");
}

BOOST_AUTO_TEST_CASE(a_frozen_layer_has_no_trainable_weight) {
  Dense layer({.input_dim = 2, .units = 2});
  layer.set_trainable(false);
  for (const Parameter& parameter : layer.parameters()) BOOST_TEST(!parameter.tensor.requires_grad());
  layer.set_trainable(true);
  for (const Parameter& parameter : layer.parameters()) BOOST_TEST(parameter.tensor.requires_grad());
}

BOOST_AUTO_TEST_SUITE_END()
