#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <iostream>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/random.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_text_classifier.h"

using namespace linnet;

namespace {

/// Training on batches of one shape, whose tokens change.
class Training {
 public:
  Training(const BertBackbone::Config& backbone, std::int64_t batch, std::int64_t length)
      : model_({.backbone = backbone, .num_classes = 2}),
        optimizer_(model_.parameters(), {.weight_decay = 0.01, .global_clipnorm = 1.0}),
        layout_(SequenceLayout::ragged(std::vector<std::int32_t>(static_cast<std::size_t>(batch), static_cast<std::int32_t>(length)))) {}

  void step() {
    const std::int64_t tokens = layout_.tokens();
    std::vector<std::int32_t> ids, labels;
    for (std::int64_t i = 0; i < tokens; ++i) ids.push_back(random(i, model_.backbone().config().vocabulary_size));
    for (std::int64_t i = 0; i < layout_.batch(); ++i) labels.push_back(random(-1 - i, 2));
    const PackedTokens inputs{Tensor::from(ids, {tokens}), Tensor::zeros({tokens}, DType::int32), layout_};
    Tape tape;
    tape.backward(ops::cross_entropy(model_.forward(inputs), Tensor::from(labels, {layout_.batch()})));
    optimizer_.step(1e-4);
    ++steps_;
  }

 private:
  std::int32_t random(std::int64_t i, std::int64_t below) const {
    return static_cast<std::int32_t>(philox(31, static_cast<std::uint32_t>(i), steps_, 0, 0).words[0] % static_cast<std::uint32_t>(below));
  }

  BertTextClassifier model_;
  AdamW optimizer_;
  SequenceLayout layout_;
  std::uint32_t steps_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(training_peak)

BOOST_AUTO_TEST_CASE(a_step_of_base_on_16_times_128_tokens_keeps_to_its_recorded_peak) {
  constexpr double kRecorded = 2490;  // MiB, 2 threads
  const pid_t child = ::fork();       // so that the peak is of this alone
  if (child == 0) {
    set_num_threads(2);
    Training training({.vocabulary_size = 30522, .num_layers = 12, .num_heads = 12, .hidden_dim = 768, .intermediate_dim = 3072}, 16, 128);
    for (int step = 0; step < 2; ++step) training.step();
    ::_exit(0);
  }
  int status = 0;
  rusage usage = {};
  BOOST_REQUIRE(::wait4(child, &status, 0, &usage) == child);
  BOOST_REQUIRE(status == 0);
  const double peak = static_cast<double>(usage.ru_maxrss) / 1024;
  std::cout << "reached: " << peak << " MiB at most in training base on 16 x 128 tokens (recorded " << kRecorded << ")\n";
  BOOST_TEST(peak <= 1.05 * kRecorded);
  BOOST_TEST(peak >= 0.9 * kRecorded);  // or the record is old
}

BOOST_AUTO_TEST_SUITE_END()
