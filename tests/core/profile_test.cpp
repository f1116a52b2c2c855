#include "framework/core/profile.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "framework/autograd/checkpoint.h"
#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/io/profile_trace.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/losses.h"
#include "framework/ops/matmul.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;

namespace {

void wait(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

/// The only row of this name; fails if there is none, or several.
ProfileRow row(const Profile& profile, const std::string& name, ProfilePass pass = ProfilePass::forward) {
  std::vector<ProfileRow> found;
  for (const ProfileRow& each : profile.rows())
    if (each.name == name && each.pass == pass) found.push_back(each);
  BOOST_TEST_REQUIRE(found.size() == 1u, name << ": " << found.size() << " rows");
  return found.front();
}

Tensor parameter(const Shape& shape) {
  Tensor tensor = Tensor::full(shape, 0.5);
  tensor.set_requires_grad(true);
  return tensor;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profile)

BOOST_AUTO_TEST_CASE(a_scopes_time_is_its_own_and_a_part_is_in_it) {
  const Profile profile;
  {
    const ProfileScope outer("outer", [] { return Cost{6, 8}; });
    wait(std::chrono::milliseconds(20));
    {
      const ProfileScope inner("inner");
      wait(std::chrono::milliseconds(40));
    }
    const ProfileScope part("part", ProfilePass::part, {2, 3});
    wait(std::chrono::milliseconds(20));
  }
  BOOST_TEST(row(profile, "outer").seconds >= 0.04);
  BOOST_TEST(row(profile, "inner").seconds >= 0.04);
  BOOST_TEST(row(profile, "part", ProfilePass::part).seconds >= 0.02);
  BOOST_TEST(row(profile, "outer").seconds + row(profile, "inner").seconds <= profile.seconds());
  BOOST_TEST(row(profile, "outer").cost.flops == 6);
  BOOST_TEST(row(profile, "outer").cost.bytes == 8);
  BOOST_TEST(row(profile, "part", ProfilePass::part).cost.flops == 2);
}

BOOST_AUTO_TEST_CASE(costs_are_asked_for_only_while_a_profile_is_alive) {
  int asked = 0;
  const auto work = [&] {
    const ProfileScope scope("work", [&] {
      ++asked;
      return Cost{};
    });
  };
  work();
  BOOST_TEST(asked == 0);
  {
    const Profile profile;
    work();
    work();
    BOOST_TEST(row(profile, "work").calls == 2);
  }
  work();
  BOOST_TEST(asked == 2);
  const Profile next;
  BOOST_TEST(next.rows().empty());
}

BOOST_AUTO_TEST_CASE(a_scope_that_began_under_another_profile_is_left_out) {
  auto first = std::make_unique<Profile>();
  {
    const ProfileScope scope("work");
    first.reset();
  }
  const Profile second;
  BOOST_TEST(second.rows().empty());
}

BOOST_AUTO_TEST_CASE(forward_and_backward_of_an_op_are_apart_and_what_backward_calls_is_its_own) {
  const Tensor x = parameter({3, 4});
  const Profile profile;
  Tape tape;
  tape.backward(ops::mean_squared_error(Tensor::zeros({3, 4}), ops::scale(x, 2)));
  BOOST_TEST(row(profile, "scale").calls == 1);  // its gradient is a call of scale
  BOOST_TEST(row(profile, "scale").cost.flops == 12);
  BOOST_TEST(row(profile, "scale").cost.bytes == 2 * 12 * 4);
  BOOST_TEST(row(profile, "scale", ProfilePass::backward).calls == 1);
  BOOST_TEST(row(profile, "scale", ProfilePass::backward).cost.flops == 12);
  BOOST_TEST(row(profile, "mean_squared_error").calls == 1);
  BOOST_TEST(row(profile, "mean_squared_error", ProfilePass::backward).cost.bytes == 5 * 12 * 4);
}

BOOST_AUTO_TEST_CASE(what_a_checkpoint_runs_again_is_counted_again) {
  const Tensor x = parameter({2, 2});
  const Profile profile;
  Tape tape;
  tape.backward(ops::mean_squared_error(Tensor::zeros({2, 2}), checkpoint([](const Tensor& input) { return ops::scale(input, 2); }, x)));
  BOOST_TEST(row(profile, "scale").calls == 2);
  BOOST_TEST(row(profile, "scale", ProfilePass::backward).calls == 1);
}

BOOST_AUTO_TEST_CASE(a_product_counts_two_operations_a_term_each_way) {
  const Tensor a = parameter({2, 3, 4}), b = Tensor::zeros({4, 5});
  const Profile profile;
  Tape tape;
  const Tensor c = ops::matmul(a, b);
  tape.backward(c, c);
  BOOST_TEST(row(profile, "matmul").cost.flops == 2 * 2 * 3 * 4 * 5);
  BOOST_TEST(row(profile, "matmul").cost.bytes == 4 * (24 + 20 + 30));
  BOOST_TEST(row(profile, "matmul", ProfilePass::backward).cost.flops == 2 * 2 * 3 * 4 * 5);  // b wants none
  BOOST_TEST(row(profile, "matrix product", ProfilePass::part).cost.flops == 2 * 2 * 2 * 3 * 4 * 5);
}

BOOST_AUTO_TEST_CASE(other_threads_have_rows_of_their_own) {
  const Profile profile;
  std::thread([] {
    const ProfileScope scope("beside");
    wait(std::chrono::milliseconds(5));
  }).join();
  BOOST_TEST(!row(profile, "beside").own_thread);
  BOOST_TEST(profile.table().find("beside it: beside") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_table_has_a_line_a_row_and_adds_up) {
  const Profile profile;
  {
    const ProfileScope scope("work", [] { return Cost{2e9, 5e9}; });
  }
  const std::string table = profile.table();
  for (const char* text : {"calls", "seconds", "GFLOP/s", "GB/s", "\nwork ", "  2.00", "  5.00", "\nother ", "\nall "})
    BOOST_TEST(table.find(text) != std::string::npos, table);
}

BOOST_AUTO_TEST_CASE(a_trace_is_json_with_a_slice_for_each_event_on_its_thread) {
  const linnet::testing::TemporaryDirectory directory;
  set_num_threads(2);
  const Profile profile({.trace = true});
  {
    const ProfileScope scope("wo\"rk", [] { return Cost{6, 8}; });
    parallel_tasks(8, [](std::int64_t) { wait(std::chrono::milliseconds(2)); });
  }
  save_trace(profile, directory / "trace.json");
  std::ifstream in(directory / "trace.json");
  const auto trace = nlohmann::json::parse(in);
  double start = -1, end = -1;
  bool shared = false;
  std::vector<std::string> threads;
  for (const auto& event : trace["traceEvents"])
    if (event["name"] == "thread_name") threads.push_back(event["args"]["name"]);
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X" || event["cat"] == "share") continue;
    BOOST_TEST(event["name"] == "wo\"rk");
    BOOST_TEST(event["tid"] == 0);
    BOOST_TEST(event["cat"] == "forward");
    BOOST_TEST(event["args"]["flops"] == 6);
    start = event["ts"];
    end = start + event["dur"].get<double>();
    BOOST_TEST(end - start >= 8000);  // microseconds
  }
  BOOST_TEST(start >= 0);
  for (const auto& event : trace["traceEvents"])
    if (event["ph"] == "X" && event["cat"] == "share") {
      shared = true;
      BOOST_TEST(event["tid"] != 0);
      BOOST_TEST(event["ts"].get<double>() >= start);
      BOOST_TEST(event["ts"].get<double>() + event["dur"].get<double>() <= end + 0.002);
    }
  BOOST_TEST(shared);
  BOOST_TEST(threads.size() >= 2u);
  BOOST_TEST(std::ranges::count(threads, "main") == 1);
}

BOOST_AUTO_TEST_CASE(events_beyond_the_limit_are_counted) {
  const Profile profile({.trace = true, .max_events = 2});
  for (int i = 0; i < 5; ++i) const ProfileScope scope("work");
  BOOST_TEST(profile.events().size() == 2u);
  BOOST_TEST(profile.dropped_events() == 3);
  BOOST_TEST(row(profile, "work").calls == 5);
}

BOOST_AUTO_TEST_CASE(wrong_use_is_refused) {
  BOOST_CHECK_EXCEPTION(Profile({.max_events = -1}), std::invalid_argument, testing::says("Profile: max_events must not be negative, got -1"));
  const Profile profile;
  BOOST_CHECK_EXCEPTION(Profile(), std::invalid_argument, testing::says("Profile: at most one may be alive, got a second one"));
  BOOST_CHECK_EXCEPTION(save_trace(profile, "trace.json"), std::invalid_argument,
                        testing::says("save_trace: the profile must have been made with trace, got one without"));
}

BOOST_AUTO_TEST_CASE(a_trace_that_cannot_be_written_is_said) {
  const Profile profile({.trace = true});
  BOOST_CHECK_EXCEPTION(save_trace(profile, "/nowhere/trace.json"), std::runtime_error,
                        testing::says("save_trace: cannot write /nowhere/trace.json"));
}

BOOST_AUTO_TEST_SUITE_END()
