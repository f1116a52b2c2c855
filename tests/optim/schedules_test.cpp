#include "framework/optim/schedules.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(linear_warmup_rises_to_its_peak_and_falls_to_zero) {
  const LinearWarmup schedule{.peak = 1, .warmup_steps = 4, .total_steps = 12};
  std::vector<double> rates;
  for (const std::int64_t step : {0, 1, 4, 8, 12, 20}) rates.push_back(schedule(step));
  BOOST_TEST(rates == (std::vector<double>{0, 0.25, 1, 0.5, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST((LinearWarmup{.peak = 2, .warmup_steps = 0, .total_steps = 4}(0)) == 2);
}

BOOST_AUTO_TEST_CASE(a_warm_up_hands_over_the_absolute_step) {
  const WarmUp schedule{
      .initial_learning_rate = 4, .warmup_steps = 2, .power = 2, .decay = [](std::int64_t step) { return 10.0 * static_cast<double>(step); }};
  BOOST_TEST(schedule(1) == 1);
  BOOST_TEST(schedule(2) == 20);
}

// Values of Keras 3.15.1.
BOOST_AUTO_TEST_CASE(options_that_the_fixtures_may_lack, *boost::unit_test::tolerance(1e-6)) {
  const CosineDecayRestarts even{.initial_learning_rate = 1, .first_decay_steps = 10, .t_mul = 1, .m_mul = 0.5};
  BOOST_TEST(even(0) == 1);
  BOOST_TEST(even(15) == 0.25);
  const CosineDecay warm{.initial_learning_rate = 0, .decay_steps = 10, .warmup_target = 1e-3, .warmup_steps = 5};
  BOOST_TEST(warm(1) == 2e-4);
  BOOST_TEST(warm(6) == 9.755282581475769e-4);
  BOOST_TEST(warm(15) == 0);
}

BOOST_AUTO_TEST_CASE(a_schedule_is_made_by_name_in_either_precision) {
  const std::string config = R"({"initial_learning_rate": 5e-5, "decay_steps": 150, "end_learning_rate": 0.0})";
  const double wide = make_schedule("PolynomialDecay", config)(147), narrow = make_schedule("PolynomialDecay", config, DType::float32)(147);
  BOOST_TEST(wide == 1e-6, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(narrow == 1e-6, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(narrow != wide);
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  const auto refuses = [](const Schedule& schedule, const std::string& text) {
    BOOST_CHECK_EXCEPTION(schedule(1), std::invalid_argument, says(text));
  };
  refuses(ExponentialDecay{}, "ExponentialDecay: decay_steps must be positive, got 0");
  refuses(InverseTimeDecay{}, "InverseTimeDecay: decay_steps must be positive, got 0");
  refuses(PolynomialDecay{}, "PolynomialDecay: decay_steps must be positive, got 0");
  refuses(CosineDecay{}, "CosineDecay: decay_steps must be positive, got 0");
  refuses(CosineDecayRestarts{}, "CosineDecayRestarts: first_decay_steps must be positive, got 0");
  refuses(CosineDecayRestarts{.initial_learning_rate = 1, .first_decay_steps = 1, .t_mul = 0}, "CosineDecayRestarts: t_mul must be positive, got 0");
  refuses(PiecewiseConstantDecay{.boundaries = {1}, .values = {1}},
          "PiecewiseConstantDecay: values must have one element more than boundaries, got 1 and 1");
  refuses(PiecewiseConstantDecay{.boundaries = {3, 1}, .values = {1, 2, 3}}, "PiecewiseConstantDecay: boundaries must ascend, got (3, 1)");
  refuses(WarmUp{}, "WarmUp: decay must be set, got none");
  refuses(LinearDecayWithWarmup{}, "LinearDecayWithWarmup: num_warmup_steps must be positive, got 0");
  refuses(LinearDecayWithWarmup{.learning_rate = 1, .num_warmup_steps = 5, .num_train_steps = 5},
          "LinearDecayWithWarmup: num_warmup_steps must be less than num_train_steps, got 5 and 5");
  refuses(LinearWarmup{.peak = 1, .warmup_steps = 5, .total_steps = 5}, "LinearWarmup: warmup_steps must lie in [0, total_steps), got 5 and 5");
  BOOST_CHECK_EXCEPTION(make_schedule("Cosine", "{}"), std::invalid_argument,
                        says("make_schedule: class_name must be one of CosineDecay, CosineDecayRestarts,", "got 'Cosine'"));
  BOOST_CHECK_EXCEPTION(make_schedule("CosineDecay", "{}", DType::int8), std::invalid_argument,
                        says("make_schedule: precision must be float32 or float64, got int8"));
  BOOST_CHECK_EXCEPTION(make_schedule("CosineDecay", R"({"steps": 1})"), std::invalid_argument, says("CosineDecay: unknown config key 'steps'"));
}

BOOST_AUTO_TEST_SUITE_END()
