#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "framework/autograd/tape.h"
#include "framework/config/flags.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/data/tsv.h"
#include "framework/layers/finite.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/losses.h"
#include "framework/optim/adamw.h"
#include "framework/optim/loss_scale_optimizer.h"
#include "framework/optim/schedules.h"
#include "tools/linnet/best_weights.h"
#include "tools/linnet/classify.h"
#include "tools/linnet/commands.h"
#include "tools/linnet/peak_memory.h"
#include "tools/linnet/profiling.h"
#include "tools/linnet/progress.h"
#include "tools/linnet/run_record.h"
#include "tools/linnet/training_run.h"

namespace linnet::tool {
namespace {

struct Options {
  std::string preset, train, dev, output;
  DTypePolicy dtype;
  std::int64_t epochs = 1, batch_size = 32, tokens_per_batch = 0, evaluate_every = 0, sequence_length = 128, seed = 1, threads = 0;
  double learning_rate = 5e-5, warmup = 0.06, weight_decay = 0.01, global_clipnorm = 1.0, layer_decay = 1.0;
  bool regression = false, checkpoint_activations = false;
  std::optional<std::int64_t> lora_rank;
  std::vector<std::string> lora_targets;
  CheckpointFlags checkpoints;
  ProfilingOptions profiling;
  void fields(FieldVisitor& field) {
    field("preset", preset, "where to start: a preset's name, handle or directory");
    field("train", train, "labelled sentences, or pairs of them, to train on: a TSV file with a header line");
    field("dev", dev, "labelled sentences to measure on after each epoch");
    field("output", output, "directory for the fine-tuned preset and the record of the run");
    field("regression", regression, "labels are numbers to predict, not classes");
    field("epochs", epochs, "passes over the training sentences");
    field("batch_size", batch_size, "sentences a step");
    field("tokens_per_batch", tokens_per_batch, "tokens a step at most, so that steps on long texts need no more memory; 0: batch_size alone counts");
    field("evaluate_every", evaluate_every,
          "steps between two looks at --dev, beside those after each epoch; the best weights are saved, not the last; 0: off");
    field("learning_rate", learning_rate, "highest learning rate");
    field("warmup", warmup, "share of the steps in which the learning rate rises; it falls linearly to 0 afterwards");
    field("weight_decay", weight_decay, "AdamW's decoupled weight decay");
    field("global_clipnorm", global_clipnorm, "largest norm of all gradients together");
    field("layer_decay", layer_decay, "each layer below the head learns at this share of the rate of the one above it; 1: all alike");
    field("checkpoint_activations", checkpoint_activations, "keep less in memory and compute encoder layers once more in backward; same results");
    field("sequence_length", sequence_length, "tokens of a sentence at most, [CLS] and [SEP] included; no more than the model takes");
    field("dtype", dtype, "of weights and computation: float32, float64, bfloat16, float16, mixed_bfloat16 or mixed_float16");
    field("lora_rank", lora_rank, "train low-rank factors of this rank beside the frozen backbone, not its weights");
    field("lora_targets", lora_targets, "names of the layers that get them; none: query and value");
    checkpoints.fields(field);
    field("seed", seed, "of the order of sentences, dropout and new weights");
    field("threads", threads, "threads to use; 0: every core");
    profiling.fields(field);
  }
};

Options checked_options(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet finetune", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Trains a text classifier, or a regression, from a preset on labelled sentences or pairs."});
  check(!options.preset.empty(), "--preset: must name where to start, got nothing");
  check(!options.train.empty(), "--train: must name a file of labelled sentences, got nothing");
  check(!options.output.empty(), "--output: must name a directory, got nothing");
  check(options.evaluate_every >= 0, "--evaluate-every: must not be negative, got ", options.evaluate_every);
  check(options.evaluate_every == 0 || !options.dev.empty(), "--evaluate-every: must come with --dev, got it alone");
  check(options.epochs > 0, "--epochs: must be positive, got ", options.epochs);
  check(options.learning_rate > 0, "--learning-rate: must be positive, got ", options.learning_rate);
  check(options.warmup >= 0 && options.warmup < 1, "--warmup: must lie in [0, 1), got ", options.warmup);
  check(options.layer_decay > 0 && options.layer_decay <= 1, "--layer-decay: must lie in (0, 1], got ", options.layer_decay);
  check(options.lora_rank.value_or(1) > 0, "--lora-rank: must be positive, got ", options.lora_rank.value_or(1));
  check(options.lora_rank || options.lora_targets.empty(), "--lora-targets: must come with --lora-rank, got it alone");
  options.checkpoints.check();
  check(options.seed >= 0, "--seed: must not be negative, got ", options.seed);
  return options;
}

