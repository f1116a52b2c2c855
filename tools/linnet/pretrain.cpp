#include <cmath>
#include <iostream>

#include "framework/autograd/tape.h"
#include "framework/config/flags.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/data/data_loader.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "framework/optim/schedules.h"
#include "models/bert/bert_masked_lm.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/progress.h"
#include "tools/linnet/run_record.h"
#include "tools/linnet/training_run.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, vocabulary, train, dev, output;
  std::int64_t num_layers = 2, num_heads = 2, hidden_dim = 128, intermediate_dim = 512;
  bool lowercase = true;
  std::int64_t epochs = 1, batch_size = 32, sequence_length = 128, seed = 1, threads = 0;
  double learning_rate = 5e-4, warmup = 0.06, weight_decay = 0.01, global_clipnorm = 1.0, mask_selection_rate = 0.15;
  CheckpointFlags checkpoints;
  void fields(FieldVisitor& field) {
    field("preset", preset, "where to start: a preset's name, handle or directory");
    field("vocabulary", vocabulary, "instead of a preset: a file of tokens, one a line, for a new model of the sizes below");
    field("num_layers", num_layers, "encoder layers of a new model");
    field("num_heads", num_heads, "attention heads of a new model");
    field("hidden_dim", hidden_dim, "width of a new model");
    field("intermediate_dim", intermediate_dim, "width of a new model's feed-forward layers");
    field("lowercase", lowercase, "a new model's tokenizer folds case");
    field("train", train, "texts to train on: one a line, or a .tsv file with a header line, whose labels do not matter");
    field("dev", dev, "texts to measure on after each epoch");
    field("output", output, "directory for the trained preset and the record of the run");
    field("epochs", epochs, "passes over the texts");
    field("batch_size", batch_size, "texts a step");
    field("learning_rate", learning_rate, "highest learning rate");
    field("warmup", warmup, "share of the steps in which the learning rate rises; it falls linearly to 0 afterwards");
    field("weight_decay", weight_decay, "AdamW's decoupled weight decay");
    field("global_clipnorm", global_clipnorm, "largest norm of all gradients together");
    field("sequence_length", sequence_length, "tokens of a text at most, [CLS] and [SEP] included; no more than the model takes");
    field("mask_selection_rate", mask_selection_rate, "probability that a token is to be guessed");
    checkpoints.fields(field);
    field("seed", seed, "of the order of texts, masks, dropout and new weights");
    field("threads", threads, "threads to use; 0: every core");
  }
};

Options checked_options(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet pretrain", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Trains a masked language model on texts: it learns to guess tokens that are hidden from it."});
  check(options.preset.empty() != options.vocabulary.empty(), "--preset: either it must name where to start or --vocabulary a file, got ",
        options.preset.empty() ? "neither" : "both");
  check(!options.train.empty(), "--train: must name a file of texts, got nothing");
  check(!options.output.empty(), "--output: must name a directory, got nothing");
  check(options.epochs > 0, "--epochs: must be positive, got ", options.epochs);
  check(options.learning_rate > 0, "--learning-rate: must be positive, got ", options.learning_rate);
  check(options.warmup >= 0 && options.warmup < 1, "--warmup: must lie in [0, 1), got ", options.warmup);
  check(options.mask_selection_rate > 0, "--mask-selection-rate: must be positive, got ", options.mask_selection_rate);
  options.checkpoints.check();
  check(options.seed >= 0, "--seed: must not be negative, got ", options.seed);
  return options;
}

/// The preset's model, or a new one.
std::unique_ptr<BertMaskedLM> masked_lm(const Options& options) {
  std::unique_ptr<BertMaskedLM> model;
  std::shared_ptr<const BertTokenizer> tokenizer;
  BertMaskedLMPreprocessor::Config config;
  if (options.vocabulary.empty()) {
    model = BertMaskedLM::from_preset(options.preset);
    tokenizer = std::make_shared<const BertTokenizer>(model->preprocessor().tokenizer());
    config = model->preprocessor().config();
  } else {
    tokenizer = std::make_shared<const BertTokenizer>(Vocabulary::load(options.vocabulary), BertTokenizer::Config{.lowercase = options.lowercase});
    model = std::make_unique<BertMaskedLM>(BertMaskedLM::Config{{.vocabulary_size = tokenizer->vocabulary_size(),
                                                                 .num_layers = options.num_layers,
                                                                 .num_heads = options.num_heads,
                                                                 .hidden_dim = options.hidden_dim,
                                                                 .intermediate_dim = options.intermediate_dim}});
  }
  config.sequence_length = std::min(options.sequence_length, model->config().backbone.max_sequence_length);
  config.mask_selection_rate = options.mask_selection_rate;
  model->set_preprocessor(std::make_shared<const BertMaskedLMPreprocessor>(tokenizer, config));
  return model;
}

/// What a text's mask is drawn from: nothing but the seed, the round and the text's number, so that it does not depend on batches.
RandomStream mask_stream(const Options& options, std::int64_t round) {
  constexpr std::uint32_t kPurpose = 0x6d61736b;  // keeps the draws apart from those of other parts under one seed
  return {static_cast<std::uint64_t>(options.seed), static_cast<std::uint32_t>(round), kPurpose};
}

