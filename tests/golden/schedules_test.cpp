#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/core/error.h"
#include "framework/io/hdf5_file.h"
#include "tests/support/golden.h"
#include "tests/support/golden_schedule.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(every_schedule_has_the_rates_of_keras) {
  if (!have_fixture("schedules.json")) return;
  const Hdf5File file(fixtures() / "schedules.h5");
  const std::vector<double> steps = file.read("steps").to_vector();
  const nlohmann::json index = read_json(fixtures() / "schedules.json");
  for (const auto& [name, entry] : index.items()) {
    for (const DType precision : {DType::float64, DType::float32}) {
      const Schedule schedule = golden_schedule(entry, precision);
      std::vector<double> rates;
      for (const double step : steps) rates.push_back(schedule(static_cast<std::int64_t>(step)));
      const Tolerance tolerance =
          precision == DType::float64 ? Tolerance{.absolute = 1e-10, .relative = 0} : Tolerance{.absolute = 0, .relative = 1e-6};
      golden_compare("schedules/" + name, std::string(name_of(precision)), file.read(cat(name, '/', precision)).to_vector(), rates, tolerance);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
