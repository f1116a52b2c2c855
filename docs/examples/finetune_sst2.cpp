// Fine-tunes a BERT preset on SST-2 and saves it: a whole training loop in C++.
// On SST-2 with MiniLM's preset one epoch ends at a dev accuracy of about 0.89. Interrupted, it goes on when it is run again.
#include <iostream>

#include "framework/linnet.h"

struct Options {
  std::string preset = "minilm_l6_en_uncased", data = "sst2", output = "minilm_sst2";
  std::int64_t epochs = 1, batch_size = 32;
  double learning_rate = 5e-5;
  void fields(linnet::FieldVisitor& field) {
    field("preset", preset);
    field("data", data);
    field("output", output);
    field("epochs", epochs);
    field("batch_size", batch_size);
    field("learning_rate", learning_rate);
  }
};

int main(int argc, char** argv) {
  const auto options = linnet::parse_flags<Options>(argc, argv);
  linnet::set_seed(1);
  const auto model = linnet::BertTextClassifier::from_preset(options.preset, {.num_classes = 2});
  const auto train = linnet::read_tsv(options.data + "/train.tsv"), dev = linnet::read_tsv(options.data + "/dev.tsv");
  const linnet::DataLoader train_loader(train, model->preprocessor(), {.batch_size = options.batch_size, .shuffle = true});
  const linnet::DataLoader dev_loader(dev, model->preprocessor(), {.batch_size = 64});
  linnet::AdamW optimizer(model->parameters(), {.weight_decay = 0.01, .global_clipnorm = 1.0});
  const std::int64_t steps = options.epochs * train_loader.batches();
  const linnet::LinearWarmup schedule{options.learning_rate, steps / 16, steps};
  linnet::Checkpoint checkpoint(options.output + "/checkpoints", model->parameters(), optimizer.state(), {.every_steps = 500});

  linnet::TrainingState state = checkpoint.resume();
  for (; state.epoch < options.epochs; state.next_epoch()) {
    for (const auto& batch : train_loader.epoch(state.epoch, state.batch)) {
      linnet::Tape tape;  // from here on ops are recorded
      const linnet::Tensor loss = linnet::ops::cross_entropy(model->forward(batch.inputs), batch.labels);
      tape.backward(loss);
      optimizer.step(schedule(state.step));
      if (checkpoint.after_batch(state)) return 1;  // SIGINT or SIGTERM came, and all is saved
      if (state.step % 100 == 0) std::cout << "step " << state.step << " loss " << loss.item() << '\n';
    }
    std::cout << "epoch " << state.epoch << " dev accuracy " << linnet::accuracy(*model, dev_loader) << '\n';  // no tape: inference
  }
  model->save_to_preset(options.output);
}
