#include <iostream>
#include <nlohmann/json.hpp>

#include "framework/config/flags.h"
#include "framework/data/data_loader.h"
#include "models/bert/bert_text_embedder.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, data, pooling_mode, activation;
  bool strip_accents = false;
  std::int64_t batch_size = 64, tokens_per_batch = kTokensPerBatch, threads = 0;
  void fields(FieldVisitor& field) {
    field("preset", preset, "the encoder: a preset's name, handle or directory");
    field("data", data, "sentences: one a line, or a .tsv file with a header line");
    field("pooling_mode", pooling_mode, "mean, cls or max; else as the preset says, or mean");
    field("activation", activation, "of the feed-forward layers, in place of the preset's: gelu for models of sentence-transformers");
    field("strip_accents", strip_accents, "the tokenizer drops accents, as uncased models of Hugging Face do");
    field("batch_size", batch_size, "sentences computed together, at most");
    field("tokens_per_batch", tokens_per_batch,
          "tokens computed together, at most: long texts then need no more memory than short ones; 0: no limit");
    field("threads", threads, "threads to use; 0: every core");
  }
};

std::unique_ptr<BertTextEmbedder> embedder(const Options& options) {
  BertTextEmbedder::Options changes;
  changes.preset.map_weights = true;
  if (!options.pooling_mode.empty()) changes.pooling_mode = options.pooling_mode;
  if (!options.activation.empty()) changes.preset.activation = options.activation;
  if (options.strip_accents) changes.strip_accents = true;
  return BertTextEmbedder::from_preset(options.preset, changes);
}

}  // namespace

int embed(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> texts;
  read_flags("linnet embed", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Turns sentences into vectors: an object a line, with text and embedding.",
              .positional = &texts,
              .positional_help = "sentences to embed"});
  check(!options.preset.empty(), "--preset: must name an encoder, got nothing");
  use_threads(options.threads);
  const TextDataset dataset = read_sentences("embed", options.data, texts);
  const auto model = embedder(options);
  const DataLoader loader(dataset, model->preprocessor(), {.batch_size = options.batch_size, .tokens_per_batch = options.tokens_per_batch});
  for (const TextBatch& batch : loader.epoch(0)) {
    const Tensor embeddings = model->forward(batch.inputs);
    const std::vector<float> values(embeddings.data<float>().begin(), embeddings.data<float>().end());
    const auto width = static_cast<std::ptrdiff_t>(embeddings.dim(1));
    auto row = values.begin();
    for (const std::int64_t index : batch.indices) {
      const TextExample example = dataset.at(index);
      nlohmann::ordered_json line{{"text", example.text}};
      if (!example.text_pair.empty()) line["text_pair"] = example.text_pair;
      line["embedding"] = std::vector<float>(row, row + width);
      row += width;
      std::cout << line.dump() << '\n';
    }
  }
  return 0;
}

}  // namespace linnet::tool
