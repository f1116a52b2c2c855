#include "tools/linnet/training_run.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/checksum.h"

namespace linnet::tool {
namespace {

/// What may differ: names of files, whose contents are compared, and what changes no bit of the result.
constexpr std::array kFree{"preset",           "vocabulary",       "train",  "dev",     "output", "threads", "checkpoint_activations",
                           "checkpoint_every", "keep_checkpoints", "resume", "profile", "trace"};

void add(Crc32& crc, const std::string& text) {
  const std::size_t size = text.size();  // so that "ab", "c" is not "a", "bc"
  crc.add(&size, sizeof size);
  crc.add(text.data(), size);
}

}  // namespace

void CheckpointFlags::fields(FieldVisitor& field) {
  field("checkpoint_every", checkpoint_every, "steps between two checkpoints in OUTPUT/checkpoints; 0: only when asked to stop, by --resume runs");
  field("keep_checkpoints", keep_checkpoints, "how many of the last ones stay");
  field("resume", resume, "go on from the last checkpoint, bit for bit; from the beginning if there is none");
}

void CheckpointFlags::check() const {
  linnet::check(checkpoint_every >= 0, "--checkpoint-every: must not be negative, got ", checkpoint_every);
  linnet::check(keep_checkpoints >= 1, "--keep-checkpoints: must be at least 1, got ", keep_checkpoints);
}

Content content_of(const std::string& name, const TextDataset& dataset) {
  Crc32 crc;
  for (const std::string& label : dataset.label_names()) add(crc, label);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const TextExample example = dataset.at(i);
    add(crc, example.text);
    add(crc, example.text_pair);
    crc.add(&example.label, sizeof example.label);
  }
  return {"content of " + name, crc.value()};
}

Content content_of(const std::string& name, const BertTokenizer& tokenizer, const std::string& config, const Layer* weights) {
  Crc32 crc;
  add(crc, config);
  add(crc, to_json(tokenizer.config()));
  for (const std::string& token : tokenizer.vocabulary().tokens()) add(crc, token);
  for (const Parameter& weight : weights ? weights->parameters() : std::vector<Parameter>())
    crc.add(weight.tensor.raw(), static_cast<std::size_t>(weight.tensor.size() * size_of(weight.tensor.dtype())));
  return {"content of " + name, crc.value()};
}

std::string run_settings(const FieldList& flags, const std::vector<Content>& contents) {
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();
  const auto all = nlohmann::ordered_json::parse(write_json(flags));
  for (const auto& [name, value] : all.items()) {
    if (std::ranges::find(kFree, name) != kFree.end()) continue;
    std::string flag = "--" + name;
    std::ranges::replace(flag, '_', '-');
    settings[flag] = value;
  }
  for (const auto& [name, value] : contents) settings[name] = value;
  return settings.dump();
}

TrainingRun::TrainingRun(std::string command, std::filesystem::path output, const CheckpointFlags& flags)
    : command_(std::move(command)),
      output_(std::move(output)),
      directory_(output_ / "checkpoints"),
      flags_(flags),
      lock_(command_ + ": --output", output_) {
  check(flags_.resume || !Checkpoint::found_in(directory_), "--output: ", output_.string(),
        " must hold no checkpoints of an earlier run, got some (--resume goes on with it; remove ", directory_.string(), " to begin anew)");
  for (const char* place : {"", "assets/tokenizer"}) remove_partial_files(output_ / place);
}

bool TrainingRun::begin(const Layer& model, std::vector<Parameter> optimizer_state, const std::string& settings) {
  if (!flags_.on()) return true;
  checkpoint_ = std::make_unique<Checkpoint>(
      directory_, model.parameters(), std::move(optimizer_state),
      CheckpointConfig{.every_steps = flags_.checkpoint_every, .keep_last = flags_.keep_checkpoints, .settings = settings});
  if (!flags_.resume) return true;
  state = checkpoint_->resume();
  notes = run_notes(state.notes);
  for (const std::string& warning : checkpoint_->warnings()) std::cerr << "linnet " << command_ << ": passed over: " << warning << '\n';
  if (state.finished) std::cout << "nothing to do: the run in " << output_.string() << " is finished, after " << state.step << " steps\n";
  else if (state.step > 0) std::cerr << "linnet " << command_ << ": goes on after step " << state.step << '\n';
  else std::cerr << "linnet " << command_ << ": begins, for there is no checkpoint yet\n";
  return !state.finished;
}

bool TrainingRun::after_batch() {
  if (!checkpoint_) {
    ++state.batch;
    ++state.step;
    return false;
  }
  state.notes = to_text(notes);
  if (!checkpoint_->after_batch(state)) return false;
  std::cerr << "linnet " << command_ << ": stopped after step " << state.step << " and saved to " << directory_.string() << " (--resume goes on)\n";
  return true;
}

void TrainingRun::next_epoch(EpochResult result) {
  notes.epochs.push_back(std::move(result));
  notes.running = {};
  state.next_epoch();
}

void TrainingRun::finish() {
  if (!checkpoint_) return;
  state.finished = true;
  state.notes = to_text(notes);
  checkpoint_->save(state);
}

}  // namespace linnet::tool