/// The same masks each time.
Measures measure(const BertMaskedLM& model, const TextDataset& texts, const Options& options) {
  constexpr std::int64_t kRound = 0x7fffffff;  // one that training does not reach
  const BertMaskedLMPreprocessor& preprocessor = model.preprocessor();
  const DataLoader loader(texts, preprocessor.packing(), {.batch_size = options.batch_size});
  double loss = 0;
  Accuracy guessed;
  for (const TextBatch& batch : loader.epoch(0)) {
    const PackedMaskedTokens masked = preprocessor.mask(batch.inputs, batch.indices, mask_stream(options, kRound));
    if (masked.mask_ids.size() == 0) continue;
    const Tensor logits = model.forward(masked.tokens, masked.mask_rows);
    loss += ops::cross_entropy(logits, masked.mask_ids).item() * static_cast<double>(masked.mask_ids.size());
    guessed += count_correct(logits, masked.mask_ids);
  }
  return {.accuracy = guessed, .loss = guessed.total == 0 ? 0 : loss / static_cast<double>(guessed.total), .total = guessed.total};
}

/// Trains on what is left of the epoch under way. False if the run was asked to stop.
bool train_epoch(const BertMaskedLM& model, const DataLoader& loader, const Options& options, AdamW& optimizer, const Schedule& schedule,
                 TrainingRun& run) {
  EpochTally& tally = run.notes.running;
  Progress progress(cat("epoch ", run.state.epoch + 1, "/", options.epochs), loader.size(), "texts", tally.sentences);
  const double seconds_before = tally.seconds;
  RunningMean recent;
  for (const TextBatch& batch : loader.epoch(run.state.epoch, run.state.batch)) {
    const PackedMaskedTokens masked = model.preprocessor().mask(batch.inputs, batch.indices, mask_stream(options, run.state.epoch));
    tally.sentences += batch.labels.dim(0);
    if (masked.mask_ids.size() > 0) {  // 0: short texts, of which nothing was selected
      Tape tape;
      const Tensor logits = model.forward(masked.tokens, masked.mask_rows);
      const Tensor loss = ops::cross_entropy(logits, masked.mask_ids);
      check_file(std::isfinite(loss.item()), "pretrain: the loss must stay finite, got ", loss.item(), " at step ", run.state.step + 1,
                 " (try a lower --learning-rate)");
      tape.backward(loss);
      optimizer.step(schedule(run.state.step));
      recent.add(loss.item());
      tally.loss += loss.item() * static_cast<double>(masked.mask_ids.size());
      tally.seen += count_correct(logits, masked.mask_ids);
    }
    tally.seconds = seconds_before + progress.seconds();
    progress.update(tally.sentences, cat("loss ", four_digits(recent.value()), "  accuracy ", four_digits(tally.seen.value())));
    if (run.after_batch()) return false;
  }
  return true;
}

}  // namespace

int pretrain(const std::vector<std::string>& arguments) {
  const Options options = checked_options(arguments);
  use_threads(options.threads);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  set_seed(seed);

  const auto model = masked_lm(options);
  const TextDataset train = read_texts(options.train);
  const bool is_new = options.preset.empty();
  std::vector<Content> contents{content_of(is_new ? "--vocabulary" : "--preset", model->preprocessor().tokenizer(), to_json(model->config()),
                                           is_new ? nullptr : &model->backbone()),
                                content_of("--train", train)};
  std::optional<TextDataset> dev;
  if (!options.dev.empty()) {
    dev = read_texts(options.dev);
    contents.push_back(content_of("--dev", *dev));
  }
  const DataLoader loader(train, model->preprocessor().packing(), {.batch_size = options.batch_size, .shuffle = true, .seed = seed});
  const std::int64_t steps = options.epochs * loader.batches();
  const LinearWarmup schedule{options.learning_rate, static_cast<std::int64_t>(options.warmup * static_cast<double>(steps)), steps};
  AdamW optimizer(model->parameters(), {.weight_decay = options.weight_decay, .global_clipnorm = options.global_clipnorm});
  TrainingRun run("pretrain", options.output, options.checkpoints);
  const auto flags = [&](FieldVisitor& field) { Options(options).fields(field); };
  if (!run.begin(*model, optimizer.state(), run_settings(flags, contents))) return 0;
  std::cerr << "linnet pretrain: " << train.size() << " texts, " << model->config().backbone.vocabulary_size << " tokens, "
            << model->parameter_count() << " parameters, " << steps << " steps, " << num_threads() << " threads\n";

  while (run.state.epoch < options.epochs) {
    if (!train_epoch(*model, loader, options, optimizer, schedule, run)) return kInterrupted;
    EpochResult result = run.notes.running.result(run.notes.running.seen.total);
    if (dev) result.dev = measure(*model, *dev, options);
    run.next_epoch(std::move(result));
  }
  model->save_to_preset(options.output);
  save_run_record(options.output, flags, run.notes.epochs);
  run.finish();
  for (const EpochResult& result : run.notes.epochs)
    std::cout << "trained in " << duration_text(result.seconds) << " (" << std::llround(result.sentences_per_second) << " texts/s), loss "
              << four_digits(result.train_loss) << (result.dev ? ", dev " + measures_line(*result.dev) : "") << '\n';
  std::cout << "saved to " << options.output << '\n';
  return 0;
}

}  // namespace linnet::tool
