#include "framework/core/widening.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "framework/core/half.h"
#include "framework/core/parallel.h"
#include "framework/core/tensor.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

namespace {

Tensor halves(std::vector<double> values, DType dtype = DType::bfloat16) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::from(values, {count}).cast(dtype);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(widening)

BOOST_AUTO_TEST_CASE(a_16_bit_tensor_reads_as_float32_and_is_rounded_when_the_scope_ends) {
  for (const DType dtype : {DType::bfloat16, DType::float16}) {
    Tensor x = halves({1, 2, 3}, dtype), view = x.slice_rows(1, 3);
    const std::uint64_t version = x.version();
    {
      const WideningScope scope;
      BOOST_TEST(x.data<float>()[2] == 3);
      x.mutable_data<float>()[0] = 1.0f + 0x1p-20f;
      BOOST_TEST(x.data<float>()[0] == 1.0f + 0x1p-20f);  // not rounded within
      BOOST_TEST(x.detach().data<float>()[0] == 1.0f + 0x1p-20f);
      BOOST_TEST(view.data<float>()[0] == 2);
    }
    BOOST_TEST(x.to_vector() == (std::vector<double>{1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(x.version() > version);
    BOOST_TEST(x.owns_memory_alone() == false);  // view has it too, the scope no longer
    view = Tensor();
    BOOST_TEST(x.owns_memory_alone());
  }
}

BOOST_AUTO_TEST_CASE(outside_of_a_scope_and_as_float64_it_is_refused) {
  const Tensor x = halves({1});
  BOOST_CHECK_EXCEPTION(x.data<float>(), std::invalid_argument, says("dtype must be float32 to be read as such, got bfloat16"));
  const WideningScope scope;
  BOOST_CHECK_EXCEPTION(x.data<double>(), std::invalid_argument, says("dtype must be float64 to be read as such, got bfloat16"));
  BOOST_CHECK_EXCEPTION(Tensor::zeros({1}, DType::int32).data<float>(), std::invalid_argument, says("must be float32"));
}

BOOST_AUTO_TEST_CASE(what_is_only_read_keeps_its_bits_and_version) {
  const Tensor x = Tensor::from<BFloat16>({BFloat16(1.0), BFloat16(2.0)}, {2});
  const std::uint64_t version = x.version();
  {
    const WideningScope scope;
    BOOST_TEST(x.data<float>()[1] == 2);
  }
  BOOST_TEST(x.version() == version);
}

BOOST_AUTO_TEST_CASE(a_scope_inside_another_is_part_of_it) {
  Tensor x = halves({1});
  {
    const WideningScope outer;
    {
      const WideningScope inner;
      x.mutable_data<float>()[0] = 1 + 0x1p-9f;
    }
    BOOST_TEST(x.data<float>()[0] == 1 + 0x1p-9f);
    x.mutable_data<float>()[0] += 0x1p-9f;  // rounded twice this would be lost
  }
  BOOST_TEST(x.item() == 1);  // a tie, to even
  dispatch_real(DType::bfloat16, "test", [&]<class T>() { x.mutable_data<T>()[0] += T(0x1.8p-8f); });
  BOOST_TEST(x.item() == 1 + 0x1p-7);
}

BOOST_AUTO_TEST_CASE(tasks_share_the_scope_of_their_caller) {
  constexpr std::int64_t kTasks = 64;
  Tensor x = Tensor::zeros({kTasks}, DType::float16), y = Tensor::full({kTasks}, 3, DType::float16);
  dispatch_real(x.dtype(), "test", [&]<class T>() {
    parallel_tasks(kTasks, [&](std::int64_t i) {
      x.mutable_data<T>()[static_cast<std::size_t>(i)] = y.data<T>()[static_cast<std::size_t>(i)] * static_cast<T>(i);
    });
  });
  for (std::int64_t i = 0; i < kTasks; ++i) BOOST_TEST(x.to_vector()[static_cast<std::size_t>(i)] == 3.0 * static_cast<double>(i));
}

BOOST_AUTO_TEST_CASE(memory_freed_within_is_not_mistaken_for_what_was_there) {
  const WideningScope scope;
  for (const double value : {1.0, 2.0, 3.0}) BOOST_TEST(halves({value}).data<float>()[0] == static_cast<float>(value));
}

BOOST_AUTO_TEST_SUITE_END()
