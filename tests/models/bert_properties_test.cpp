#include <cmath>
#include <regex>
#include <sstream>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/parallel.h"
#include "framework/data/data_loader.h"
#include "framework/data/tsv.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/reductions.h"
#include "framework/optim/adamw.h"
#include "framework/train/evaluate.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/check_layer.h"
#include "tests/support/paths.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

BertTextClassifier::Config config(double dropout = 0.1, DTypePolicy dtype = {}) {
  return {.backbone = {.vocabulary_size = 97,
                       .num_layers = 2,
                       .num_heads = 4,
                       .hidden_dim = 64,
                       .intermediate_dim = 128,
                       .dropout = dropout,
                       .max_sequence_length = 40,
                       .dtype = dtype},
          .num_classes = 3,
          .dropout = dropout};
}

/// Some token of some sequence: the same wherever the sequence stands.
std::int32_t token(std::int64_t sequence, std::int64_t position) {
  return static_cast<std::int32_t>(philox(11, static_cast<std::uint32_t>(sequence), static_cast<std::uint32_t>(position), 0, 0).words[0] % 97);
}

PackedTokens packed(const std::vector<std::int32_t>& lengths, std::int64_t first_sequence = 0) {
  std::vector<std::int32_t> ids, segments;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (std::int32_t j = 0; j < lengths[i]; ++j) {
      ids.push_back(token(first_sequence + static_cast<std::int64_t>(i), j));
      segments.push_back(j % 2);
    }
  const auto tokens = static_cast<std::int64_t>(ids.size());
  return {Tensor::from(ids, {tokens}), Tensor::from(segments, {tokens}), SequenceLayout::ragged(lengths)};
}

BertInputs padded(const std::vector<std::int32_t>& lengths, std::int32_t length) {
  const auto batch = static_cast<std::int64_t>(lengths.size());
  std::vector<std::int32_t> ids, segments, mask;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (std::int32_t j = 0; j < length; ++j) {
      const bool real = j < lengths[i];
      ids.push_back(real ? token(static_cast<std::int64_t>(i), j) : 0);
      segments.push_back(real ? j % 2 : 0);
      mask.push_back(real);
    }
  return {Tensor::from(ids, {batch, length}), Tensor::from(segments, {batch, length}), Tensor::from(mask, {batch, length})};
}

double largest_difference(std::span<const double> a, std::span<const double> b) {
  double largest = a.size() == b.size() ? 0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// Weights after some steps of training with dropout, from one seed.
std::vector<double> trained(int steps, int threads) {
  set_num_threads(threads);
  set_seed(7);
  const BertTextClassifier model(config());
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01, .global_clipnorm = 1.0});
  for (int step = 0; step < steps; ++step) {
    Tape tape;
    const Tensor logits = model.forward(packed({5, 9, 17, 30, 2, 12, 24, 33}, 8 * step));
    tape.backward(ops::mean(logits * logits));
    optimizer.step(1e-3);
  }
  std::vector<double> weights;
  for (const Parameter& parameter : model.parameters())
    for (const double value : parameter.tensor.to_vector()) weights.push_back(value);
  set_num_threads(2);
  return weights;
}

/// A token a word, known by its length.
class WordLengths : public Preprocessor {
 public:
  TokenizedText preprocess(std::span<const std::string_view> segments) const override {
    TokenizedText text;
    std::istringstream words{std::string(segments[0])};
    for (std::string word; words >> word;) text.token_ids.push_back(static_cast<std::int32_t>(word.size() % 97));
    text.segment_ids.resize(text.token_ids.size());
    return text;
  }
  PaddedTokens preprocess_batch(std::span<const std::vector<std::string>>) const override { return {}; }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bert_properties)

BOOST_AUTO_TEST_CASE(packed_tokens_give_what_padded_batches_give_on_real_tokens) {
  const BertTextClassifier model(config());
  const std::vector<std::int32_t> lengths{7, 1, 20, 13};
  const BertOutputs ragged = model.backbone().forward(packed(lengths)), dense = model.backbone().forward(padded(lengths, 24));
  BOOST_TEST(largest_difference(ragged.pooled_output.to_vector(), dense.pooled_output.to_vector()) < 2e-6);
  const std::vector<double> a = ragged.sequence_output.to_vector(), b = dense.sequence_output.to_vector();
  std::size_t row = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    for (std::int32_t j = 0; j < lengths[i]; ++j, ++row)
      BOOST_TEST(largest_difference({a.data() + row * 64, 64}, {b.data() + (i * 24 + static_cast<std::size_t>(j)) * 64, 64}) < 2e-6);
  BOOST_TEST(largest_difference(model.forward(packed(lengths)).to_vector(), model.forward(padded(lengths, 24)).to_vector()) < 2e-6);
}

