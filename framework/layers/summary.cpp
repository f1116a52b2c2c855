#include "framework/layers/summary.h"

#include <algorithm>
#include <array>
#include <vector>

#include "framework/layers/names.h"

namespace linnet {
namespace {

using Line = std::array<std::string, 4>;  // layer, class, weights, parameters

/// 4385920 -> "4,385,920".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

void add_lines(const Layer& layer, const std::string& name, std::int64_t level, std::int64_t depth, std::vector<Line>& lines) {
  std::string weights;
  for (const Layer::Weight& weight : layer.weights()) weights += cat(weights.empty() ? "" : ", ", weight.name, " ", weight.tensor.shape());
  lines.push_back({std::string(static_cast<std::size_t>(2 * level), ' ') + name, layer.class_name(), weights, grouped(layer.parameter_count())});
  if (level == depth) return;
  for (const Layer::Child& child : layer.children()) add_lines(*child.layer, child.name, level + 1, depth, lines);
}

}  // namespace

std::string summary(const Layer& layer, const SummaryOptions& options) {
  check(options.depth >= 0, "summary: depth must not be negative, got ", options.depth);
  std::vector<Line> lines{{"layer", "class", "weights", "parameters"}};
  add_lines(layer, snake_case(layer.class_name()), 0, options.depth, lines);
  std::array<std::size_t, 4> widths{};
  for (const Line& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < 3; ++i) text += line[i] + std::string(widths[i] + 2 - line[i].size(), ' ');
    text += std::string(widths[3] - line[3].size(), ' ') + line[3] + "\n";
  }
  std::int64_t trained = 0;
  for (const Parameter& parameter : layer.parameters()) trained += parameter.tensor.requires_grad() ? parameter.tensor.size() : 0;
  const std::int64_t total = layer.parameter_count();
  return text + cat("total ", grouped(total), ", trained ", grouped(trained), ", frozen ", grouped(total - trained), "\n");
}

}  // namespace linnet
