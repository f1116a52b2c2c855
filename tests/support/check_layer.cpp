#include "tests/support/check_layer.h"

#include <nlohmann/json.hpp>

namespace linnet::testing {

void randomize(Layer& layer) {
  std::uint32_t number = 0;
  for (Parameter& parameter : layer.parameters())
    parameter.tensor.assign(random_normal(parameter.tensor.shape(), parameter.tensor.dtype(), {5, 2, number++}));
}

void check_same_layer(const Layer& a, const Layer& b) {
  const auto left = a.parameters(), right = b.parameters();
  BOOST_TEST(a.class_name() == b.class_name());
  BOOST_TEST_REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    BOOST_TEST(left[i].path == right[i].path);
    BOOST_TEST((left[i].tensor.shape() == right[i].tensor.shape()));
    BOOST_TEST((left[i].tensor.to_vector() == right[i].tensor.to_vector()));
  }
}

void check_json_round_trip(const Layer& layer) {
  const std::string json = layer_to_json(layer);
  const std::unique_ptr<Layer> copy = layer_from_json(json);
  BOOST_TEST(layer_to_json(*copy) == json);
  const auto left = layer.parameters(), right = copy->parameters();
  BOOST_TEST_REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    BOOST_TEST(left[i].path == right[i].path);
    BOOST_TEST((left[i].tensor.shape() == right[i].tensor.shape()));
  }
  nlohmann::json wrong = nlohmann::json::parse(json);
  wrong["config"]["no_such_key"] = 1;
  check_refuses([&] { layer_from_json(wrong.dump()); }, "unknown config key 'no_such_key'");
}

void check_gradients(const Layer& layer, const std::function<Tensor()>& f, std::vector<Tensor> inputs) {
  for (const Parameter& parameter : layer.parameters()) inputs.push_back(parameter.tensor);
  BOOST_CHECK_NO_THROW(gradcheck(layer.class_name(), f, inputs));
}

void check_refuses(const std::function<void()>& f, const std::string& text) {
  BOOST_CHECK_EXCEPTION(f(), std::invalid_argument, [&](const std::invalid_argument& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("expected '" << text << "' in '" << error.what() << "'");
    return found;
  });
}

}  // namespace linnet::testing
