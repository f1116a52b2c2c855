#include <sys/ioctl.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "framework/io/atomic_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using namespace linnet::testing;

BOOST_AUTO_TEST_SUITE(cut_file)

BOOST_AUTO_TEST_CASE(weights_that_are_cut_while_they_are_used_end_the_program_with_a_message) {
  const TemporaryDirectory directory;
  const std::string preset = (directory / "preset").string(), data = (directory / "data.tsv").string(), errors = (directory / "errors").string();
  write_tiny_preset(preset);
  write_tiny_reviews(data, 20000);
  const std::string command = linnet_program().string() + " predict --preset " + preset + " --data " + data + " 2> " + errors + "; echo \"code $?\"";
  std::FILE* output = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(output != nullptr);
  // Its answers are more than a pipe holds: it waits for us in the middle.
  for (int before = -1, now = 0, i = 0; i < 300 && (now == 0 || now != before); ++i) {
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    BOOST_REQUIRE(::ioctl(::fileno(output), FIONREAD, &now) == 0);
  }
  std::filesystem::resize_file(preset + "/model.weights.h5", 0);
  std::string text;
  for (int c = 0; (c = std::fgetc(output)) != EOF;) text.push_back(static_cast<char>(c));
  ::pclose(output);
  BOOST_TEST(text.ends_with("code 1\n"), text.substr(text.size() < 200 ? 0 : text.size() - 200));
  BOOST_TEST(read_text(errors).find("linnet: a weight file was cut while it was in use (start again)") != std::string::npos, read_text(errors));
}

BOOST_AUTO_TEST_SUITE_END()
