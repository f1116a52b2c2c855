#include "framework/data/tsv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "framework/core/error.h"
#include "framework/text/unicode.h"

namespace linnet {
namespace {

constexpr std::int64_t kMostClasses = 100000;

using Names = std::vector<std::string>;
const Names kTextColumns{"sentence", "text", "sentence1", "question", "premise", "question1", "#1 String"};
const Names kPairColumns{"sentence2", "text_pair", "hypothesis", "question2", "#2 String"};
const Names kLabelColumns{"label", "score", "gold_label", "is_duplicate", "Quality"};

std::string joined(const Names& names) {
  std::string list;
  for (const std::string& name : names) list += cat(list.empty() ? "" : ", ", name);
  return list;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0;;) {
    const std::size_t tab = line.find('\t', begin);
    cells.push_back(line.substr(begin, tab - begin));
    if (tab == std::string_view::npos) return cells;
    begin = tab + 1;
  }
}

std::string trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(' ');
  return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

/// -1 when no column of `header` has one of the names.
std::ptrdiff_t column(const std::vector<std::string_view>& header, const Names& names) {
  for (const std::string& name : names)
    if (const auto found = std::ranges::find(header, name); found != header.end()) return found - header.begin();
  return -1;
}

bool whole_number(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value < kMostClasses;
}

/// Numbers the classes of a file; see TsvOptions::label_names.
Names find_classes(const std::set<std::string>& labels) {
  std::int64_t value = 0, largest = -1;
  for (const std::string& label : labels) {
    if (!whole_number(label, value)) return {labels.begin(), labels.end()};
    largest = std::max(largest, value);
  }
  Names names;
  for (std::int64_t i = 0; i <= largest; ++i) names.push_back(std::to_string(i));
  return names;
}

struct Row {
  TextExample example;
  std::string label;
  std::int64_t line = 0;
};

/// Fills in the examples' labels.
void number_labels(const std::string& file, std::vector<Row>& rows, const Names& names) {
  std::map<std::string, double, std::less<>> numbers;
  for (std::size_t i = 0; i < names.size(); ++i) numbers[names[i]] = static_cast<double>(i);
  for (Row& row : rows) {
    const auto found = numbers.find(row.label);
    check_file(found != numbers.end(), file, ":", row.line, ": label must be one of ", joined(names), ", got '", row.label, "'");
    row.example.label = found->second;
  }
}

void parse_labels(const std::string& file, std::vector<Row>& rows) {
  for (Row& row : rows) {
    const auto [end, error] = std::from_chars(row.label.data(), row.label.data() + row.label.size(), row.example.label);
    check_file(error == std::errc() && end == row.label.data() + row.label.size() && std::isfinite(row.example.label), file, ":", row.line,
               ": label must be a number, got '", row.label, "'");
  }
}

}  // namespace

TextDataset read_tsv(const std::filesystem::path& path, const TsvOptions& options) {
  const std::string file = path.string();
  check_file(std::filesystem::is_regular_file(path), file, ": must be a file of tab-separated text, got ",
             std::filesystem::exists(path) ? "something else" : "no such file");
  std::ifstream in(path, std::ios::binary);
  check_file(in.is_open(), file, ": must be readable, got a file that cannot be opened (check its permissions)");

  std::string text;
  std::int64_t line = 0;
  const auto next_line = [&] {
    if (!std::getline(in, text)) return false;
    ++line;
    if (!text.empty() && text.back() == '\r') text.pop_back();
    check_file(unicode::find_invalid(text) == std::string::npos, file, ":", line, ": text must be UTF-8, got other bytes");
    return true;
  };
  check_file(next_line() && !text.empty(), file, ": must begin with a header line such as 'sentence<TAB>label', got an empty file");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const std::string header_line = text;
  const std::vector<std::string_view> header = split(header_line);
  std::ptrdiff_t first = column(header, kTextColumns), second = column(header, kPairColumns);
  const std::ptrdiff_t label = column(header, kLabelColumns);
  if (const std::ptrdiff_t question = column(header, {"question"}), sentence = column(header, {"sentence"}); question >= 0 && sentence >= 0) {
    first = question;  // QNLI: a question and the sentence that may answer it
    second = sentence;
  }
  check_file(first >= 0, file, ":1: the header must name a text column (", joined(kTextColumns), "), got '", header_line, "'");

  std::vector<Row> rows;
  while (next_line()) {
    if (text.empty()) continue;
    const std::vector<std::string_view> cells = split(text);
    check_file(cells.size() == header.size(), file, ":", line, ": a row must have ", header.size(), " columns as the header, got ", cells.size());
    const auto cell = [&](std::ptrdiff_t at) { return at < 0 ? std::string() : trimmed(cells[static_cast<std::size_t>(at)]); };
    Row row;
    row.example.text = cell(first);
    row.example.text_pair = cell(second);
    row.label = cell(label);
    row.line = line;
    rows.push_back(std::move(row));
  }
  check_file(in.eof(), file, ":", line, ": must be readable to its end, got a read error");
  check_file(!rows.empty(), file, ": must have at least one row after its header, got none");

  Names names = options.label_names;
  if (label >= 0 && options.regression) {
    parse_labels(file, rows);
    names.clear();
  } else if (label >= 0) {
    std::set<std::string> seen;
    for (const Row& row : rows) seen.insert(row.label);
    if (names.empty()) names = find_classes(seen);
    number_labels(file, rows, names);
  }
  std::vector<TextExample> examples;
  for (Row& row : rows) examples.push_back(std::move(row.example));
  return TextDataset(std::move(examples), label >= 0 ? names : Names(), label >= 0);
}

}  // namespace linnet
