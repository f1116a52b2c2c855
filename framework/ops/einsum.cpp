#include "framework/ops/einsum.h"

#include <algorithm>
#include <map>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/ops/cost.h"
#include "framework/ops/matmul.h"
#include "framework/ops/transpose.h"

namespace linnet::ops {
namespace {

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

/// The labels that satisfy `keep`, in order.
template <class F>
std::string select(const std::string& labels, F&& keep) {
  std::string result;
  std::ranges::copy_if(labels, std::back_inserter(result), keep);
  return result;
}

/// x, an axis a label of `from`, with its axes in the order of `to`; a constant.
Tensor arranged(const Tensor& x, const std::string& from, const std::string& to) {
  if (from == to) return x.detach();
  std::vector<int> order;
  for (const char label : to) order.push_back(static_cast<int>(from.find(label)));
  return transpose(x.detach(), order);
}

using Extents = std::map<char, std::int64_t>;

std::int64_t product(const Extents& extents, const std::string& labels) {
  Shape shape;
  for (const char label : labels) shape.push_back(extents.at(label));
  return element_count(shape);
}

Extents extents_of(const EinsumEquation& equation, const Tensor& a, const Tensor& b) {
  Extents extents;
  const auto take = [&](std::string_view name, const std::string& labels, const Tensor& tensor) {
    check(tensor.shape().size() == labels.size(), "einsum: ", name, " must have ", labels.size(), " axes '", labels, "', got ", tensor.shape());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto [place, added] = extents.try_emplace(labels[i], tensor.shape()[i]);
      check(place->second == tensor.shape()[i], "einsum: the extents of '", labels[i], "' must agree, got ", place->second, " and ",
            tensor.shape()[i], " (a ", a.shape(), ", b ", b.shape(), ")");
    }
  };
  take("a", equation.a, a);
  take("b", equation.b, b);
  check(a.dtype() == b.dtype(), "einsum: dtypes must agree, got ", a.dtype(), " and ", b.dtype());
  return extents;
}

/// A multiplication and an addition for each combination of indices, in backward for each operand that wants a gradient.
OpCost cost_of(const EinsumEquation& equation, const Tensor& a, const Tensor& b) {
  const Extents extents = extents_of(equation, a, b);
  double combinations = 1;
  for (const auto& [label, extent] : extents) combinations *= static_cast<double>(extent);
  const double result = static_cast<double>(product(extents, equation.result) * size_of(a.dtype()));
  const double wanted = (a.requires_grad() ? 1 : 0) + (b.requires_grad() ? 1 : 0);
  return {{2 * combinations, bytes_of(a, b) + result},
          {2 * combinations * wanted, result + (a.requires_grad() ? bytes_of(a, b) : 0) + (b.requires_grad() ? bytes_of(a, b) : 0)}};
}

/// The product, unrecorded.
Tensor contract(const EinsumEquation& equation, const Tensor& a, const Tensor& b) {
  const Extents extents = extents_of(equation, a, b);
  const auto& [la, lb, lr] = equation;
  const std::string batch = select(lr, [&](char label) { return has(equation.a, label) && has(equation.b, label); });
  const std::string rows = select(lr, [&](char label) { return !has(equation.b, label); });
  const std::string columns = select(lr, [&](char label) { return !has(equation.a, label); });
  const std::string terms = select(la, [&](char label) { return has(equation.b, label) && !has(equation.result, label); });
  const Tensor left = arranged(a, la, batch + rows + terms), right = arranged(b, lb, batch + terms + columns);

  const std::int64_t m = product(extents, rows), n = product(extents, columns), k = product(extents, terms);
  Shape shape;
  for (const char label : batch + rows + columns) shape.push_back(extents.at(label));
  Tensor result = Tensor::empty(shape, a.dtype());
  {
    const WideningScope once;  // the products of the batch share their tensors
    parallel_tasks(product(extents, batch), [&](std::int64_t i) {
      multiply({.m = m,
                .n = n,
                .k = k,
                .a = {left, i * m * k, std::max<std::int64_t>(k, 1)},
                .b = {right, i * k * n, std::max<std::int64_t>(n, 1)},
                .c = result,
                .c_begin = i * m * n,
                .ldc = std::max<std::int64_t>(n, 1)});
    });
  }
  return arranged(result, batch + rows + columns, lr);
}

}  // namespace

EinsumEquation parse_einsum(const std::string& equation, const std::string& what) {
  const std::size_t comma = equation.find(','), arrow = equation.find("->");
  check(comma != std::string::npos && arrow != std::string::npos && comma < arrow, what, ": equation must have the form ab,bc->ac, got '", equation,
        "'");
  EinsumEquation parts{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1), equation.substr(arrow + 2)};
  for (const std::string& labels : {parts.a, parts.b, parts.result})
    for (const char label : labels) {
      const bool letter = (label >= 'a' && label <= 'z') || (label >= 'A' && label <= 'Z');
      check(letter, what, ": equation must name axes by letters, got '", label, "' in '", equation, "'");
      check(std::ranges::count(labels, label) == 1, what, ": equation must not name an axis twice, got '", label, "' in '", labels, "'");
      const int places = has(parts.a, label) + has(parts.b, label) + has(parts.result, label);
      check(places > 1, what, ": each axis of equation must stand in two places at least, got '", label, "' in '", equation, "'");
    }
  return parts;
}

Tensor einsum(const std::string& equation, const Tensor& a, const Tensor& b) {
  const EinsumEquation parts = parse_einsum(equation, "einsum");
  const ProfileScope profiled("einsum", [&] { return cost_of(parts, a, b); });
  return record("einsum", {a, b}, contract(parts, a, b), [=](std::span<const Tensor> dy) -> Gradients {
    return {a.requires_grad() ? contract({parts.result, parts.b, parts.a}, dy[0], b) : Tensor(),
            b.requires_grad() ? contract({parts.result, parts.a, parts.b}, dy[0], a) : Tensor()};
  });
}

}  // namespace linnet::ops
