#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"

using namespace linnet;

namespace {

/// Bytes of this process in memory.
double resident() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0, in_memory = 0;
  file >> pages >> in_memory;
  return static_cast<double>(in_memory) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(training_memory)

BOOST_AUTO_TEST_CASE(ten_thousand_steps_take_no_more_memory_than_a_hundred) {
  const BertTextClassifier model(
      {.backbone = {.vocabulary_size = 100, .num_layers = 2, .num_heads = 2, .hidden_dim = 32, .intermediate_dim = 64, .max_sequence_length = 16}});
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01, .global_clipnorm = 1});
  std::vector<std::int32_t> ids(32);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * 7 % 100);
  const PackedTokens tokens{Tensor::from(ids, {32}), Tensor::zeros({32}, DType::int32),
                            SequenceLayout::ragged(std::vector<std::int32_t>{8, 16, 5, 3})};
  const Tensor labels = Tensor::from<std::int32_t>({0, 1, 1, 0}, {4});
  const auto train = [&](int steps) {
    for (int i = 0; i < steps; ++i) {
      Tape tape;
      tape.backward(ops::cross_entropy(model.forward(tokens), labels));
      optimizer.step(1e-3);
    }
  };
  train(100);
  const double before = resident();
  const MemoryStats stats = memory_stats();
  train(10'000);
  const double growth = resident() / before - 1;
  std::cout << "reached: 10000 steps: resident size grew by " << 100 * growth << " %, tensors by " << memory_stats().active - stats.active
            << " bytes, blocks from the system by " << memory_stats().system_blocks - stats.system_blocks << '\n';
  BOOST_TEST(growth < 0.01);
  BOOST_TEST(memory_stats().active == stats.active);
  BOOST_TEST(memory_stats().system_blocks == stats.system_blocks);
}

BOOST_AUTO_TEST_SUITE_END()
