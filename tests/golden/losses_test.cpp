#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/autograd/tape.h"
#include "framework/core/error.h"
#include "framework/io/hdf5_file.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/losses.h"
#include "tests/support/golden.h"

using namespace linnet;
using namespace linnet::testing;
using Json = nlohmann::json;

namespace {

/// Takes keys out of a config, so that those left over show.
struct Config {
  Json json;
  template <class T>
  T take(const std::string& key, T fallback) {
    const T value = json.value(key, fallback);
    json.erase(key);
    return value;
  }
};

Tensor loss(const std::string& name, Config& config, const Tensor& t, const Tensor& p, const Tensor& weight) {
  const ops::Reduction reduction = ops::reduction_from_name(config.take<std::string>("reduction", "sum_over_batch_size"));
  const ops::LossOptions options{.sample_weight = weight, .reduction = reduction};
  if (name == "SparseCategoricalCrossentropy" || name == "CategoricalCrossentropy") {
    ops::CrossEntropyOptions cross{.sample_weight = weight, .reduction = reduction, .from_logits = config.take("from_logits", false)};
    if (config.json.contains("ignore_class")) cross.ignore_class = config.take<std::int32_t>("ignore_class", 0);
    cross.label_smoothing = config.take("label_smoothing", 0.0);
    return name[0] == 'S' ? ops::cross_entropy(p, t, cross) : ops::categorical_crossentropy(t, p, cross);
  }
  if (name == "BinaryCrossentropy" || name == "BinaryFocalCrossentropy") {
    ops::BinaryFocalCrossentropyOptions focal{.sample_weight = weight, .reduction = reduction, .from_logits = config.take("from_logits", false)};
    focal.label_smoothing = config.take("label_smoothing", 0.0);
    if (name == "BinaryCrossentropy") return ops::binary_crossentropy(t, p, {weight, reduction, focal.from_logits, focal.label_smoothing});
    focal.gamma = config.take("gamma", 2.0);
    focal.alpha = config.take("alpha", 0.25);
    focal.apply_class_balancing = config.take("apply_class_balancing", false);
    return ops::binary_focal_crossentropy(t, p, focal);
  }
  if (name == "Huber") return ops::huber(t, p, config.take("delta", 1.0), options);
  if (name == "MeanSquaredError") return ops::mean_squared_error(t, p, options);
  if (name == "MeanAbsoluteError") return ops::mean_absolute_error(t, p, options);
  if (name == "LogCosh") return ops::log_cosh(t, p, options);
  if (name == "KLDivergence") return ops::kl_divergence(t, p, options);
  if (name == "Poisson") return ops::poisson(t, p, options);
  if (name == "CosineSimilarity") return ops::cosine_similarity(t, p, options);
  if (name == "Hinge") return ops::hinge(t, p, options);
  if (name == "SquaredHinge") return ops::squared_hinge(t, p, options);
  throw std::runtime_error(cat("losses: no loss is called ", name));
}

void compare(const Hdf5File& file, const Json& entry, DType dtype, double forward, double gradient) {
  const std::string name = entry.at("name").get<std::string>(), row = "losses/" + name;
  const Tensor y_true = file.read(name + "/y_true");
  Tensor y_pred = file.read(name + "/y_pred").cast(dtype);
  const Tensor weight = file.exists(name + "/sample_weight") ? file.read(name + "/sample_weight") : Tensor();
  y_pred.set_requires_grad(true);
  Config config{entry.at("config")};
  Tape tape;
  const Tensor result = loss(entry.at("class").get<std::string>(), config, y_true, y_pred, weight);
  BOOST_TEST(config.json.empty(), "config not used: " << config.json);
  BOOST_TEST(result.shape() == file.shape(name + "/loss"));
  golden_compare(row, cat("loss ", dtype), file.read(name + "/loss").to_vector(), result.to_vector(), {.absolute = forward, .relative = 0});
  tape.backward(result, file.read(name + "/cotangent").cast(dtype));
  golden_compare(row, cat("grad_y_pred ", dtype), file.read(name + "/grad_y_pred").to_vector(), y_pred.grad().to_vector(),
                 {.absolute = gradient, .relative = 0});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(every_loss_and_its_gradient_are_those_of_keras) {
  if (!have_fixture("losses.json")) return;
  const Hdf5File file(fixtures() / "losses.h5");
  for (const Json& entry : read_json(fixtures() / "losses.json")) {
    compare(file, entry, DType::float64, 1e-10, 1e-10);
    compare(file, entry, DType::float32, 3e-5, 2e-5);
  }
}

BOOST_AUTO_TEST_SUITE_END()