/// The preset's model, with its own head if that answers the classes of the data, else with a new one.
std::unique_ptr<BertTextClassifier> classifier(const Options& options) {
  if (options.regression)
    return BertTextClassifier::from_preset(options.preset,
                                           {.num_classes = 1, .sequence_length = options.sequence_length, .preset = {.dtype = options.dtype}});
  const TextDataset data = read_tsv(options.train);
  check_file(data.labelled(), options.train, ": must have a label column, got none");
  check_file(data.label_names().size() > 1, options.train, ": labels must name two classes at least, got one (numbers to predict: --regression)");
  const auto classes = static_cast<std::int64_t>(data.label_names().size());
  auto model = BertTextClassifier::from_preset(
      options.preset, {.num_classes = classes, .sequence_length = options.sequence_length, .preset = {.dtype = options.dtype}});
  const std::vector<std::string> kept = model->label_names();
  const bool known = std::ranges::all_of(data.label_names(), [&](const std::string& name) { return std::ranges::count(kept, name) > 0; });
  if (!known) model->set_label_names(data.label_names());
  return model;
}

constexpr const char* kHelp = " (try a lower --learning-rate)";

/// AdamW, with dynamic loss scaling where the dtype policy calls for it.
class Trainer {
 public:
  Trainer(const BertTextClassifier& model, const OptimizerConfig& config) {
    auto optimizer = std::make_unique<AdamW>(model.parameters(), config);
    if (LossScaleOptimizer::is_default_for(model.config().backbone.dtype)) scaled_ = std::make_unique<LossScaleOptimizer>(std::move(optimizer));
    else plain_ = std::move(optimizer);
  }
  Optimizer& optimizer() { return scaled_ ? scaled_->inner() : *plain_; }
  std::vector<Parameter> state() const { return scaled_ ? scaled_->state() : plain_->state(); }
  /// Throws std::runtime_error, with the weights as they were, if loss or gradients are not finite; with loss scaling, such a step
  /// is left out, until the scale shows that it will not help.
  void step(Tape& tape, const Tensor& loss, double learning_rate, std::int64_t number) {
    if (scaled_) {
      tape.backward(loss, scaled_->scaled_one(loss));
      check_file(scaled_->step(learning_rate) || scaled_->scale() >= 1,
                 "finetune: gradients must be finite at a loss scale of 1, got NaN or infinity at step ", number, kHelp);
    } else {
      check_file(std::isfinite(loss.item()), "finetune: the loss must stay finite, got ", loss.item(), " at step ", number, kHelp);
      tape.backward(loss);
      plain_->step(learning_rate);
    }
  }

 private:
  std::unique_ptr<AdamW> plain_;
  std::unique_ptr<LossScaleOptimizer> scaled_;
};

/// Elements of the weights that are trained.
std::int64_t trained_count(const Layer& model) {
  std::int64_t count = 0;
  for (const Parameter& parameter : model.parameters())
    if (parameter.tensor.requires_grad()) count += parameter.tensor.size();
  return count;
}

/// Trains on what is left of the epoch under way; `best`, if given, looks at the model on the way. False if the run was asked to
/// stop.
bool train_epoch(const BertTextClassifier& model, const DataLoader& loader, const Options& options, Trainer& trainer, const Schedule& schedule,
                 BestWeights* best, TrainingRun& run) {
  EpochTally& tally = run.notes.running;
  Progress progress(cat("epoch ", run.state.epoch + 1, "/", options.epochs), loader.size(), "sentences", tally.sentences);
  const double seconds_before = tally.seconds;
  RunningMean recent;
  for (const TextBatch& batch : loader.epoch(run.state.epoch, run.state.batch)) {
    const std::int64_t step = run.state.step + 1;
    Tensor logits, loss;
    {
      Tape tape;
      logits = model.forward(batch.inputs);
      loss = options.regression ? ops::mean_squared_error(batch.labels, logits) : ops::cross_entropy(logits, batch.labels);
      trainer.step(tape, loss, schedule(run.state.step), step);
    }

    if (std::isfinite(loss.item())) {
      recent.add(loss.item());
      tally.loss += loss.item() * static_cast<double>(batch.labels.size());
    }
    tally.sentences += batch.labels.dim(0);
    if (!options.regression) tally.seen += count_correct(logits, batch.labels);
    tally.seconds = seconds_before + progress.seconds();
    const std::string accuracy = options.regression ? "" : "  accuracy " + four_digits(tally.seen.value());
    progress.update(tally.sentences, cat("loss ", four_digits(recent.value()), accuracy));
    const bool ends = tally.sentences == loader.size();  // then it is looked at anyway
    if (best && step % options.evaluate_every == 0 && !ends) best->look(step);
    if (run.after_batch()) return false;
  }
  return true;
}

}  // namespace

