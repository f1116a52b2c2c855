#include "framework/autograd/gradcheck.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

#include "framework/autograd/tape.h"
#include "framework/core/random.h"

using namespace linnet;

namespace {

using Tensors = std::vector<Tensor>;
using Values = std::vector<double>;

/// An op in plain loops: its value, and the gradients of its inputs from that of its output (empty: none).
Tensor custom(const Tensors& inputs, const Shape& shape, const Values& y, const std::function<std::vector<Values>(const Values& dy)>& backward) {
  return record("custom", std::span<const Tensor>(inputs), Tensor::from(y, shape), [=](std::span<const Tensor> dy) {
    Gradients gradients;
    for (const Values& values : backward(dy[0].to_vector()))
      gradients.push_back(values.empty() ? Tensor() : Tensor::from(values, inputs[gradients.size()].shape()));
    return gradients;
  });
}

Tensor elementwise(const Tensor& x, double (*value)(double), const std::function<double(double)>& derivative) {
  Values y = x.to_vector(), slope = y;
  for (double& element : y) element = value(element);
  for (double& element : slope) element = derivative(element);
  return custom({x}, x.shape(), y, [slope](Values dy) {
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] *= slope[i];
    return std::vector<Values>{dy};
  });
}

/// Row-major (rows, n) times (n, columns), either transposed as it is stored.
Values product(const Values& a, bool transpose_a, const Values& b, bool transpose_b, std::size_t rows, std::size_t n, std::size_t columns) {
  Values c(rows * columns);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t k = 0; k < n; ++k)
        c[i * columns + j] += (transpose_a ? a[k * rows + i] : a[i * n + k]) * (transpose_b ? b[j * n + k] : b[k * columns + j]);
  return c;
}

struct Extents {
  std::size_t rows, columns;
};
Extents extents(const Tensor& x) { return {static_cast<std::size_t>(x.dim(0)), static_cast<std::size_t>(x.dim(1))}; }

// Each op below is right, or has the bug of its name when `planted`.

Tensor wrong_sign(const Tensors& x, bool planted) {
  return elementwise(
      x[0], [](double v) { return std::exp(-v); }, [=](double v) { return planted ? std::exp(-v) : -std::exp(-v); });
}

Tensor wrong_mask(const Tensors& x, bool planted) {
  return elementwise(
      x[0], [](double v) { return std::max(v, 0.0); }, [=](double v) { return (planted ? v < 0 : v > 0) ? 1 : 0; });
}

Tensor derivative_at_the_output(const Tensors& x, bool planted) {
  return elementwise(
      x[0], [](double v) { return std::tanh(v); }, [=](double v) { return 1 - std::pow(std::tanh(planted ? std::tanh(v) : v), 2); });
}

Tensor missing_term_of_the_product_rule(const Tensors& x, bool planted) {
  return elementwise(
      x[0], [](double v) { return v / (1 + std::exp(-v)); },
      [=](double v) {
        const double sigmoid = 1 / (1 + std::exp(-v));
        return sigmoid + (planted ? 0 : v * sigmoid * (1 - sigmoid));
      });
}

Tensor missing_inner_derivative(const Tensors& x, bool planted) {
  return elementwise(
      x[0], [](double v) { return std::sin(3 * v); }, [=](double v) { return (planted ? 1 : 3) * std::cos(3 * v); });
}

Tensor constant_of_float32(const Tensors& x, bool planted) {
  constexpr double kScale = 0.79788456080286535588;
  return elementwise(
      x[0], [](double v) { return kScale * v; }, [=](double) { return planted ? 0.7978834 : kScale; });
}

Tensor missing_sum_over_the_broadcast_axis(const Tensors& x, bool planted) {
  const auto [rows, columns] = extents(x[0]);
  const std::size_t n = columns, count = rows;
  Values y = x[0].to_vector();
  const Values bias = x[1].to_vector();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += bias[i % n];
  return custom(x, x[0].shape(), y, [=](const Values& dy) {
    Values sum(n);
    for (std::size_t i = planted ? (count - 1) * n : 0; i < dy.size(); ++i) sum[i % n] += dy[i];
    return std::vector<Values>{dy, sum};
  });
}

