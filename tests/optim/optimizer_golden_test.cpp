// Steps of Keras' optimizers on small weights, from tests/golden/optimizers.json (made by make_optimizers.py beside it).
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "framework/core/error.h"
#include "framework/core/grad_slot.h"
#include "framework/optim/optimizer.h"
#include "tests/support/golden.h"
#include "tests/support/paths.h"

using namespace linnet;
using Json = nlohmann::json;

namespace {

const Json& golden() {
  static const Json file = testing::read_json(testing::source_directory() / "tests/golden/optimizers.json");
  return file;
}

Tensor tensor(const Json& values, const Json& shape, DType dtype) {
  return Tensor::from(values.get<std::vector<double>>(), shape.get<Shape>()).cast(dtype);
}

enum class Form { dense, by_rows };

/// The rows that are not zero, each in two parts that add up to it.
void give_rows(const Tensor& weight, const Tensor& gradient) {
  const std::int64_t columns = gradient.dim(1);
  const std::vector<double> values = gradient.to_vector();
  for (const double share : {0.25, 0.75}) {
    std::vector<std::int32_t> ids;
    std::vector<double> rows;
    for (std::int64_t row = gradient.dim(0) - 1; row >= 0; --row) {
      const auto begin = values.begin() + row * columns, end = begin + columns;
      if (std::all_of(begin, end, [](double value) { return value == 0; })) continue;
      ids.push_back(static_cast<std::int32_t>(row));
      std::transform(begin, end, std::back_inserter(rows), [&](double value) { return share * value; });
    }
    const auto count = static_cast<std::int64_t>(ids.size());
    weight.grad_slot()->accumulate_rows({Tensor::from(ids, {count}), Tensor::from(rows, {count, columns}).cast(gradient.dtype())});
  }
}

void compare(const std::string& what, const Tensor& actual, const Json& expected, double tolerance) {
  const std::vector<double> values = actual.to_vector();
  BOOST_REQUIRE_EQUAL(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_CHECK_MESSAGE(std::abs(values[i] - expected[i].get<double>()) <= tolerance,
                        what << '[' << i << "]: expected " << expected[i] << ", got " << values[i]);
}

void run(const Json& entry, DType dtype, Form form) {
  const std::string label = cat(entry["name"].get<std::string>(), ' ', dtype, form == Form::by_rows ? " by rows" : "");
  const double tolerance = dtype == DType::float64 ? 1e-12 : 2e-6;
  std::vector<Parameter> parameters;
  for (const auto& [path, shape] : golden()["weights"].items()) {
    parameters.push_back({path, tensor(golden()["initial"][path], shape, dtype)});
    parameters.back().tensor.set_requires_grad(true);
  }
  const auto optimizer = make_optimizer(entry["class"].get<std::string>(), parameters, entry["config"].dump());
  const Json& expected = entry[std::string(name_of(dtype))];
  for (std::size_t step = 1; step <= golden()["gradients"].size(); ++step) {
    const Json missing = entry.contains("missing") ? entry["missing"].value(std::to_string(step), Json::array()) : Json::array();
    for (const Parameter& parameter : parameters) {
      if (std::find(missing.begin(), missing.end(), Json(parameter.path)) != missing.end()) continue;
      const Tensor gradient = tensor(golden()["gradients"][step - 1][parameter.path], golden()["weights"][parameter.path], dtype);
      if (form == Form::by_rows && parameter.path == "table/embeddings") give_rows(parameter.tensor, gradient);
      else parameter.tensor.grad_slot()->accumulate(gradient);
    }
    optimizer->step(entry["learning_rates"][step - 1].get<double>());
    const std::string snapshot = "step_" + std::to_string(step);
    if (!expected.contains(snapshot)) continue;
    for (const Parameter& parameter : parameters)
      compare(cat(label, ' ', snapshot, ' ', parameter.path), parameter.tensor, expected[snapshot][parameter.path], tolerance);
  }
  if (!expected.contains("slots")) return;
  std::map<std::string, Tensor> state;
  for (const Parameter& parameter : optimizer->state()) state["optimizer" + parameter.path.substr(parameter.path.find('/'))] = parameter.tensor;
  for (const auto& [path, values] : expected["slots"].items()) {
    BOOST_REQUIRE_MESSAGE(state.count(path) == 1, label << ": no slot " << path);
    compare(cat(label, ' ', path), state[path], values, tolerance);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer_golden)

BOOST_AUTO_TEST_CASE(every_optimizer_and_option_takes_keras_steps) {
  std::set<std::string> classes;
  for (const Json& entry : golden()["cases"]) {
    classes.insert(entry["class"].get<std::string>());
    for (const DType dtype : {DType::float64, DType::float32})
      for (const Form form : {Form::dense, Form::by_rows}) run(entry, dtype, form);
  }
  const std::vector<std::string> names = optimizer_names();
  BOOST_TEST(std::vector<std::string>(classes.begin(), classes.end()) == names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
