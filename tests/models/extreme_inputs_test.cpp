// From finite input, however extreme, come finite numbers and finite gradients; what is not finite is not hidden.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "framework/autograd/tape.h"
#include "framework/core/random.h"
#include "framework/layers/finite.h"
#include "framework/layers/layer_normalization.h"
#include "framework/ops/attention.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/layer_norm.h"
#include "framework/ops/losses.h"
#include "framework/ops/reductions.h"
#include "framework/ops/softmax.h"
#include "models/bert/bert_text_classifier.h"

using namespace linnet;

namespace {

const std::vector<DType> kFloats{DType::float32, DType::float64, DType::bfloat16, DType::float16};

BertTextClassifier classifier(DType dtype = DType::float32) {
  set_seed(5);
  return BertTextClassifier({.backbone = {.vocabulary_size = 11,
                                          .num_layers = 2,
                                          .num_heads = 2,
                                          .hidden_dim = 16,
                                          .intermediate_dim = 32,
                                          .dropout = 0,
                                          .max_sequence_length = 6,
                                          .dtype = DTypePolicy(cat(dtype))}});
}

/// Three sequences of six tokens under this mask.
BertInputs inputs(const std::vector<std::int32_t>& mask) {
  const std::vector<std::int32_t> ids{2, 4, 5, 6, 7, 3, 2, 8, 9, 4, 1, 3, 2, 10, 5, 5, 5, 3};
  return {Tensor::from(ids, {3, 6}), Tensor::from(std::vector<std::int32_t>(18, 0), {3, 6}), Tensor::from(mask, {3, 6})};
}

Tensor leaf(Tensor tensor) {
  tensor.set_requires_grad(true);
  return tensor;
}

/// Logits of ±size, with rows that are all of one sign, too.
Tensor logits(double size, DType dtype) {
  std::vector<double> values;
  for (const double row : {1.0, -1.0, 0.0})
    for (const double column : {1.0, -1.0, 1.0, -1.0}) values.push_back(size * (row == 0 ? column : row));
  return leaf(Tensor::from(values, {3, 4}).cast(dtype));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(extreme_inputs)

BOOST_AUTO_TEST_CASE(a_sequence_whose_keys_are_all_masked_gives_finite_numbers_and_gradients) {
  for (const DType dtype : kFloats) {
    const BertTextClassifier model = classifier(dtype);
    std::vector<std::int32_t> mask(18, 1);
    std::fill(mask.begin() + 6, mask.begin() + 12, 0);
    Tape tape;
    const Tensor y = model.forward(inputs(mask));
    BOOST_TEST(all_finite(y), dtype);
    tape.backward(ops::cross_entropy(y, Tensor::from<std::int32_t>({0, 1, 0}, {3})));
    for (const Parameter& parameter : model.parameters())
      if (parameter.tensor.grad().defined()) BOOST_TEST(all_finite(parameter.tensor.grad()), parameter.path << " in " << dtype);
  }
  const BertTextClassifier model = classifier();
  BOOST_TEST(all_finite(model.forward(inputs(std::vector<std::int32_t>(18, 0)))));
}

BOOST_AUTO_TEST_CASE(softmax_of_a_row_without_an_element_is_zero) {
  for (const DType dtype : kFloats) {
    const Tensor x = logits(1e4, dtype);
    Tape tape;
    const Tensor y = ops::masked_softmax(x, Tensor::zeros({3, 4}, DType::int32));
    BOOST_TEST(y.to_vector() == std::vector<double>(12, 0), boost::test_tools::per_element());
    tape.backward(ops::sum(y));
    BOOST_TEST(x.grad().to_vector() == std::vector<double>(12, 0), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(logits_of_ten_thousand_give_what_mathematics_says) {
  for (const DType dtype : kFloats) {
    const double size = 10000;  // 16-bit floats have it nearly
    const Tensor x = logits(size, dtype);
    const double there = x.to_vector()[0];
    const std::vector<double> flat(4, 0.25), sharp{0.5, 0, 0.5, 0};
    std::vector<double> expected = flat;
    expected.insert(expected.end(), flat.begin(), flat.end());
    expected.insert(expected.end(), sharp.begin(), sharp.end());
    BOOST_TEST(ops::softmax(x).to_vector() == expected, boost::test_tools::per_element());

    Tape tape;
    const Tensor loss = ops::cross_entropy(x, Tensor::from<std::int32_t>({0, 1, 1}, {3}));
    BOOST_TEST(loss.item() == (std::log(4) + std::log(4) + 2 * there + std::log(2)) / 3, boost::test_tools::tolerance(1e-6));
    tape.backward(loss);
    BOOST_TEST(all_finite(x.grad()));
    BOOST_TEST(x.grad().to_vector()[9] == -1.0 / 3, boost::test_tools::tolerance(dtype == DType::bfloat16 ? 4e-3 : 5e-4));
  }
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = logits(std::numeric_limits<float>::max() / 4, dtype);
    Tape tape;
    const Tensor y = ops::softmax(x);
    BOOST_TEST(all_finite(y));
    tape.backward(ops::sum(y));
    BOOST_TEST(all_finite(x.grad()));
  }
}

BOOST_AUTO_TEST_CASE(losses_from_extreme_logits_and_certain_probabilities_are_finite) {
  for (const double size : {1e4, 1e30}) {
    const Tensor x = logits(size, DType::float32), y = Tensor::from<float>({0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0}, {3, 4});
    Tape tape;
    const Tensor loss = ops::binary_crossentropy(y, x, {.from_logits = true});
    tape.backward(loss);
    BOOST_TEST(all_finite(loss));
    BOOST_TEST(all_finite(x.grad()));
  }
  const Tensor certain = leaf(Tensor::from<float>({0, 1, 1, 0}, {2, 2})), y = Tensor::from<float>({1, 0, 1, 0}, {2, 2});
  Tape tape;
  const Tensor loss = ops::binary_crossentropy(y, certain);
  tape.backward(loss);
  BOOST_TEST(all_finite(loss));
  BOOST_TEST(all_finite(certain.grad()));
}

BOOST_AUTO_TEST_CASE(layer_norm_of_constant_rows_is_beta_with_finite_gradients) {
  for (const DType dtype : kFloats)
    for (const double value : {0.0, 1.0, -1e4, 6e4}) {
      const Tensor x = leaf(Tensor::full({2, 48}, value, dtype)), gamma = leaf(Tensor::full({48}, 2, dtype)),
                   beta = leaf(Tensor::full({48}, 0.5, dtype));
      Tape tape;
      const Tensor y = ops::layer_norm(x, gamma, beta, 1e-12);
      BOOST_TEST(y.to_vector() == std::vector<double>(96, 0.5), boost::test_tools::per_element());
      tape.backward(ops::sum(y));
      for (const Tensor& each : {x, gamma, beta}) BOOST_TEST(all_finite(each.grad()), value << " in " << dtype);
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_found_wherever_it_lies) {
  for (const DType dtype : kFloats)
    for (const std::int64_t size : {1, 31, 65536, 65537, 200000})
      for (const std::int64_t place : {std::int64_t{0}, size / 2, size - 1})
        for (const double bad :
             {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
          Tensor x = Tensor::full({size}, 3, dtype);
          BOOST_TEST_REQUIRE(all_finite(x));
          x.slice_rows(place, place + 1).assign(Tensor::full({1}, bad, dtype));
          BOOST_TEST_REQUIRE(!all_finite(x), dtype << " " << size << " " << place);
        }
  BOOST_TEST(all_finite(Tensor::full({3}, std::numeric_limits<float>::max())));
  BOOST_TEST(all_finite(Tensor::full({3}, 7, DType::int32)));
  BOOST_TEST(all_finite(Tensor::empty({0, 4})));
  const std::vector<Parameter> parameters{
      {"a", Tensor::zeros({2})}, {"b/c", Tensor::full({2}, std::nan(""))}, {"d", Tensor::full({2}, std::nan(""))}};
  BOOST_TEST(first_not_finite(parameters).value() == "b/c");
  BOOST_TEST(!first_not_finite({parameters[0]}).has_value());
}

BOOST_AUTO_TEST_CASE(a_weight_that_is_not_a_number_is_not_hidden) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    for (const char* end : {"output_dense/kernel", "key_dense/kernel", "layer_norm/gamma", "pooled_dense/bias", "logits/kernel"}) {
      const BertTextClassifier model = classifier();
      bool found = false;
      for (Parameter parameter : model.parameters())
        if (parameter.path.ends_with(end)) {
          Tensor first = parameter.tensor.reshape({parameter.tensor.size()}).slice_rows(0, 1);
          first.assign(Tensor::full({1}, bad));
          found = true;
        }
      if (!found) continue;
      const Tensor y = model.forward(inputs(std::vector<std::int32_t>(18, 1)));
      const bool saturates = std::string(end) == "pooled_dense/bias" && std::isinf(bad);  // tanh takes it to 1
      BOOST_TEST(all_finite(y) == saturates, end << " " << bad);
    }
}

BOOST_AUTO_TEST_SUITE_END()