BOOST_AUTO_TEST_CASE(a_sentence_alone_equals_the_same_sentence_in_any_batch) {
  const BertTextClassifier model(config());
  const std::vector<std::int32_t> lengths{7, 1, 20, 13, 40};
  const std::vector<double> together = model.forward(packed(lengths)).to_vector();
  for (std::size_t i = 0; i < lengths.size(); ++i)
    BOOST_TEST(largest_difference(model.forward(packed({lengths[i]}, static_cast<std::int64_t>(i))).to_vector(), {together.data() + 3 * i, 3}) <
               2e-6);
}

BOOST_AUTO_TEST_CASE(permuting_the_batch_permutes_the_result) {
  const BertTextClassifier model(config());
  const PackedTokens one = packed({6, 11}, 0);
  std::vector<std::int32_t> ids, segments;
  for (const auto& [sequence, length] : {std::pair{1, 11}, std::pair{0, 6}})
    for (std::int32_t j = 0; j < length; ++j) {
      ids.push_back(token(sequence, j));
      segments.push_back(j % 2);
    }
  const PackedTokens other{Tensor::from(ids, {17}), Tensor::from(segments, {17}), SequenceLayout::ragged(std::vector<std::int32_t>{11, 6})};
  const std::vector<double> a = model.forward(one).to_vector(), b = model.forward(other).to_vector();
  BOOST_TEST(largest_difference({a.data(), 3}, {b.data() + 3, 3}) < 2e-6);
  BOOST_TEST(largest_difference({a.data() + 3, 3}, {b.data(), 3}) < 2e-6);
}

BOOST_AUTO_TEST_CASE(the_pooled_output_alone_is_the_pooled_output_in_inference_and_in_training) {
  const BertTextClassifier model(config(0.2, "float64"));
  const PackedTokens tokens = packed({6, 11, 1});
  std::vector<std::vector<double>> outputs, gradients;
  for (const bool whole : {false, true}) {
    set_seed(3);
    Tape tape;
    const Tensor pooled = whole ? model.backbone().forward(tokens).pooled_output : model.backbone().pooled_output(tokens);
    outputs.push_back(pooled.to_vector());
    tape.backward(ops::mean(pooled * pooled));
    std::vector<double> all;
    for (Parameter& parameter : model.parameters())
      if (const Tensor gradient = parameter.tensor.take_grad(); gradient.defined())
        for (const double value : gradient.to_vector()) all.push_back(value);
    gradients.push_back(all);
  }
  BOOST_TEST(largest_difference(outputs[0], outputs[1]) < 1e-13);
  BOOST_TEST(gradients[0].size() > 1000u);
  BOOST_TEST(largest_difference(gradients[0], gradients[1]) < 1e-13);
}

BOOST_AUTO_TEST_CASE(checkpointing_changes_no_bit_and_keeps_less_memory) {
  auto deeper = config(0.2);
  deeper.backbone.num_layers = 6;
  BertTextClassifier model(deeper);
  const std::vector<std::int32_t> lengths(16, 30);
  const auto scores = [&](const BertBackbone& backbone) {
    const PackedTokens tokens = packed(lengths);
    const auto both = backbone.transformer_layers()[0]->forward_with_scores(backbone.embed(tokens), tokens.layout);
    return ops::mean(both.output * both.output) + ops::sum(both.scores * both.scores);
  };
  const std::vector<std::function<Tensor()>> ways{[&] { return model.forward(packed(lengths)); }, [&] { return model.forward(padded(lengths, 32)); },
                                                  [&] { return scores(model.backbone()); }};
  for (const auto& way : ways) {
    std::vector<std::vector<double>> results;
    std::vector<std::int64_t> peaks;
    for (const bool on : {false, true}) {
      model.set_checkpointing(on);
      set_seed(3);
      Tape tape;
      reset_peak_memory();
      const std::int64_t before = memory_stats().active;
      const Tensor output = way();
      tape.backward(ops::mean(output * output));
      peaks.push_back(memory_stats().peak - before);
      results.push_back(output.to_vector());
      for (Parameter& parameter : model.parameters())
        if (const Tensor gradient = parameter.tensor.take_grad(); gradient.defined())
          for (const double value : gradient.to_vector()) results.back().push_back(value);
    }
    BOOST_TEST((results[0] == results[1]));
    BOOST_TEST(results[0].size() > 10000u);
    BOOST_TEST_MESSAGE("peak " << peaks[0] << " bytes, checkpointed " << peaks[1]);
    if (&way != &ways.back()) BOOST_TEST(peaks[1] < peaks[0] / 2);  // six layers' insides against one layer's and six inputs
  }
}

