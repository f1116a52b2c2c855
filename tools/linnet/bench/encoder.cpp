#include <nlohmann/json.hpp>
#include <sstream>

#include "framework/autograd/tape.h"
#include "framework/config/flags.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/profiling.h"

namespace linnet::tool {
namespace {

struct Options : BenchOptions {
  std::string model = "minilm", task = "infer", shapes = "1x16,1x128,32x128,8x512", dtype = "float32";
  std::int64_t vocabulary = 30522;
  bool checkpoint_activations = false;
  ProfilingOptions profiling;
  void fields(FieldVisitor& field) {
    field("model", model, "tiny, minilm or base");
    field("task", task, "infer, or train: forward, loss, backward and AdamW");
    field("shapes", shapes, "batch x length, several with commas");
    field("dtype", dtype, "float32, bfloat16 or int8");
    field("vocabulary", vocabulary, "rows of the embedding table");
    field("checkpoint_activations", checkpoint_activations, "train: compute encoder layers once more in backward instead of keeping them");
    BenchOptions::fields(field);
    profiling.fields(field);
  }
};

struct BatchShape {
  std::int64_t batch = 0, length = 0;
};

std::vector<BatchShape> parse_shapes(const std::string& text) {
  std::vector<BatchShape> shapes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    BatchShape shape;
    char times = 0, rest = 0;
    std::istringstream in(part);
    in >> shape.batch >> times >> shape.length;
    check(in && times == 'x' && !(in >> rest) && shape.batch > 0 && shape.length > 0 && shape.length <= 512,
          "--shapes: each must be BATCHxLENGTH, positive and of at most 512 tokens, got '", part, "'");
    shapes.push_back(shape);
  }
  check(!shapes.empty(), "--shapes: there must be one, got nothing");
  return shapes;
}

/// Those of the encoder layers, counted alike for every peer.
double flops(const BertBackbone::Config& model, const BatchShape& shape, bool train) {
  const auto tokens = static_cast<double>(shape.batch * shape.length), hidden = static_cast<double>(model.hidden_dim);
  const double forward =
      static_cast<double>(model.num_layers) * (2 * tokens * (4 * hidden * hidden + 2 * hidden * static_cast<double>(model.intermediate_dim)) +
                                               4 * tokens * static_cast<double>(shape.length) * hidden);
  return forward * (train ? 3 : 1);
}

}  // namespace

int bench_encoder(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet bench encoder", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times batches of full sentences through a BERT encoder of random weights."});
  use_threads(options.threads);
  const bool train = is_training(options.task);
  BertBackbone::Config config = model_of_size(options.model, options.dtype, train);
  config.vocabulary_size = options.vocabulary;
  check(train || !options.checkpoint_activations, "--checkpoint-activations: must come with --task train, got it with infer");
  BertTextClassifier model({.backbone = config});
  if (options.dtype == "int8") model.backbone().quantize("int8");
  model.set_checkpointing(options.checkpoint_activations);
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01});
  for (const BatchShape& shape : parse_shapes(options.shapes)) {
    const PackedTokens tokens = random_tokens(shape.batch, shape.length, config.vocabulary_size);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(shape.batch));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 2);
    const Tensor label_tensor = Tensor::from(labels, {shape.batch});
    const auto step = [&] {
      Tape tape;
      tape.backward(ops::cross_entropy(model.forward(tokens), label_tensor));
      optimizer.step(2e-5);
    };
    Profiling profiling(options.profiling);
    const Timing timing = train ? measure_calls(step, options.seconds) : measure_calls([&] { model.backbone().forward(tokens); }, options.seconds);
    profiling.finish();
    const double gflops = flops(config, shape, train) / timing.best / 1e9;
    nlohmann::ordered_json of_case{
        {"case", cat(shape.batch, 'x', shape.length)}, {"model", options.model}, {"task", options.task}, {"dtype", options.dtype}};
    if (options.checkpoint_activations) of_case["checkpoint_activations"] = true;
    print_case(of_case, timing, {{"gflops", std::round(gflops * 10) / 10}});
  }
  return 0;
}

}  // namespace linnet::tool
