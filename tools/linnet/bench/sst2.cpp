#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "framework/autograd/tape.h"
#include "framework/config/flags.h"
#include "framework/data/data_loader.h"
#include "framework/data/tsv.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"
#include "tools/linnet/bench/bench.h"
#include "tools/linnet/classify.h"

namespace linnet::tool {
namespace {

struct Options : BenchOptions {
  std::string model = "minilm", task = "infer", dtype = "float32", sst2 = "sst2", vocab = "vocab.txt", order = "sorted";
  std::int64_t limit = 0, batch = 32, passes = 0;
  void fields(FieldVisitor& field) {
    field("model", model, "tiny, minilm or base");
    field("task", task, "infer: labels of dev.tsv; train: one pass over train.tsv");
    field("dtype", dtype, "float32, bfloat16 or int8");
    field("sst2", sst2, "folder with train.tsv and dev.tsv");
    field("vocab", vocab, "BERT's vocabulary, a token a line");
    field("limit", limit, "sentences to take; 0: all");
    field("batch", batch, "sentences a batch");
    field("order", order, "infer: sorted (by length) or file");
    field("passes", passes, "how often at least, after some that do not count; 0: 3 times to infer, once to train");
    BenchOptions::fields(field);
  }
};

/// The first `limit` sentences, the longest first if asked.
TextDataset sentences(const Options& options, bool train) {
  const TextDataset file = read_tsv(std::filesystem::path(options.sst2) / (train ? "train.tsv" : "dev.tsv"));
  check(options.limit >= 0, "--limit: must not be negative, got ", options.limit);
  std::vector<TextExample> examples;
  for (std::int64_t i = 0; i < file.size() && (options.limit == 0 || i < options.limit); ++i) examples.push_back(file.at(i));
  if (!train && options.order == "sorted")
    std::ranges::stable_sort(examples, [](const TextExample& a, const TextExample& b) { return a.text.size() > b.text.size(); });
  return TextDataset(std::move(examples), file.label_names());
}

}  // namespace

int bench_sst2(const std::vector<std::string>& arguments) {
  Options options;
  options.seconds = 0;
  read_flags("linnet bench sst2", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Times the whole job on SST-2 with a BERT of random weights: text in, labels out, or a pass of training."});
  use_threads(options.threads);
  check(options.order == "sorted" || options.order == "file", "--order: must be sorted or file, got ", options.order);
  check(options.passes >= 0, "--passes: must not be negative, got ", options.passes);
  const bool train = is_training(options.task);
  const TextDataset data = sentences(options, train);
  BertTextClassifier model({.backbone = model_of_size(options.model, options.dtype, train)});
  if (options.dtype == "int8") model.backbone().quantize("int8");
  const auto tokenizer = std::make_shared<BertTokenizer>(Vocabulary::load(options.vocab), BertTokenizer::Config{.lowercase = true});
  model.set_preprocessor(std::make_shared<BertTextClassifierPreprocessor>(tokenizer, BertTextClassifierPreprocessor::Config{.sequence_length = 128}));
  const DataLoader loader(data, model.preprocessor(), {.batch_size = options.batch});
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01});

  std::int64_t tokens = 0, padded_rows = 0;
  const auto whole_job = [&] {
    tokens = padded_rows = 0;
    for (const TextBatch& batch : loader.epoch(0)) {
      tokens += batch.inputs.layout.tokens();
      padded_rows += std::ranges::count(batch.inputs.layout.is_key, 0);
      if (!train) {
        model.forward(batch.inputs);
        continue;
      }
      Tape tape;
      tape.backward(ops::cross_entropy(model.forward(batch.inputs), batch.labels));
      optimizer.step(2e-5);
    }
  };
  const std::int64_t passes = options.passes > 0 ? options.passes : train ? 1 : 3;
  const Timing timing = measure_calls(whole_job, options.seconds, static_cast<int>(passes), train ? 1 : 2);
  const double per_second = static_cast<double>(data.size()) / timing.best;
  print_case(
      {{"case", train ? "sst2" : "sst2-" + options.order}, {"model", options.model}, {"task", options.task}, {"dtype", options.dtype}}, timing,
      {{"sentences", data.size()}, {"sentences_per_second", std::round(per_second * 10) / 10}, {"tokens", tokens}, {"padded_rows", padded_rows}});
  return 0;
}

}  // namespace linnet::tool
