#include "tests/support/golden.h"

#include "tests/support/paths.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "framework/core/error.h"

namespace linnet::testing {

namespace {

struct ParityRow {
  std::int64_t comparisons = 0, values = 0;
  double largest_error = 0, tolerance = 0;
  bool passed = true;
};

struct Record {
  std::int64_t compared = 0;
  std::map<std::string, ParityRow> rows;
  std::vector<std::pair<std::string, std::string>> left_out;
};

Record& record() {
  static Record instance;
  return instance;
}

constexpr std::string_view kParityHead = R"(# Parity with Keras

Written by the golden tests, `LINNET_PARITY=docs/parity.md build/release/bin/linnet_golden_tests`: each recorded case of real
Keras and KerasHub, how many of its arrays and numbers were compared, the largest absolute error, and the largest tolerance.
The last digits depend on the processor. )";

void write_parity(const std::filesystem::path& file) {
  std::ofstream out(file);
  out << kParityHead << record().compared << " arrays compared, " << record().left_out.size() << " cases left out.\n\n";
  out << "| case | arrays | values | largest error | tolerance | |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const auto& [name, row] : record().rows) {
    out << "| " << name << " | " << row.comparisons << " | " << row.values << " | " << row.largest_error << " | " << row.tolerance << " | "
        << (row.passed ? "passed" : "FAILED") << " |\n";
  }
  for (const auto& [name, reason] : record().left_out) out << "| " << name << " | 0 | 0 | | | left out: " << reason << " |\n";
  check_file(out.good(), "golden: the parity table must be writable, got ", file);
}

struct Summary {
  ~Summary() {
    if (record().compared == 0 && record().left_out.empty()) return;
    for (const auto& [name, reason] : record().left_out) std::cout << "left out: " << name << ": " << reason << '\n';
    // On a line of its own: the runner's colours end the one before.
    std::cout << "\ngolden: " << record().compared << " compared, " << record().left_out.size() << " left out" << std::endl;
    if (const char* file = std::getenv("LINNET_PARITY")) {
      try {
        write_parity(file);
      } catch (const std::exception& error) {
        std::cerr << error.what() << std::endl;
        std::_Exit(1);  // a destructor cannot throw, and the caller asked for the file
      }
    }
  }
};
BOOST_GLOBAL_FIXTURE(Summary);

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  check_file(in.good(), "golden: cannot open ", file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

nlohmann::json parse(const std::string& text, const std::filesystem::path& file, std::int64_t line) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(cat("golden: ", file, " line ", line, ": ", error.what()));
  }
}

double difference(double expected, double actual) {
  if (expected == actual || (std::isnan(expected) && std::isnan(actual))) return 0;
  const double result = std::abs(actual - expected);
  return std::isnan(result) ? std::numeric_limits<double>::infinity() : result;
}

}  // namespace

std::filesystem::path fixtures() {
  if (const char* directory = std::getenv("LINNET_FIXTURES")) return directory;
  return source_directory().parent_path() / "shared" / "fixtures";
}

bool have_fixture(const std::filesystem::path& path) {
  const std::filesystem::path file = fixtures() / path;
  if (std::filesystem::exists(file)) return true;
  check_file(std::getenv("LINNET_FIXTURES") == nullptr, "golden: LINNET_FIXTURES is set, but ", file, " is missing");
  std::cout << "skipped: " << boost::unit_test::framework::current_test_case().full_name() << ": no " << file.string() << std::endl;
  return false;
}

nlohmann::json read_json(const std::filesystem::path& file) { return parse(read_file(file), file, 1); }

std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& file) {
  std::istringstream text(read_file(file));
  std::vector<nlohmann::json> result;
  for (std::string line; std::getline(text, line);) result.push_back(parse(line, file, static_cast<std::int64_t>(result.size()) + 1));
  return result;
}

GoldenError golden_error(std::span<const double> expected, std::span<const double> actual, const Tolerance& tolerance) {
  check(expected.size() == actual.size(), "golden_error: sizes must be equal, got ", expected.size(), " expected and ", actual.size(),
        " actual values");
  GoldenError result;
  double sum = 0, worst_excess = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = difference(expected[i], actual[i]);
    const double excess = error == 0 ? 0 : error - tolerance.relative * std::abs(expected[i]);
    sum += error;
    result.largest = std::max(result.largest, error);
    if (!(excess <= tolerance.absolute)) ++result.outside;
    if (!(excess <= worst_excess)) {
      worst_excess = excess;
      result.worst = static_cast<std::int64_t>(i);
    }
  }
  if (!expected.empty()) {
    result.mean = sum / static_cast<double>(expected.size());
    result.largest_excess = worst_excess;
  }
  return result;
}

void golden_record(const std::string& case_name, const std::string& what, std::int64_t values, double largest_error, double tolerance, bool passed) {
  ParityRow& row = record().rows[case_name];
  ++record().compared;
  ++row.comparisons;
  row.values += values;
  row.largest_error = std::max(row.largest_error, largest_error);
  row.tolerance = std::max(row.tolerance, tolerance);
  row.passed = row.passed && passed;
  BOOST_CHECK_MESSAGE(passed,
                      case_name << ": " << what << ": largest error " << largest_error << " of " << values << " values, tolerance " << tolerance);
}

void golden_compare(const std::string& case_name, const std::string& what, std::span<const double> expected, std::span<const double> actual,
                    const Tolerance& tolerance) {
  const auto values = static_cast<std::int64_t>(expected.size());
  const double shown = tolerance.absolute > 0 ? tolerance.absolute : tolerance.relative;
  if (expected.size() != actual.size()) {
    BOOST_ERROR(case_name << ": " << what << ": " << expected.size() << " expected, " << actual.size() << " actual values");
    return golden_record(case_name, what, values, std::numeric_limits<double>::infinity(), shown, false);
  }
  const GoldenError error = golden_error(expected, actual, tolerance);
  if (error.outside > 0) {
    const auto i = static_cast<std::size_t>(error.worst);
    BOOST_ERROR(case_name << ": " << what << ": " << error.outside << " of " << values << " values outside, worst at " << i << ": expected "
                          << expected[i] << ", actual " << actual[i]);
  }
  golden_record(case_name, what, values, error.largest, shown, error.outside == 0);
}

void golden_equal(const std::string& case_name, const std::string& what, std::span<const std::int32_t> expected,
                  std::span<const std::int32_t> actual) {
  golden_compare(case_name, what, std::vector<double>(expected.begin(), expected.end()), std::vector<double>(actual.begin(), actual.end()), {});
}

void golden_equal(const std::string& case_name, const std::string& what, const std::string& expected, const std::string& actual) {
  const bool equal = expected == actual;
  if (!equal) BOOST_ERROR(case_name << ": " << what << ": expected \"" << expected << "\", actual \"" << actual << '"');
  golden_record(case_name, what, 1, equal ? 0 : 1, 0, equal);
}

void golden_left_out(const std::string& case_name, const std::string& reason) { record().left_out.emplace_back(case_name, reason); }

std::int64_t golden_compared() { return record().compared; }

}  // namespace linnet::testing