/// x w + b, with a bug in one of its gradients.
Tensor dense_with(const Tensors& x, const std::string& bug) {
  const std::size_t rows = extents(x[0]).rows, in = extents(x[0]).columns, out = extents(x[1]).columns;
  const Values a = x[0].to_vector(), w = x[1].to_vector(), b = x[2].to_vector();
  Values y = product(a, false, w, false, rows, in, out);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += b[i % out];
  return custom(x, {x[0].dim(0), x[1].dim(1)}, y, [=](const Values& dy) {
    Values da = product(dy, false, w, bug != "kernel not transposed", rows, out, in), dw = product(a, true, dy, false, in, rows, out), db(out);
    for (std::size_t i = 0; i < dy.size(); ++i) db[i % out] += dy[i];
    if (bug == "dropped bias gradient") db.clear();
    if (bug == "last column left out")
      for (std::size_t i = out - 1; i < dw.size(); i += out) dw[i] = 0;
    if (bug == "kernel and input gradient swapped") std::swap(da, dw);
    return std::vector<Values>{da, dw, db};
  });
}
Tensor dropped_bias_gradient(const Tensors& x, bool planted) { return dense_with(x, planted ? "dropped bias gradient" : ""); }
Tensor transposed(const Tensors& x, bool planted) { return dense_with(x, planted ? "kernel not transposed" : ""); }
Tensor last_column_left_out(const Tensors& x, bool planted) { return dense_with(x, planted ? "last column left out" : ""); }
Tensor gradients_in_the_wrong_order(const Tensors& x, bool planted) { return dense_with(x, planted ? "kernel and input gradient swapped" : ""); }

Tensor wrong_scale_of_a_mean(const Tensors& x, bool planted) {
  const Values values = x[0].to_vector();
  const double n = static_cast<double>(values.size());
  return custom(x, {}, {std::accumulate(values.begin(), values.end(), 0.0) / n},
                [=](const Values& dy) { return std::vector<Values>{Values(values.size(), planted ? dy[0] : dy[0] / n)}; });
}

/// Layer normalisation of the rows of x[0].
Tensor layer_norm_with(const Tensors& x, const std::string& bug) {
  constexpr double kEpsilon = 0.1;
  const std::size_t rows = extents(x[0]).rows, n = extents(x[0]).columns;
  Values normal = x[0].to_vector(), rstd(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    double* row = normal.data() + r * n;
    const double mean = std::accumulate(row, row + n, 0.0) / static_cast<double>(n);
    double variance = 0;
    for (std::size_t c = 0; c < n; ++c) variance += std::pow(row[c] - mean, 2) / static_cast<double>(n);
    rstd[r] = bug == "epsilon" ? 1 / (std::sqrt(variance) + kEpsilon) : 1 / std::sqrt(variance + kEpsilon);
    for (std::size_t c = 0; c < n; ++c) row[c] = (row[c] - mean) / std::sqrt(variance + kEpsilon);
  }
  return custom(x, x[0].shape(), normal, [=](Values dx) {
    for (std::size_t r = 0; r < rows; ++r) {
      double sum = 0, dot = 0;
      for (std::size_t c = 0; c < n; ++c) {
        sum += dx[r * n + c] / static_cast<double>(n);
        dot += dx[r * n + c] * normal[r * n + c] / static_cast<double>(n);
      }
      for (std::size_t c = 0; c < n; ++c)
        dx[r * n + c] = rstd[r] * (dx[r * n + c] - (bug == "mean" ? 0 : sum) - (bug == "variance" ? 0 : normal[r * n + c] * dot));
    }
    return std::vector<Values>{dx};
  });
}
Tensor epsilon_in_the_wrong_place(const Tensors& x, bool planted) { return layer_norm_with(x, planted ? "epsilon" : ""); }
Tensor mean_taken_for_a_constant(const Tensors& x, bool planted) { return layer_norm_with(x, planted ? "mean" : ""); }
Tensor variance_taken_for_a_constant(const Tensors& x, bool planted) { return layer_norm_with(x, planted ? "variance" : ""); }

Tensor off_by_one_row(const Tensors& x, bool planted) {
  const std::size_t n = extents(x[0]).columns;
  const Values values = x[0].to_vector();
  return custom(x, {x[0].dim(0) - 1, x[0].dim(1)}, Values(values.begin() + static_cast<std::ptrdiff_t>(n), values.end()), [=](const Values& dy) {
    Values dx(values.size());
    std::copy(dy.begin(), dy.end(), dx.begin() + static_cast<std::ptrdiff_t>(planted ? 0 : n));
    return std::vector<Values>{dx};
  });
}

