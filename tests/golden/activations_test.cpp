// Keras' activations and their gradients in float64: activations.h5.
#include <boost/test/unit_test.hpp>

#include "framework/autograd/tape.h"
#include "framework/io/hdf5_file.h"
#include "framework/ops/activations.h"
#include "tests/support/golden.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(activations)

BOOST_AUTO_TEST_CASE(every_activation_has_keras_values_and_gradients) {
  if (!have_fixture("activations.h5")) return;
  const Hdf5File file(fixtures() / "activations.h5");
  const Tolerance tolerance{.absolute = 1e-10};
  std::int64_t cases = 0;
  for (const auto& child : file.children("")) {
    const std::string name = "activations/" + child.name;
    Tensor x = file.read(child.name + "/x");
    x.set_requires_grad(true);
    Tape tape;
    const Tensor y = ops::activate(x, activation_from_name(child.name));
    golden_compare(name, "y", file.read(child.name + "/y").to_vector(), y.to_vector(), tolerance);
    tape.backward(y, file.read(child.name + "/cotangent"));
    golden_compare(name, "grad_x", file.read(child.name + "/grad_x").to_vector(), x.grad().to_vector(), tolerance);
    ++cases;
  }
  BOOST_TEST(cases > 0);
}

BOOST_AUTO_TEST_SUITE_END()
