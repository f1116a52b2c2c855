#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace linnet::testing {

/// The directory of the goldens: the environment's LINNET_FIXTURES, else <source>/../shared/fixtures.
std::filesystem::path fixtures();
/// True when `path`, relative to fixtures(), is there. Else prints "skipped: …", and the caller returns. Throws
/// std::runtime_error if LINNET_FIXTURES is set and the path is missing: then nothing may be skipped silently.
bool have_fixture(const std::filesystem::path& path);
/// Throws std::runtime_error naming the file if it cannot be read or is no JSON.
nlohmann::json read_json(const std::filesystem::path& file);
/// One value a line.
std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& file);

/// An element passes when |actual - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
};

/// How far `actual` is from `expected`. Equal infinities and equal NaNs differ by 0, other NaNs by infinity.
struct GoldenError {
  double largest = 0;         ///< largest |actual - expected|
  double mean = 0;            ///< mean |actual - expected|
  double largest_excess = 0;  ///< largest (|actual - expected| - relative * |expected|): what `absolute` must cover
  std::int64_t worst = 0;     ///< the index of largest_excess
  std::int64_t outside = 0;   ///< elements that do not pass
};
/// Throws std::invalid_argument unless the sizes are equal.
GoldenError golden_error(std::span<const double> expected, std::span<const double> actual, const Tolerance& tolerance = {});

/// Checks every element (a Boost check) and counts the comparison. `case_name` is the row of the parity table it belongs to,
/// a path in the fixtures without extension ("backbones/small_float32/prefix"); `what` names the array
/// ("outputs/sequence_output"). Different sizes fail.
void golden_compare(const std::string& case_name, const std::string& what, std::span<const double> expected, std::span<const double> actual,
                    const Tolerance& tolerance);
/// As golden_compare with tolerance 0, for ids, masks and texts.
void golden_equal(const std::string& case_name, const std::string& what, std::span<const std::int32_t> expected,
                  std::span<const std::int32_t> actual);
void golden_equal(const std::string& case_name, const std::string& what, const std::string& expected, const std::string& actual);
/// For rules that golden_compare does not know (a mean, a few outliers): checks `passed` and counts the comparison.
void golden_record(const std::string& case_name, const std::string& what, std::int64_t values, double largest_error, double tolerance, bool passed);
/// Notes a case that is in the fixtures and was not compared.
void golden_left_out(const std::string& case_name, const std::string& reason);

/// Comparisons so far.
std::int64_t golden_compared();

// At its end a program that compared or left out anything prints each left-out case with its reason and the line
// `golden: N compared, M left out`, and writes the table of cases as Markdown to the file LINNET_PARITY if that is set.

}  // namespace linnet::testing