Tensor missing_scale_of_dropout(const Tensors& x, bool planted) {
  constexpr double kScale = 1 / (1 - 0.25);
  Values y = x[0].to_vector();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] *= i % 4 == 0 ? 0 : kScale;
  return custom(x, x[0].shape(), y, [=](Values dx) {
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= i % 4 == 0 ? 0 : planted ? 1 : kScale;
    return std::vector<Values>{dx};
  });
}

Tensor missing_residual_path(const Tensors& x, bool planted) {
  const Values values = x[0].to_vector();
  Values y = values;
  for (double& element : y) element += element * element;
  return custom(x, x[0].shape(), y, [=](Values dx) {
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= 2 * values[i] + (planted ? 0 : 1);
    return std::vector<Values>{dx};
  });
}

Tensor softmax_without_its_sum(const Tensors& x, bool planted) {
  const std::size_t n = extents(x[0]).columns;
  Values p = x[0].to_vector();
  for (std::size_t begin = 0; begin < p.size(); begin += n) {
    double sum = 0;
    for (std::size_t i = begin; i < begin + n; ++i) sum += p[i] = std::exp(p[i]);
    for (std::size_t i = begin; i < begin + n; ++i) p[i] /= sum;
  }
  return custom(x, x[0].shape(), p, [=](Values dx) {
    for (std::size_t begin = 0; begin < p.size(); begin += n) {
      double dot = 0;
      for (std::size_t i = begin; i < begin + n; ++i) dot += p[i] * dx[i];
      for (std::size_t i = begin; i < begin + n; ++i) dx[i] = p[i] * (dx[i] - (planted ? 0 : dot));
    }
    return std::vector<Values>{dx};
  });
}

Tensor repeated_ids_overwrite(const Tensors& x, bool planted) {
  const std::vector<std::size_t> ids{1, 0, 1, 2};
  const std::size_t n = extents(x[0]).columns;
  const Values table = x[0].to_vector();
  Values y;
  for (const std::size_t id : ids)
    for (std::size_t c = 0; c < n; ++c) y.push_back(table[id * n + c]);
  return custom(x, {4, x[0].dim(1)}, y, [=](const Values& dy) {
    Values dx(table.size());
    for (std::size_t i = 0; i < dy.size(); ++i) {
      double& element = dx[ids[i / n] * n + i % n];
      element = planted ? dy[i] : element + dy[i];
    }
    return std::vector<Values>{dx};
  });
}

/// x · x, an op of two inputs that are one tensor: both gradients must arrive.
Tensor one_of_two_uses_forgotten(const Tensors& x, bool planted) {
  const Values values = x[0].to_vector();
  Values y = values;
  for (double& element : y) element *= element;
  return custom({x[0], x[0]}, x[0].shape(), y, [=](Values dx) {
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= values[i];
    return std::vector<Values>{dx, planted ? Values() : dx};
  });
}

struct Planted {
  std::string name;
  Tensor (*op)(const Tensors& inputs, bool planted);
  std::vector<Shape> shapes;
};

const std::vector<Planted>& planted_bugs() {
  static const std::vector<Shape> matrix{{3, 4}}, square{{3, 3}, {3, 3}, {3}};
  static const std::vector<Planted> list{{"wrong sign", wrong_sign, matrix},
                                         {"wrong mask", wrong_mask, matrix},
                                         {"derivative at the output instead of the input", derivative_at_the_output, matrix},
                                         {"missing term of the product rule", missing_term_of_the_product_rule, matrix},
                                         {"missing inner derivative", missing_inner_derivative, matrix},
                                         {"a constant in float32", constant_of_float32, matrix},
                                         {"missing sum over the broadcast axis", missing_sum_over_the_broadcast_axis, {{3, 4}, {4}}},
                                         {"dropped bias gradient", dropped_bias_gradient, square},
                                         {"kernel not transposed", transposed, square},
                                         {"last column left out", last_column_left_out, square},
                                         {"gradients in the wrong order", gradients_in_the_wrong_order, square},
                                         {"wrong scale of a mean", wrong_scale_of_a_mean, matrix},
                                         {"epsilon in the wrong place", epsilon_in_the_wrong_place, matrix},
                                         {"mean taken for a constant", mean_taken_for_a_constant, matrix},
                                         {"variance taken for a constant", variance_taken_for_a_constant, matrix},
                                         {"off by one row", off_by_one_row, matrix},
                                         {"missing scale 1 / (1 - rate)", missing_scale_of_dropout, matrix},
                                         {"missing residual path", missing_residual_path, matrix},
                                         {"softmax without its sum", softmax_without_its_sum, matrix},
                                         {"repeated ids overwrite", repeated_ids_overwrite, matrix},
                                         {"one of two uses forgotten", one_of_two_uses_forgotten, matrix}};
  return list;
}