BOOST_AUTO_TEST_CASE(frozen_layers_keep_their_weights_and_the_others_learn) {
  set_seed(5);
  BertTextClassifier model(config());
  model.backbone().set_trainable(false);
  model.backbone().transformer_layers()[1]->set_trainable(true);
  std::vector<std::vector<double>> before;
  for (const Parameter& parameter : model.parameters()) before.push_back(parameter.tensor.to_vector());
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01});
  Tape tape;
  const Tensor logits = model.forward(packed({5, 9}));
  tape.backward(ops::mean(logits * logits));
  optimizer.step(1e-3);
  std::size_t learnt = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Parameter parameter = model.parameters()[i];
    const bool trained = parameter.path.starts_with("transformer_layer_1/") || parameter.path.starts_with("logits/");
    BOOST_TEST(parameter.tensor.requires_grad() == trained, parameter.path);
    BOOST_TEST((parameter.tensor.to_vector() != before[i]) == trained, parameter.path);
    learnt += trained;
  }
  BOOST_TEST(learnt == 18u);
}

BOOST_AUTO_TEST_CASE(layer_patterns_find_each_parameter_of_the_encoder_once) {
  const BertTextClassifier model(config());
  const std::vector<std::string> patterns = model.backbone().layer_patterns();
  BOOST_TEST(patterns.size() == 3u);
  for (const Parameter& parameter : model.parameters()) {
    std::size_t found = 0;
    for (const std::string& pattern : patterns) found += std::regex_search(parameter.path, std::regex(pattern));
    const bool top = parameter.path.starts_with("pooled_dense/") || parameter.path.starts_with("logits/");
    BOOST_TEST(found == (top ? 0u : 1u), parameter.path);
  }
}

BOOST_AUTO_TEST_CASE(one_and_two_threads_train_to_the_same_bits) { BOOST_TEST((trained(10, 1) == trained(10, 2))); }

BOOST_AUTO_TEST_CASE(one_seed_trains_to_the_same_bits_twice) { BOOST_TEST((trained(100, 2) == trained(100, 2))); }

BOOST_AUTO_TEST_CASE(after_the_first_epoch_the_pool_takes_no_block_from_the_system) {
  const TextDataset reviews = read_tsv(source_directory() / "data/reviews/train.tsv");
  const WordLengths preprocessor;
  const DataLoader loader(reviews, preprocessor, {.batch_size = 16, .shuffle = true});
  const BertTextClassifier model(config());
  AdamW optimizer(model.parameters(), {.weight_decay = 0.01, .global_clipnorm = 1.0});
  std::vector<std::int64_t> blocks;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const TextBatch& batch : loader.epoch(epoch)) {
      Tape tape;
      tape.backward(ops::cross_entropy(model.forward(batch.inputs), batch.labels));
      optimizer.step(1e-3);
    }
    blocks.push_back(memory_stats().system_blocks);
  }
  BOOST_TEST(blocks[1] == blocks[0]);
  BOOST_TEST(blocks[2] == blocks[0]);
}

BOOST_AUTO_TEST_CASE(the_whole_models_gradient_is_right_along_random_directions) {
  for (const std::int64_t layers : {0, 2}) {
    auto small = config(0.1, "float64");
    small.backbone.num_layers = layers;
    small.backbone.hidden_dim = 8;
    small.backbone.intermediate_dim = 12;
    BertTextClassifier model(small);
    randomize(model);
    std::vector<Tensor> weights;
    for (const Parameter& parameter : model.parameters()) weights.push_back(parameter.tensor);
    const PackedTokens tokens = packed({4, 1, 6});
    BOOST_CHECK_NO_THROW(gradcheck_direction("BertTextClassifier", [&] { return model.forward(tokens); }, weights, {.rtol = 1e-6}));
  }
}

