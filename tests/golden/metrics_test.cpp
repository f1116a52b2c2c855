#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/hdf5_file.h"
#include "framework/train/metrics.h"
#include "tests/support/golden.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(every_metric_has_the_result_of_keras_after_each_update) {
  if (!have_fixture("metrics.json")) return;
  const Hdf5File file(fixtures() / "metrics.h5");
  const nlohmann::json index = read_json(fixtures() / "metrics.json");
  for (const nlohmann::json& entry : index) {
    const std::string name = entry.at("name").get<std::string>();
    const auto metric = make_metric(entry.at("class").get<std::string>(), entry.at("config").dump());
    for (const int again : {0, 1}) {  // the second time after a reset
      for (const Hdf5File::Child& update : file.children(name)) {
        const std::string group = name + "/" + update.name + "/";
        const Tensor weight = file.exists(group + "sample_weight") ? file.read(group + "sample_weight") : Tensor();
        metric->update(file.read(group + "y_true"), file.read(group + "y_pred").cast(DType::float32), weight);
        const std::vector<double> expected = file.read(group + "result").to_vector();
        const std::vector<double> result{metric->result()};
        golden_compare("metrics/" + name, update.name + (again ? " after a reset" : ""), expected, result, {.absolute = 0, .relative = 1e-6});
      }
      metric->reset();
      BOOST_TEST(metric->result() == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