Tensors inputs_of(const Planted& bug) {
  Tensors inputs;
  for (const Shape& shape : bug.shapes) inputs.push_back(random_normal(shape, DType::float64, {3, 1, static_cast<std::uint32_t>(inputs.size())}));
  return inputs;
}

/// What f throws as std::runtime_error, "" for nothing.
std::string failure(const std::function<void()>& f) {
  try {
    f();
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck)

BOOST_AUTO_TEST_CASE(at_least_twenty_bugs_are_planted) { BOOST_TEST(planted_bugs().size() >= 20u); }

BOOST_AUTO_TEST_CASE(right_gradients_pass) {
  for (const Planted& bug : planted_bugs()) {
    const Tensors inputs = inputs_of(bug);
    BOOST_TEST(failure([&] {
                 linnet::gradcheck(
                     bug.name, [&] { return bug.op(inputs, false); }, inputs);
               }) == "");
    BOOST_TEST(failure([&] {
                 gradcheck_direction(
                     bug.name, [&] { return bug.op(inputs, false); }, inputs);
               }) == "");
  }
}

BOOST_AUTO_TEST_CASE(each_planted_bug_is_caught) {
  for (const Planted& bug : planted_bugs()) {
    const Tensors inputs = inputs_of(bug);
    const std::string message = failure([&] {
      linnet::gradcheck(
          bug.name, [&] { return bug.op(inputs, true); }, inputs);
    });
    BOOST_TEST(message.starts_with("gradcheck: " + bug.name + " input "), bug.name << ": '" << message << "'");
  }
}

BOOST_AUTO_TEST_CASE(a_random_direction_catches_them_too) {
  for (const Planted& bug : planted_bugs()) {
    const Tensors inputs = inputs_of(bug);
    const std::string message = failure([&] {
      gradcheck_direction(
          bug.name, [&] { return bug.op(inputs, true); }, inputs);
    });
    BOOST_TEST(message.starts_with("gradcheck: " + bug.name + " along a random direction: analytic "), bug.name << ": '" << message << "'");
  }
}

BOOST_AUTO_TEST_CASE(the_message_names_the_worst_element) {
  const Tensors x{Tensor::from<double>({1, 2, 3}, {1, 3})};
  const auto doubled = [&] {
    return custom(x, {1, 3}, {2, 4, 2 * x[0].to_vector()[2]}, [](const Values&) { return std::vector<Values>{{0, 0, 0}}; });
  };
  BOOST_TEST(failure([&] {
               linnet::gradcheck("doubled", doubled, x);
             }).starts_with("gradcheck: doubled input 0 element 2, output element 2: analytic 0, numeric 2"));
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_no_number_is_caught) {
  const Tensors x{Tensor::from<double>({1}, {1, 1})};
  const auto lost = [&] { return custom(x, {1, 1}, x[0].to_vector(), [](const Values&) { return std::vector<Values>{{std::nan("")}}; }); };
  BOOST_TEST(failure([&] { linnet::gradcheck("lost", lost, x); }) != "");
}

BOOST_AUTO_TEST_CASE(inputs_must_be_float64) {
  const Tensor x = Tensor::zeros({2});
  BOOST_CHECK_EXCEPTION(linnet::gradcheck("narrow", [&] { return x; }, {x}), std::invalid_argument, [](const std::exception& error) {
    return std::string(error.what()) == "gradcheck: narrow input 0 must be float64, got float32";
  });
}

BOOST_AUTO_TEST_SUITE_END()
