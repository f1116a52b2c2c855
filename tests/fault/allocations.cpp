// Each allocation of loading a model and training it one step fails once, those of C++ and those of tensors' memory: std::bad_alloc
// comes out, nothing is lost of memory, and a model that could not be loaded is as it was.
// Usage: allocations [STRIDE [FIRST]]: every STRIDE-th allocation, from the FIRST on.
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/data/data_loader.h"
#include "framework/io/directory.h"
#include "framework/io/weights.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;

namespace {

std::atomic<std::int64_t> left{-1};  // allocations until the one that fails; negative: none does
std::atomic<std::int64_t> live{0};

bool fails() { return left.load(std::memory_order_relaxed) >= 0 && left.fetch_sub(1) == 0; }

void* allocate_or_null(std::size_t size) {
  void* data = fails() ? nullptr : std::malloc(size);
  if (data) ++live;
  return data;
}

void* allocate(std::size_t size) {
  if (void* data = allocate_or_null(size)) return data;
  throw std::bad_alloc();
}

void release(void* data) {
  if (data) --live;
  std::free(data);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size); }  // a stable sort's buffer
void operator delete(void* data) noexcept { release(data); }
void operator delete[](void* data) noexcept { release(data); }
void operator delete(void* data, std::size_t) noexcept { release(data); }
void operator delete[](void* data, std::size_t) noexcept { release(data); }

// What the buffer pool takes from the system.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  static const auto real = reinterpret_cast<void* (*)(std::size_t, std::size_t)>(::dlsym(RTLD_NEXT, "aligned_alloc"));
  return fails() ? nullptr : real(alignment, size);
}

namespace {

/// Loads a model and trains it one step.
void load_and_train(const std::string& preset) {
  const auto model = BertTextClassifier::from_preset(preset);
  const TextDataset train({{"the film is good .", "", 1}, {"the plot is bad .", "", 0}});
  const DataLoader loader(train, model->preprocessor(), {.batch_size = 2, .shuffle = true});
  AdamW optimizer(model->parameters(), {.weight_decay = 0.01, .global_clipnorm = 1});
  for (const TextBatch& batch : loader.epoch(0)) {
    Tape tape;
    tape.backward(ops::cross_entropy(model->forward(batch.inputs), batch.labels));
    optimizer.step(0.01);
  }
}

std::vector<double> values(const Layer& layer) {
  std::vector<double> all;
  for (const Parameter& parameter : layer.parameters())
    for (const double value : parameter.tensor.to_vector()) all.push_back(value);
  return all;
}

[[noreturn]] void wrong(std::int64_t number, const std::string& what) {
  std::cout << "wrong: allocation " << number << " failed, and " << what << std::endl;
  std::_Exit(1);
}

/// Runs `work` with each allocation failing in turn; `after` looks at what is left then. The number of failures.
template <class Work, class After>
std::int64_t try_all(std::int64_t stride, std::int64_t first, const Work& work, const After& after) {
  work();  // whatever is made once in a process
  after(-1, false);
  std::int64_t failures = 0;
  for (std::int64_t number = first;; number += stride) {
    release_cached_memory();  // or the pool would take nothing from the system
    const std::int64_t live_before = live, active_before = memory_stats().active;
    bool failed = false;
    std::string other;
    left = number;
    try {
      work();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (const std::exception& error) {
      left = -1;
      wrong(number, std::string("it says: ") + error.what());
    }
    const bool fired = left < 0;
    left = -1;
    if (!fired) return failures;
    ++failures;
    const std::int64_t lost = live - live_before, lost_tensors = memory_stats().active - active_before;
    if (lost > 0 || lost_tensors != 0) wrong(number, cat(lost, " allocations and ", lost_tensors, " bytes of tensors were lost"));
    after(number, failed);
  }
}

/// A model's weights, and those that one of its kind begins with.
struct Trial {
  std::unique_ptr<BertTextClassifier> saved;
  BertTextClassifier model;
  std::vector<double> before, loaded;
  std::vector<Tensor> originals;
  explicit Trial(const std::string& preset)
      : saved(BertTextClassifier::from_preset(preset)), model((set_seed(7), saved->config())), before(values(model)), loaded(values(*saved)) {
    for (const Parameter& parameter : model.parameters()) originals.push_back(parameter.tensor.clone());
  }

  void restore() {
    std::vector<Parameter> parameters = model.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].tensor.assign(originals[i]);
  }
};

/// A model that could not be loaded is as it was.
std::int64_t try_loads(std::int64_t stride, std::int64_t first, Trial& trial, const std::filesystem::path& file) {
  return try_all(
      stride, first, [&] { load_weights(trial.model, file); },
      [&](std::int64_t number, bool failed) {
        if (values(trial.model) != (failed ? trial.before : trial.loaded)) wrong(number, "the model is not as it was");
        trial.restore();
      });
}

/// Where shards could not be saved, the old ones are there, or the new ones, and nothing else.
std::int64_t try_saves(std::int64_t stride, std::int64_t first, Trial& trial, const std::filesystem::path& directory) {
  const std::filesystem::path index = directory / "model.weights.json";
  const auto save = [&](const BertTextClassifier& model) { save_weights(model, index, {.max_shard_bytes = 6'000}); };
  for (int times = 0; times < 2; ++times) save(*trial.saved);  // the second save's shards are named as those of all later ones
  const std::size_t files = names_in(directory).size();
  const std::int64_t failures = try_all(
      stride, first, [&] { save(trial.model); },
      [&](std::int64_t number, bool failed) {
        BertTextClassifier read(trial.model.config());
        try {
          load_weights(read, index);
        } catch (const std::exception& error) {
          wrong(number, std::string("nothing can be read: ") + error.what());
        }
        const std::vector<double> now = values(read);
        if (now != trial.before && (!failed || now != trial.loaded)) wrong(number, "the weights are neither the old nor the new ones");
        if (names_in(directory).size() != files && now == trial.loaded) wrong(number, "files are left");
        save(*trial.saved);
      });
  save(*trial.saved);
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t stride = argc > 1 ? std::atoll(argv[1]) : 1, first = argc > 2 ? std::atoll(argv[2]) : 0;
  set_num_threads(2);
  const testing::TemporaryDirectory directory;
  testing::write_tiny_preset(directory / "preset");
  const std::string preset = (directory / "preset").string(), exported = (directory / "exported").string();
  export_to_hugging_face(*BertTextClassifier::from_preset(preset), exported, {.max_shard_bytes = 6'000});
  std::filesystem::create_directory(directory / "shards");
  const auto nothing = [](std::int64_t, bool) {};
  const std::int64_t training = try_all(
      stride, first, [&] { load_and_train(preset); }, nothing);
  const std::int64_t importing = try_all(
      stride, first, [&] { BertTextClassifier::from_preset(exported, {.num_classes = 2}); }, nothing);
  Trial trial(preset);
  const std::int64_t saving = try_saves(stride, first, trial, directory / "shards");
  const std::int64_t loading = try_loads(stride, first, trial, directory / "shards" / "model.weights.json");
  std::cout << "reached: allocations: " << training << " failed in turn in loading a preset and a training step, " << importing
            << " in loading a checkpoint of Hugging Face, " << loading << " in load_weights, " << saving << " in save_weights: nothing was lost\n";
}
