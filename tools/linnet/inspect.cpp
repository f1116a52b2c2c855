#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

#include "framework/config/flags.h"
#include "framework/core/error.h"
#include "framework/io/convert.h"
#include "models/preset.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/weight_listing.h"

namespace linnet::tool {
namespace {

struct Options {
  bool diff = false, values = true;
  void fields(FieldVisitor& field) {
    field("diff", diff, "compare two of them; the exit code is 1 if they differ");
    field("values", values, "read the tensors: least, largest and mean value");
  }
};

std::string size_text(std::int64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  std::ostringstream text;
  text << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << size << ' ' << kUnits[unit];
  return text.str();
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t at = std::ssize(text) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

/// "layers/dense/vars/0" -> "layers/dense/vars", "encoder.layer.0.output.dense.weight" -> "encoder.layer.0.output.dense".
std::size_t group_end(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash != std::string::npos ? slash : name.rfind('.');
}

void print(const std::filesystem::path& path, bool values) {
  const std::vector<StoredTensor> tensors = list_tensors(path);
  std::ostringstream out;
  std::string group = "/";
  std::int64_t elements = 0, bytes = 0;
  for (const StoredTensor& tensor : tensors) {
    const std::size_t end = group_end(tensor.name);
    const std::string here = end == std::string::npos ? "" : tensor.name.substr(0, end);
    if (here != group) out << here << (tensor.label.empty() ? "" : "  [" + tensor.label + "]") << '\n';
    group = here;
    bytes += tensor.bytes();
    elements += tensor.bytes() / size_of(tensor.dtype);
    out << "  " << std::left << std::setw(12) << (end == std::string::npos ? tensor.name : tensor.name.substr(end + 1)) << ' ' << std::setw(18)
        << cat(tensor.shape) << ' ' << std::setw(9) << cat(tensor.dtype) << std::right << std::setw(9) << size_text(tensor.bytes());
    if (values) {
      const Statistics found = statistics(tensor);
      out << std::setprecision(4) << "  min " << found.min << "  max " << found.max << "  mean " << found.mean;
      if (found.not_finite > 0) out << "  NOT FINITE: " << found.not_finite;
    }
    out << '\n';
  }
  std::cout << out.str() << path.string() << ": " << tensors.size() << " variables, " << grouped(elements) << " elements, " << size_text(bytes)
            << '\n';
}

/// What is unlike between two tensors of one name; empty if nothing is.
std::string difference(const StoredTensor& a, const StoredTensor& b) {
  if (a.shape != b.shape) return cat("shape ", a.shape, " and ", b.shape);
  const std::vector<double> x = convert(a.read(), DType::float64).to_vector(), y = convert(b.read(), DType::float64).to_vector();
  std::int64_t count = 0;
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    ++count;
    most = std::max(most, std::abs(x[i] - y[i]));
  }
  const std::string dtypes = a.dtype == b.dtype ? "" : cat("dtype ", a.dtype, " and ", b.dtype, count > 0 ? ", " : "");
  if (count == 0) return dtypes;
  return cat(dtypes, "values differ in ", count, " of ", x.size(), ", by at most ", most);
}

int compare(const std::string& first, const std::string& second) {
  std::map<std::string, std::array<const StoredTensor*, 2>> names;
  const std::vector<StoredTensor> a = list_tensors(first), b = list_tensors(second);
  for (const StoredTensor& tensor : a) names[tensor.name][0] = &tensor;
  for (const StoredTensor& tensor : b) names[tensor.name][1] = &tensor;
  std::int64_t unlike = 0;
  const auto report = [&](const auto&... parts) {
    ++unlike;
    (std::cout << ... << parts) << '\n';
  };
  for (const auto& [name, pair] : names) {
    if (!pair[1]) report("only in ", first, ": ", name, ' ', pair[0]->shape);
    else if (!pair[0]) report("only in ", second, ": ", name, ' ', pair[1]->shape);
    else if (const std::string text = difference(*pair[0], *pair[1]); !text.empty()) report(name, ": ", text);
  }
  std::cout << (unlike == 0 ? "equal: " : "unlike: ") << (unlike == 0 ? std::ssize(names) : unlike) << " of " << names.size() << " variables\n";
  return unlike == 0 ? 0 : 1;
}

}  // namespace

int inspect(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> paths;
  read_flags("linnet inspect", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Lists the variables of weight files and presets, or compares two.",
              .positional = &paths,
              .positional_help = "weight files, or presets: directories, names, handles"});
  check(paths.size() == (options.diff ? 2u : 1u), "inspect: there must be ", options.diff ? "two files or presets" : "one file or preset", ", got ",
        paths.size());
  for (std::string& path : paths)
    if (!std::filesystem::exists(path)) path = resolve_preset(path).string();
  if (options.diff) return compare(paths[0], paths[1]);
  print(paths[0], options.values);
  return 0;
}

}  // namespace linnet::tool
