#include <boost/test/unit_test.hpp>

#include "framework/autograd/tape.h"
#include "framework/core/buffer_pool.h"
#include "framework/core/random.h"
#include "framework/io/atomic_file.h"
#include "framework/io/weights.h"
#include "framework/ops/cross_entropy.h"
#include "framework/optim/adamw.h"
#include "models/bert/bert_export.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

BertBackbone::Config config() {
  return {.vocabulary_size = 40, .num_layers = 2, .num_heads = 2, .hidden_dim = 16, .intermediate_dim = 24, .max_sequence_length = 20};
}

PackedTokens tokens() {
  return {Tensor::from<std::int32_t>({1, 7, 2, 8, 5, 5}, {6}), Tensor::zeros({6}, DType::int32),
          SequenceLayout::ragged(std::vector<std::int32_t>{4, 2})};
}

std::vector<double> outputs(const BertBackbone& model) { return model.forward(tokens()).sequence_output.to_vector(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(mapped_weights)

BOOST_AUTO_TEST_CASE(a_mapped_model_computes_what_a_read_one_computes_and_its_weights_are_not_the_pools) {
  const TemporaryDirectory directory;
  for (const std::int64_t shard : {std::int64_t{1} << 30, std::int64_t{4096}}) {
    BertBackbone(config()).save_to_preset(directory.path(), {.max_shard_bytes = shard});
    const auto read = BertBackbone::from_preset(directory.path().string());
    release_cached_memory();
    const std::int64_t before = memory_stats().active;
    const auto model = BertBackbone::from_preset(directory.path().string(), {.map_weights = true});
    BOOST_TEST(memory_stats().active - before < 4 * model->parameter_count() / 10);
    BOOST_TEST(outputs(*model) == outputs(*read), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_mapped_model_can_be_trained_and_saved_and_its_file_stays_as_it_was) {
  const TemporaryDirectory directory;
  const std::string preset = (directory / "first").string(), file = preset + "/model.weights.h5";
  linnet::testing::write_tiny_preset(preset, {"0", "1"});
  const std::string bytes = read_text(file);
  const auto train = [&](const PresetOptions& options) {
    set_seed(3);
    auto model = BertTextClassifier::from_preset(preset, {.preset = options});
    AdamW optimizer(model->parameters(), {.weight_decay = 0.01});
    for (int step = 0; step < 3; ++step) {
      Tape tape;
      tape.backward(ops::cross_entropy(model->forward(tokens()), Tensor::from<std::int32_t>({0, 1}, {2})));
      optimizer.step(1e-2);
    }
    return model;
  };
  const auto read = train({}), model = train({.map_weights = true});
  BOOST_TEST(outputs(model->backbone()) == outputs(read->backbone()), boost::test_tools::per_element());
  BOOST_TEST((read_text(file) == bytes));
  model->save_to_preset(preset);  // over the file that it lies in
  BOOST_TEST(outputs(model->backbone()) == outputs(read->backbone()), boost::test_tools::per_element());
  BOOST_TEST(outputs(BertTextClassifier::from_preset(preset)->backbone()) == outputs(read->backbone()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_hugging_face_checkpoint_what_is_not_transposed_stays_in_the_file) {
  const TemporaryDirectory directory;
  BertBackbone made(config());
  for (const std::int64_t shard : {std::int64_t{0}, std::int64_t{4096}}) {
    export_to_hugging_face(made, nullptr, directory.path(), {.max_shard_bytes = shard});
    const std::int64_t before = memory_stats().active;
    const auto read = BertBackbone::from_preset(directory.path().string());
    const std::int64_t between = memory_stats().active;
    const auto model = BertBackbone::from_preset(directory.path().string(), {.map_weights = true});
    const std::int64_t embeddings = 4 * 16 * (40 + 20 + 2);
    BOOST_TEST((between - before) - (memory_stats().active - between) >= embeddings);
    BOOST_TEST(outputs(*model) == outputs(*read), boost::test_tools::per_element());
    Tensor table = model->parameters().front().tensor;
    table.mutable_data<float>()[0] = 7;  // a copy of the page
    BOOST_TEST(outputs(*BertBackbone::from_preset(directory.path().string())) == outputs(*read), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_file_may_be_replaced_or_removed_under_a_mapped_model) {
  const TemporaryDirectory directory;
  BertBackbone(config()).save_to_preset(directory.path());
  const auto model = BertBackbone::from_preset(directory.path().string(), {.map_weights = true});
  const auto read = BertBackbone::from_preset(directory.path().string());
  BertBackbone(config()).save_to_preset(directory.path());  // other weights
  BOOST_TEST(outputs(*model) == outputs(*read), boost::test_tools::per_element());
  std::filesystem::remove(directory / "model.weights.h5");
  BOOST_TEST(outputs(*model) == outputs(*read), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(other_dtypes_and_tied_weights_are_right_too) {
  const TemporaryDirectory directory;
  std::vector<std::string> words{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  while (words.size() < 40) words.push_back(cat("word", words.size()));
  BertMaskedLM made({.backbone = config()});
  made.set_preprocessor(
      std::make_shared<BertMaskedLMPreprocessor>(std::make_shared<const BertTokenizer>(Vocabulary(words)), BertMaskedLMPreprocessor::Config{}));
  made.save_to_preset(directory.path());
  for (const char* dtype : {"float32", "float64", "bfloat16"}) {
    const auto scores = [&](bool map) {
      const auto model =
          BertMaskedLM::from_preset(directory.path().string(), {.sequence_length = 12, .preset = {.dtype = dtype, .map_weights = map}});
      return model->forward(tokens(), Tensor::from<std::int32_t>({1, 4}, {2})).to_vector();
    };
    BOOST_TEST(scores(true) == scores(false), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_tensor_over_foreign_memory_keeps_it_alive_and_writes_there) {
  const auto memory = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4, 5, 6});
  Tensor tensor = Tensor::over(memory, memory->data(), {2, 3});
  BOOST_TEST(memory.use_count() == 2);
  BOOST_TEST(tensor.slice_rows(1, 2).to_vector() == (std::vector<double>{4, 5, 6}), boost::test_tools::per_element());
  tensor.mutable_data<float>()[5] = 7;
  BOOST_TEST((*memory)[5] == 7);
  Tensor other = Tensor::zeros({2, 3});
  const Tensor handle = other;
  const std::uint64_t version = other.version();
  other.share_memory(tensor);
  BOOST_TEST(handle.to_vector()[5] == 7);
  BOOST_TEST(handle.version() != version);
  BOOST_CHECK_EXCEPTION(other.share_memory(Tensor::zeros({3, 2})), std::invalid_argument,
                        says("share_memory: must have shape (2, 3) and dtype float32, got (3, 2) and float32"));
  BOOST_CHECK_EXCEPTION(Tensor::over(memory, reinterpret_cast<std::byte*>(memory->data()) + 2, {1}), std::invalid_argument,
                        says("tensor: memory must be aligned for float32, got an address that is not a multiple of 4"));
}

BOOST_AUTO_TEST_SUITE_END()
