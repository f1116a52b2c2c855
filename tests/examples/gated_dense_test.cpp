#include "docs/examples/gated_dense.h"

#include "tests/support/check_layer.h"

BOOST_AUTO_TEST_SUITE(gated_dense)

BOOST_AUTO_TEST_CASE(gated_dense_is_a_well_behaved_layer) { linnet::testing::check_layer<GatedDense>({.input_dim = 3, .units = 4}, {5, 3}); }

BOOST_AUTO_TEST_SUITE_END()