int finetune(const std::vector<std::string>& arguments) {
  const Options options = checked_options(arguments);
  use_threads(options.threads);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  set_seed(seed);

  const auto model = classifier(options);
  const std::optional<std::string> wrong = first_not_finite(model->parameters());
  check_file(!wrong, "--preset: the weights of ", options.preset, " must be finite, got NaN or infinity in ", wrong.value_or(""));
  std::vector<Content> contents{content_of("--preset", model->preprocessor().tokenizer(), to_json(model->config()), &model->backbone())};
  if (options.lora_rank)
    model->backbone().enable_lora(*options.lora_rank, options.lora_targets.empty() ? BertBackbone::default_lora_layer_names() : options.lora_targets);
  const TextDataset train = read_labelled(options.train, *model);
  contents.push_back(content_of("--train", train));
  std::optional<TextDataset> dev;
  if (!options.dev.empty()) {
    dev = read_labelled(options.dev, *model);
    contents.push_back(content_of("--dev", *dev));
  }
  const DataLoader loader(train, model->preprocessor(),
                          {.batch_size = options.batch_size,
                           .shuffle = true,
                           .seed = seed,
                           .regression = options.regression,
                           .tokens_per_batch = options.tokens_per_batch});
  const std::int64_t steps = loader.batches_before(options.epochs);
  const LinearWarmup schedule{options.learning_rate, static_cast<std::int64_t>(options.warmup * static_cast<double>(steps)), steps};
  Trainer trainer(*model, {.weight_decay = options.weight_decay, .global_clipnorm = options.global_clipnorm});
  trainer.optimizer().decay_learning_rate_by_layer(model->backbone().layer_patterns(), options.layer_decay);
  model->set_checkpointing(options.checkpoint_activations);
  TrainingRun run("finetune", options.output, options.checkpoints);
  const auto flags = [&](FieldVisitor& field) { Options(options).fields(field); };
  if (!run.begin(*model, trainer.state(), run_settings(flags, contents))) return 0;
  std::cerr << "linnet finetune: " << train.size() << " sentences, " << model->config().num_classes << " classes, " << model->parameter_count()
            << " parameters (" << trained_count(*model) << " trained), " << steps << " steps, " << num_threads() << " threads\n";

  Profiling profiling(options.profiling);
  std::optional<BestWeights> best;
  if (options.evaluate_every > 0) best.emplace(*model, *dev, run);
  while (run.state.epoch < options.epochs) {
    if (!train_epoch(*model, loader, options, trainer, schedule, best ? &*best : nullptr, run)) return kInterrupted;
    EpochResult result = run.notes.running.result(run.notes.running.sentences);
    if (dev) result.dev = best ? best->look(run.state.step) : measure(*model, *dev);
    run.next_epoch(std::move(result));
  }
  profiling.finish();
  if (best) best->restore();
  model->save_to_preset(options.output);
  if (options.lora_rank) model->backbone().save_lora_weights(std::filesystem::path(options.output) / "adapter.lora.h5");
  save_run_record(options.output, flags, run.notes.epochs);
  run.finish();
  for (const EpochResult& result : run.notes.epochs)
    std::cout << "trained in " << duration_text(result.seconds) << " (" << std::llround(result.sentences_per_second) << " sentences/s), loss "
              << four_digits(result.train_loss) << (result.dev ? ", dev " + measures_line(*result.dev) : "") << '\n';
  if (run.notes.best) std::cout << "best after step " << run.notes.best_step << ": dev " << measures_line(*run.notes.best) << '\n';
  std::cout << "saved to " << options.output << ", " << peak_memory_text() << '\n';
  return 0;
}

}  // namespace linnet::tool
