#pragma once

#include <boost/test/unit_test.hpp>
#include <string>

#include "framework/autograd/gradcheck.h"
#include "framework/core/random.h"
#include "framework/layers/registry.h"

namespace linnet::testing {

/// Random float64 values.
inline Tensor random_input(const Shape& shape) { return random_normal(shape, DType::float64, {17, 1, 0}); }

/// Every weight becomes random, so that no gradient hides behind a zero or a one.
void randomize(Layer& layer);
/// The same class, config, paths, shapes and values.
void check_same_layer(const Layer& a, const Layer& b);
/// layer -> JSON -> layer of the same config and the same paths and shapes; an unknown key in the config is refused by name.
void check_json_round_trip(const Layer& layer);
/// float64 gradients of f with respect to `inputs` and every weight of the layer, the whole Jacobian.
void check_gradients(const Layer& layer, const std::function<Tensor()>& f, std::vector<Tensor> inputs);
/// f throws std::invalid_argument with `text` in its message.
void check_refuses(const std::function<void()>& f, const std::string& text);

/// All that a layer of one tensor owes its user: gradients, JSON round trip, weights that are shared by no other instance,
/// the same result with and without a tape, and an error that names it or its op for a bad shape.
template <class L>
void check_layer(typename L::Config config, const Shape& input_shape) {
  if constexpr (requires { config.dtype; }) config.dtype = "float64";
  L layer(config);
  randomize(layer);
  const Tensor x = random_input(input_shape);
  check_gradients(layer, [&] { return layer.forward(x); }, {x});
  check_json_round_trip(layer);
  BOOST_TEST(layer.forward(x).to_vector() == layer(x).to_vector(), boost::test_tools::per_element());
  if (!layer.parameters().empty()) {
    Shape wrong = input_shape;
    for (std::int64_t& extent : wrong) ++extent;
    BOOST_CHECK_THROW(layer.forward(random_input(wrong)), std::invalid_argument);
  }
}

}  // namespace linnet::testing
