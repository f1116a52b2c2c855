#include "framework/core/derived.h"

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "framework/core/buffer_pool.h"

using namespace linnet;

namespace {

/// Twice the elements, and how often that was computed.
struct Doubled {
  int count = 0;
  Tensor of(const Tensor& x, std::int64_t extent = 0, std::string_view kind = "doubled") {
    return derived(x, {kind, {extent}}, [&] {
      ++count;
      Tensor result = Tensor::like(x);
      for (std::int64_t i = 0; i < x.size(); ++i)
        result.mutable_data<float>()[static_cast<std::size_t>(i)] = 2 * x.data<float>()[static_cast<std::size_t>(i)];
      return result;
    });
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(derived)

BOOST_AUTO_TEST_CASE(what_was_made_is_given_again_until_the_elements_are_written) {
  Doubled doubled;
  Tensor x = Tensor::full({4}, 3);
  const Tensor first = doubled.of(x);
  BOOST_TEST(first.to_vector() == std::vector<double>(4, 6), boost::test_tools::per_element());
  BOOST_TEST(doubled.of(x.reshape({2, 2})).raw() == first.raw());
  BOOST_TEST(doubled.count == 1);
  x.assign(Tensor::full({4}, 5));
  BOOST_TEST(doubled.of(x).to_vector() == std::vector<double>(4, 10), boost::test_tools::per_element());
  BOOST_TEST(doubled.count == 2);
  BOOST_TEST(first.to_vector()[0] == 6);  // who still holds it keeps it
}

BOOST_AUTO_TEST_CASE(another_derivation_and_another_part_are_others) {
  Doubled doubled;
  const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {4});
  BOOST_TEST(doubled.of(x).to_vector()[3] == 8);
  BOOST_TEST(doubled.of(x.slice_rows(1, 4)).to_vector()[0] == 4);
  BOOST_TEST(doubled.of(x.slice_rows(0, 2)).size() == 2);
  doubled.of(x, 1);
  doubled.of(x, 0, "again");
  BOOST_TEST(doubled.count == 5);
}

BOOST_AUTO_TEST_CASE(it_goes_with_the_memory_and_with_a_write) {
  const std::int64_t before = memory_stats().active;
  {
    Doubled doubled;
    Tensor x = Tensor::full({1000}, 1);
    doubled.of(x);
    doubled.of(x, 1);
    BOOST_TEST(memory_stats().active == before + 12000);
    x.assign(Tensor::full({1000}, 2));
    doubled.of(x);
    BOOST_TEST(memory_stats().active == before + 8000);
  }
  BOOST_TEST(memory_stats().active == before);
}

BOOST_AUTO_TEST_CASE(many_threads_that_ask_at_once_have_it_made_once) {
  Doubled doubled;
  const Tensor x = Tensor::full({1000}, 1);
  std::vector<const void*> found(8);
  std::vector<std::thread> threads;
  for (const void*& result : found) threads.emplace_back([&] { result = doubled.of(x).raw(); });
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(doubled.count == 1);
  BOOST_TEST(found == std::vector<const void*>(8, doubled.of(x).raw()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