BOOST_AUTO_TEST_CASE(wrong_inputs_are_refused_by_name) {
  const BertTextClassifier model(config());
  check_refuses([&] { model.forward(packed({41})); }, "PositionEmbedding: a sequence must have at most 40 tokens, got 41");
  PackedTokens tokens = packed({3});
  tokens.token_ids = Tensor::from<std::int32_t>({1, 97, 2}, {3});
  check_refuses([&] { model.forward(tokens); }, "ids must lie in [0, 97), got 97 at position 1");
  tokens = packed({3});
  tokens.segment_ids = Tensor::from<std::int32_t>({0, 0, 2}, {3});
  check_refuses([&] { model.forward(tokens); }, "ids must lie in [0, 2), got 2 at position 2");
  check_refuses([&] { model.forward(packed({3, 0})); }, "every sequence must have a token, got an empty one at 1");
  BertInputs inputs = padded({3, 2}, 4);
  inputs.padding_mask = Tensor::zeros({2, 3}, DType::int32);
  check_refuses([&] { model.forward(inputs); }, "BertBackbone: padding_mask must have the shape of token_ids (2, 4), got (2, 3)");
  inputs.segment_ids = Tensor::zeros({2, 3}, DType::int32);
  check_refuses([&] { model.forward(inputs); }, "BertBackbone: segment_ids must have the shape of token_ids (2, 4), got (2, 3)");
  inputs.token_ids = Tensor::zeros({8}, DType::int32);
  check_refuses([&] { model.forward(inputs); }, "BertBackbone: token_ids must have shape (batch, length), got (8)");
  check_refuses([] { BertBackbone({.vocabulary_size = 10, .num_layers = 10001, .num_heads = 2, .hidden_dim = 4, .intermediate_dim = 4}); },
                "BertBackbone: num_layers must be 0 to 10000, got 10001");
  check_refuses([&] { model.preprocessor(); }, "BertTextClassifier: the model must have a preprocessor, got none");
  check_refuses([] { BertBackbone({.vocabulary_size = 10, .num_layers = 1, .num_heads = 5, .hidden_dim = 4, .intermediate_dim = 4}); },
                "BertBackbone: num_heads must be 1 to hidden_dim 4, got 5");
}

BOOST_AUTO_TEST_CASE(extreme_ids_lengths_and_masks_are_errors_or_answers_and_nothing_else) {
  const BertTextClassifier model(config(0));
  for (const std::int32_t id : {-1, 97, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()}) {
    PackedTokens tokens = packed({2});
    tokens.token_ids = Tensor::from<std::int32_t>({3, id}, {2});
    check_refuses([&] { model.forward(tokens); }, cat("embedding: ids must lie in [0, 97), got ", id, " at position 1"));
    BertInputs inputs = padded({2}, 2);
    inputs.token_ids = tokens.token_ids.reshape({1, 2});
    check_refuses([&] { model.forward(inputs); }, cat("embedding: ids must lie in [0, 97), got ", id, " at position 1"));
    tokens = packed({2});
    tokens.segment_ids = Tensor::from<std::int32_t>({id, 0}, {2});
    check_refuses([&] { model.forward(tokens); }, cat("ids must lie in [0, 2), got ", id, " at position 0"));
  }
  check_refuses([&] { model.forward(padded({41}, 41)); }, "PositionEmbedding: a sequence must have at most 40 tokens, got 41");
  BOOST_TEST((model.forward(packed({})).shape() == Shape{0, 3}));  // an empty batch has an empty answer
  BOOST_TEST((model.forward(padded({}, 4)).shape() == Shape{0, 3}));
  check_refuses([&] { model.forward(padded({0, 0}, 0)); }, "every sequence must have a token, got an empty one at 0");
  // As in Keras, whatever is not 0 is a token.
  BertInputs inputs = padded({3, 2}, 4), odd = inputs;
  std::vector<std::int32_t> mask;
  for (const std::int32_t value : inputs.padding_mask.data<std::int32_t>())
    mask.push_back(value == 0 ? 0 : mask.size() % 2 ? -5 : std::numeric_limits<std::int32_t>::max());
  odd.padding_mask = Tensor::from(mask, {2, 4});
  BOOST_TEST(model.forward(odd).to_vector() == model.forward(inputs).to_vector(), boost::test_tools::per_element());
  // Ids of another type are no ids, be they whole numbers.
  for (const DType dtype : {DType::float32, DType::float64, DType::int8}) {
    odd = inputs;
    odd.token_ids = Tensor::zeros({2, 4}, dtype);
    check_refuses([&] { model.forward(odd); }, cat("tensor: dtype must be int32 to be read as such, got ", dtype));
  }
  check_refuses([] { SequenceLayout::ragged(std::vector<std::int32_t>{2, -1}); }, "sequence layout: lengths must not be negative, got -1");
  check_refuses([] { SequenceLayout::ragged(std::vector<std::int32_t>(3, 1 << 30)); },
                "sequence layout: a batch must have less than 2^31 tokens, got 2147483648");
  check_refuses(
      [] {
        SequenceLayout::padded(0, std::int64_t{1} << 31, Tensor::zeros({0, std::int64_t{1} << 31}, DType::int32));
      },
      "sequence layout: a sequence must have less than 2^31 tokens, got 2147483648");
  check_refuses([&] { predicted_classes(Tensor::zeros({3})); }, "predicted_classes: logits must have shape (batch, classes), got (3)");
  BertTextClassifier named(config(0));
  check_refuses([&] { named.set_label_names({"a", "b", "a"}); }, "BertTextClassifier: label_names must differ, got one twice");
}

BOOST_AUTO_TEST_SUITE_END()
