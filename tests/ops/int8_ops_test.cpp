#include "framework/ops/int8.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <thread>

#include "framework/core/random.h"
#include "framework/kernels/table.h"
#include "tests/support/check_layer.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

Tensor int8_zeros(const Shape& shape) { return Tensor::zeros(shape, DType::int8); }
ops::Int8Weights zeros(std::int64_t in, std::int64_t out) { return {ops::Int8Matrix(int8_zeros({in, out}), Tensor::full({out}, 1), in, out), {}}; }
Tensor int8_dense(const Tensor& x, const ops::Int8Weights& weights, Activation activation = Activation::linear) {
  return ops::int8_dense(x, std::array{weights}, activation);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(int8_ops)

BOOST_AUTO_TEST_CASE(quantized_values_have_keras_scale_and_come_back_within_half_a_step) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = random_normal({7, 5}, dtype, {1, 1, 1});
    const std::vector<double> values = x.to_vector();
    const ops::Int8Values columns = ops::quantize_columns(x), rows = ops::quantize_rows(x);
    BOOST_TEST((columns.scale.shape() == Shape{5}));
    BOOST_TEST((rows.scale.shape() == Shape{7}));
    const std::vector<double> from_columns = ops::dequantize_columns(columns).to_vector(), from_rows = ops::dequantize_rows(rows).to_vector();
    for (std::size_t r = 0; r < 7; ++r)
      for (std::size_t c = 0; c < 5; ++c) {
        double in_row = 0, in_column = 0;
        for (std::size_t i = 0; i < 5; ++i) in_row = std::max(in_row, std::abs(values[r * 5 + i]));
        for (std::size_t i = 0; i < 7; ++i) in_column = std::max(in_column, std::abs(values[i * 5 + c]));
        BOOST_TEST(std::abs(columns.scale.to_vector()[c] * (in_column + 1e-7) - 127) < 1e-4);
        BOOST_TEST(std::abs(rows.scale.to_vector()[r] * (in_row + 1e-7) - 127) < 1e-4);
        BOOST_TEST(std::abs(from_columns[r * 5 + c] - values[r * 5 + c]) <= in_column / 127 * 0.5001);
        BOOST_TEST(std::abs(from_rows[r * 5 + c] - values[r * 5 + c]) <= in_row / 127 * 0.5001);
      }
  }
}

BOOST_AUTO_TEST_CASE(several_parts_lie_side_by_side_and_activations_follow) {
  // Large enough to be cut into pieces of rows and columns.
  const std::int64_t in = 96, rows = 700;
  const Tensor x = random_normal({rows, in}, DType::float32, {1, 1, 2});
  std::vector<ops::Int8Weights> parts;
  std::vector<std::vector<double>> alone;
  std::uint32_t number = 0;
  for (const std::int64_t out : {200, 33, 129}) {
    const ops::Int8Values values = ops::quantize_columns(random_normal({in, out}, DType::float32, {2, 1, ++number}));
    parts.push_back(
        {ops::Int8Matrix(values.values, values.scale, in, out), number == 2 ? Tensor() : random_normal({out}, DType::float32, {3, 1, number})});
    alone.push_back(int8_dense(x, parts.back(), Activation::relu).to_vector());
  }
  const std::vector<double> together = ops::int8_dense(x, parts, Activation::relu).to_vector();
  for (std::size_t r = 0, at = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const auto out = static_cast<std::size_t>(parts[part].matrix.out());
      bool same = true;
      for (std::size_t c = 0; c < out; ++c, ++at) same = same && together[at] == alone[part][r * out + c] && together[at] >= 0;
      BOOST_TEST_REQUIRE(same);
    }
  // One row alone, and an activation of rows.
  const Tensor one = x.slice_rows(5, 6);
  const std::vector<double> row = int8_dense(one, parts[1], Activation::relu).to_vector();
  for (std::size_t c = 0; c < 33; ++c) BOOST_TEST(row[c] == alone[1][5 * 33 + c]);
  double sum = 0;
  for (const double value : int8_dense(one, parts[0], Activation::softmax).to_vector()) sum += value;
  BOOST_TEST(std::abs(sum - 1) < 1e-5);
}

BOOST_AUTO_TEST_CASE(threads_may_share_a_matrix_that_is_packed_at_its_first_use) {
  const ops::Int8Values values = ops::quantize_columns(random_normal({64, 64}, DType::float32, {4, 1, 1}));
  const ops::Int8Weights weights{ops::Int8Matrix(values.values, values.scale, 64, 64), {}};
  const Tensor x = random_normal({3, 64}, DType::float32, {4, 1, 2});
  std::vector<std::vector<double>> results(8);
  std::vector<std::thread> threads;
  for (std::vector<double>& result : results) threads.emplace_back([&] { result = int8_dense(x, weights).to_vector(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& result : results) BOOST_TEST((result == results[0]));
}

BOOST_AUTO_TEST_CASE(wrong_calls_say_what_must_hold) {
  check_refuses([] { ops::quantize_rows(Tensor::zeros({3})); }, "quantize: must be a matrix, got shape (3)");
  check_refuses([] { ops::dequantize_rows({int8_zeros({2, 3}), Tensor::zeros({3})}); }, "dequantize: scale must have 2 elements, got (3)");
  check_refuses(
      [] {
        ops::Int8Matrix(Tensor::zeros({2, 3}), Tensor::zeros({3}), 2, 3);
      },
      "Int8Matrix: values must be int8 with 2 x 3 elements, got float32 (2, 3)");
  check_refuses([] { ops::Int8Matrix(int8_zeros({2, 3}), Tensor::zeros({2}), 2, 3); }, "Int8Matrix: scale must have 3 elements, got shape (2)");
  const std::int64_t deep = kernels::kInt8Depth + 1;
  check_refuses(
      [=] {
        ops::Int8Matrix(int8_zeros({deep, 1}), Tensor::zeros({1}), deep, 1);
      },
      "Int8Matrix: sums must have at most 131071 terms, got 131072");
  check_refuses([] { ops::int8_dense(Tensor::zeros({2}), {}); }, "int8_dense: there must be at least one part, got none");
  check_refuses([] { int8_dense(Tensor::zeros({}), zeros(1, 1)); }, "int8_dense: input must have at least one axis, got a scalar");
  check_refuses([] { int8_dense(Tensor::zeros({2, 4}), zeros(3, 1)); }, "int8_dense: input must have 3 features, got 4 (input (2, 4))");
  ops::Int8Weights biased = zeros(3, 2);
  biased.bias = Tensor::zeros({3});
  check_refuses([&] { int8_dense(Tensor::zeros({2, 3}), biased); }, "int8_dense: bias must have 2 elements of float32, got (3) of float32");
  check_refuses(
      [] {
        ops::int8_dense(Tensor::zeros({2, 3}), std::array{zeros(3, 2), zeros(3, 2)}, Activation::softmax);
      },
      "int8_dense: several parts must have an elementwise activation, got one of rows");
  check_refuses(
      [] {
        ops::int8_embedding({int8_zeros({3}), Tensor::zeros({3})}, Tensor::zeros({1}, DType::int32));
      },
      "int8_embedding: table must be a matrix, got shape (3)");
  check_refuses(
      [] {
        ops::int8_embedding({int8_zeros({3, 2}), Tensor::zeros({2})}, Tensor::zeros({1}, DType::int32));
      },
      "int8_embedding: scale must have 3 elements, got shape (2)");
}

BOOST_AUTO_TEST_SUITE_END()
