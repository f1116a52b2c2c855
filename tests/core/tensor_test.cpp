#include "framework/core/tensor.h"

#include <boost/test/unit_test.hpp>

#include "framework/core/grad_slot.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(a_tensor_holds_the_values_it_was_made_from) {
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  BOOST_TEST(x.size() == 6);
  BOOST_TEST(x.rows() == 2);
  BOOST_TEST(x.dim(-1) == 3);
  BOOST_TEST(x.data<float>()[4] == 5);
  BOOST_TEST(Tensor::full({2}, 2.5, DType::float64).to_vector() == (std::vector<double>{2.5, 2.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(copies_and_views_share_memory_and_clones_do_not) {
  Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
  const Tensor copy = x, view = x.reshape({4}), row = x.slice_rows(1, 2), clone = x.clone();
  BOOST_TEST(!x.owns_memory_alone());
  x.mutable_data<float>()[2] = 9;
  BOOST_TEST(copy.data<float>()[2] == 9);
  BOOST_TEST(view.data<float>()[2] == 9);
  BOOST_TEST(row.data<float>()[0] == 9);
  BOOST_TEST(clone.data<float>()[2] == 3);
}

BOOST_AUTO_TEST_CASE(a_version_never_repeats_and_views_share_it) {
  Tensor x = Tensor::zeros({3});
  const Tensor view = x.reshape({3, 1});
  const std::uint64_t before = x.version();
  BOOST_TEST(view.version() == before);
  x.mutable_data<float>()[0] = 1;
  BOOST_TEST(x.version() > before);
  BOOST_TEST(view.version() == x.version());
  BOOST_TEST(Tensor::zeros({3}).version() > x.version());
}

BOOST_AUTO_TEST_CASE(casts_convert_values) {
  const Tensor x = Tensor::from<double>({1.5, -2.0}, {2});
  BOOST_TEST(x.cast(DType::float32).data<float>()[0] == 1.5f);
  BOOST_TEST(x.cast(DType::int32).data<std::int32_t>()[1] == -2);
}

BOOST_AUTO_TEST_CASE(misuse_is_refused_with_what_was_expected_and_what_came) {
  BOOST_CHECK_EXCEPTION(Tensor().shape(), std::invalid_argument, says("must be defined before it is used"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({2}).data<double>(), std::invalid_argument, says("dtype must be float64 to be read as such, got float32"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({2, 3}).item(), std::invalid_argument, says("item: the tensor must have one element, got shape (2, 3)"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({2, 3}).dim(2), std::invalid_argument, says("tensor: axis must be in [-2, 2), got 2 for shape (2, 3)"));
  BOOST_CHECK_EXCEPTION(Tensor::from<float>({1, 2}, {3}), std::invalid_argument, says("shape (3) needs 3 values, got 2"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({2}).assign(Tensor::zeros({3})), std::invalid_argument,
                        says("assign: must have shape (2) and dtype float32, got (3)"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({2}, DType::int32).set_requires_grad(true), std::invalid_argument,
                        says("set_requires_grad: dtype must be a float, got int32"));
}

BOOST_AUTO_TEST_CASE(a_slot_shares_the_first_gradient_and_adds_the_second_to_memory_of_its_own) {
  GradSlot slot;
  const Tensor first = Tensor::from<double>({1, 2}, {2});
  slot.accumulate(first);
  slot.accumulate(Tensor::from<double>({10, 20}, {2}));
  BOOST_TEST(first.to_vector() == (std::vector<double>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(slot.grad.to_vector() == (std::vector<double>{11, 22}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(row_gradients_become_dense_when_asked_for) {
  Tensor table = Tensor::zeros({3, 2}, DType::float64);
  table.set_requires_grad(true);
  table.grad_slot()->accumulate_rows({Tensor::from<std::int32_t>({2, 0, 2}, {3}), Tensor::from<double>({1, 2, 3, 4, 5, 6}, {3, 2})});
  BOOST_TEST(table.grad().to_vector() == (std::vector<double>{3, 4, 0, 0, 6, 8}), boost::test_tools::per_element());
  BOOST_TEST(table.take_grad().defined());
  BOOST_TEST(!table.grad().defined());
}

BOOST_AUTO_TEST_CASE(what_ops_and_backward_passes_must_not_do_is_said) {
  BOOST_CHECK_EXCEPTION(Tensor::empty({std::int64_t{1} << 61, 2}), std::invalid_argument,
                        says("tensor: the size in bytes must fit in 64 bits, got (2305843009213693952, 2)"));
  BOOST_CHECK_EXCEPTION(Tensor().set_grad_slot(nullptr), std::invalid_argument, says("tensor: must be defined before it is recorded"));
  GradSlot slot;
  slot.accumulate(Tensor::zeros({2}));
  BOOST_CHECK_EXCEPTION(slot.accumulate(Tensor::zeros({3})), std::invalid_argument,
                        says("backward: gradients of one tensor must agree, got (3) float32 after (2) float32"));
}

BOOST_AUTO_TEST_SUITE_END()
