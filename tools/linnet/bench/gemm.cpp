#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/config/flags.h"
#include "framework/kernels/gemm.h"
#include "framework/layers/initializer.h"
#include "framework/ops/matmul.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"

namespace linnet::tool {
namespace {

struct Options : BenchOptions {
  std::string shapes = "2048x2048x2048,4096x3072x768,4096x768x3072";
  void fields(FieldVisitor& field) {
    field("shapes", shapes, "rows x columns x inner extent, several with commas");
    BenchOptions::fields(field);
  }
};

struct ProductShape {
  std::int64_t rows = 0, columns = 0, inner = 0;
};

std::vector<ProductShape> parse_shapes(const std::string& text) {
  std::vector<ProductShape> shapes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    ProductShape shape;
    char first = 0, second = 0, rest = 0;
    std::istringstream in(part);
    in >> shape.rows >> first >> shape.columns >> second >> shape.inner;
    check(in && first == 'x' && second == 'x' && !(in >> rest) && shape.rows > 0 && shape.columns > 0 && shape.inner > 0,
          "--shapes: each must be ROWSxCOLUMNSxINNER, all positive, got '", part, "'");
    shapes.push_back(shape);
  }
  check(!shapes.empty(), "--shapes: there must be one, got nothing");
  return shapes;
}

}  // namespace

int bench_gemm(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet bench gemm", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times matrix products alone, by each backend of this build: what the other benchmarks can reach at best."});
  use_threads(options.threads);
  for (const ProductShape& shape : parse_shapes(options.shapes)) {
    const auto matrix = [](std::int64_t rows, std::int64_t columns) {
      return Initializer::truncated_normal(1).make({rows, columns}, DType::float32);
    };
    const Tensor a = matrix(shape.rows, shape.inner), b = matrix(shape.inner, shape.columns);
    const double flops = 2.0 * static_cast<double>(shape.rows) * static_cast<double>(shape.columns) * static_cast<double>(shape.inner);
    for (const std::string_view backend : kernels::gemm_backend_names()) {
      kernels::set_gemm_backend(backend);
      const Timing timing = measure_calls([&] { ops::matmul(a, b); }, options.seconds);
      print_case({{"case", cat(shape.rows, 'x', shape.columns, 'x', shape.inner)}, {"task", "infer"}, {"dtype", "float32"}}, timing,
                 {{"gflops", std::round(flops / timing.best / 1e8) / 10}});
    }
  }
  return 0;
}

}  // namespace linnet::tool
