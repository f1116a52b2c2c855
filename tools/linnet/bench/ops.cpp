#include <nlohmann/json.hpp>

#include "framework/autograd/tape.h"
#include "framework/config/flags.h"
#include "framework/layers/initializer.h"
#include "framework/ops/activations.h"
#include "framework/ops/attention.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/dense.h"
#include "framework/ops/dropout.h"
#include "framework/ops/elementwise.h"
#include "framework/ops/embedding.h"
#include "framework/ops/layer_norm.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"

namespace linnet::tool {
namespace {

struct Options : BenchOptions {
  std::int64_t batch = 32, length = 128, hidden = 768, heads = 12;
  void fields(FieldVisitor& field) {
    field("batch", batch, "sentences");
    field("length", length, "tokens of a sentence");
    field("hidden", hidden, "columns");
    field("heads", heads, "attention heads");
    BenchOptions::fields(field);
  }
};

/// An operation on inputs of its own. The work is that of a forward pass; bytes count each operand and the result once.
struct Operation {
  std::string name;
  std::vector<Tensor> inputs;  // those with a gradient
  std::function<Tensor()> forward;
  double flops, elements;
};

Tensor random(const Shape& shape) {
  Tensor tensor = Initializer::truncated_normal(1).make(shape, DType::float32);
  tensor.set_requires_grad(true);
  return tensor;
}

std::vector<Operation> operations(const Options& o) {
  const std::int64_t tokens = o.batch * o.length, wide = 4 * o.hidden, vocabulary = 30522;
  const auto n = static_cast<double>(tokens), h = static_cast<double>(o.hidden), l = static_cast<double>(o.length);
  const Tensor x = random({tokens, o.hidden}), y = random({tokens, o.hidden}), intermediate = random({tokens, wide}),
               qkv = random({tokens, 3 * o.hidden});
  const Tensor square = random({o.hidden, o.hidden}), up = random({o.hidden, wide}), down = random({wide, o.hidden}), bias = random({o.hidden});
  const Tensor wide_bias = random({wide}), table = random({vocabulary, o.hidden}), logits = random({tokens, 2}), gamma = random({o.hidden});
  const PackedTokens ids = random_tokens(o.batch, o.length, vocabulary);
  const Tensor labels = Tensor::zeros({tokens}, DType::int32);
  const ops::AttentionOptions attention{.num_heads = o.heads, .key_dim = o.hidden / o.heads};
  return {
      {"embedding", {table}, [=] { return ops::embedding(table, ids.token_ids); }, 0, 2 * n * h},
      {"dense_square", {x, square, bias}, [=] { return ops::dense(x, square, bias); }, 2 * n * h * h, 2 * n * h + h * h},
      {"dense_gelu_up",
       {x, up, wide_bias},
       [=] { return ops::dense(x, up, wide_bias, Activation::gelu_approximate); },
       8 * n * h * h,
       5 * n * h + 4 * h * h},
      {"dense_down", {intermediate, down, bias}, [=] { return ops::dense(intermediate, down, bias); }, 8 * n * h * h, 5 * n * h + 4 * h * h},
      {"attention",
       {qkv},
       [=, layout = ids.layout] {
         const auto part = [&](std::int64_t i) { return ops::ColumnRange(qkv, i * o.hidden, o.hidden); };
         return ops::attention(part(0), part(1), part(2), layout, layout, {}, attention);
       },
       4 * n * l * h,
       4 * n * h},
      {"layer_norm", {x, gamma, bias}, [=] { return ops::layer_norm(x, gamma, bias, 1e-12); }, 8 * n * h, 2 * n * h},
      {"add_layer_norm", {x, y, gamma, bias}, [=] { return ops::add_layer_norm(x, y, gamma, bias, {.epsilon = 1e-12}); }, 9 * n * h, 3 * n * h},
      {"dropout", {x}, [=] { return ops::dropout(x, 0.1); }, 0, 2 * n * h},
      {"gelu_approximate", {intermediate}, [=] { return ops::activate(intermediate, Activation::gelu_approximate); }, 0, 8 * n * h},
      {"add", {x, y}, [=] { return ops::add(x, y); }, n * h, 3 * n * h},
      {"cross_entropy", {logits}, [=] { return ops::cross_entropy(logits, labels); }, 0, 2 * n},
  };
}

double tenths(double value) { return std::round(value * 10) / 10; }

}  // namespace

int bench_ops(const std::vector<std::string>& arguments) {
  Options options;
  options.seconds = 0.5;
  read_flags("linnet bench ops", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times each operation alone: forward, and forward with backward as task train."});
  use_threads(options.threads);
  check(options.batch > 0 && options.length > 0 && options.hidden > 0 && options.heads > 0 && options.hidden % options.heads == 0,
        "bench ops: sizes must be positive and hidden a multiple of heads, got ", options.batch, ", ", options.length, ", ", options.hidden, " and ",
        options.heads);
  for (const Operation& operation : operations(options)) {
    const auto forward = [&] { operation.forward(); };
    const auto both = [&] {
      Tape tape;
      const Tensor y = operation.forward();
      tape.backward(y, y);
      for (Tensor input : operation.inputs) input.clear_grad();
    };
    for (const bool train : {false, true}) {
      if (!train && operation.name == "dropout") continue;  // the identity
      const Timing timing = measure_calls(train ? std::function<void()>(both) : forward, options.seconds);
      const double factor = train ? 3 : 1;
      print_case({{"case", operation.name}, {"task", train ? "train" : "infer"}, {"dtype", "float32"}}, timing,
                 {{"gflops", tenths(factor * operation.flops / timing.best / 1e9)},
                  {"gb_per_second", tenths(factor * 4 * operation.elements / timing.best / 1e9)}});
    }
  }
  return 0;
}

}  // namespace linnet::tool
