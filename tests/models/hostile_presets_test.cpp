// Configs that are wrong on purpose: refused with file and key, before memory is taken for what they ask.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/measured.h"
#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

using namespace linnet;
using linnet::testing::TemporaryDirectory;
using Json = nlohmann::ordered_json;

namespace {

/// A tiny preset with one value of one file replaced by a text that need not be JSON, is refused: the message names all of `texts`.
class Preset {
 public:
  Preset() { testing::write_tiny_preset(directory_.path()); }

  void refuses(const std::string& file, const std::string& key, const std::string& value, const std::vector<std::string>& texts) const {
    const std::string before = read_text(directory_ / file);
    Json json = Json::parse(before);
    json.at("config").at(key) = "HERE";
    std::string changed = json.dump(4);
    changed.replace(changed.find("\"HERE\""), 6, value);
    check(file, changed, cat(key, " = ", value.substr(0, 40)), texts);
    write_text(directory_ / file, before);
  }
  void refuses_text(const std::string& file, const std::string& changed, const std::vector<std::string>& texts) const {
    const std::string before = read_text(directory_ / file);
    check(file, changed, changed.substr(0, 40), texts);
    write_text(directory_ / file, before);
  }

 private:
  void check(const std::string& file, const std::string& changed, const std::string& what, const std::vector<std::string>& texts) const {
    write_text(directory_ / file, changed);
    std::string error;
    const testing::Measured cost = testing::measured([&] {
      try {
        BertTextClassifier::from_preset(directory_.path().string());
      } catch (const std::runtime_error& refusal) {
        error = refusal.what();
      }
    });
    for (const std::string& text : texts) BOOST_TEST((error.find(text) != std::string::npos), what << ": got '" << error.substr(0, 300) << "'");
    if (!testing::is_memory_measurable()) return;
    BOOST_TEST(cost.seconds < 1, what);
    BOOST_TEST(cost.peak_bytes < std::int64_t{64} << 20, what);
  }

  TemporaryDirectory directory_;
};

const std::vector<std::string> kNoIntegers{"1.5", "1e308", "-1e308", "\"2\"", "[]", "{}", "true", "[1]"};

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_presets)

BOOST_AUTO_TEST_CASE(every_number_of_a_config_is_checked) {
  const Preset preset;
  for (const std::string key :
       {"vocabulary_size", "num_layers", "num_heads", "hidden_dim", "intermediate_dim", "max_sequence_length", "num_segments"}) {
    for (const std::string& value : kNoIntegers)
      preset.refuses("config.json", key, value, {"config.json: config." + key + " must be an integer, got "});
    for (const std::string value : {"-1", "-9223372036854775808"})
      preset.refuses("config.json", key, value, {"config.json: BertBackbone: " + key + " must be", "got -"});
    for (const std::string value : {"9223372036854775808", "18446744073709551616", "-9223372036854775809"})
      preset.refuses("config.json", key, value, {"config.json: integers must fit in 64 bits, got " + value});
    for (const std::string value : {"NaN", "Infinity", "1e999", "0x10", "01", "+1"})
      preset.refuses("config.json", key, value, {"config.json: must be JSON in UTF-8, is not in line"});
    preset.refuses("config.json", key, "9223372036854775807", {"config.json: "});
    if (key != "num_layers") preset.refuses("config.json", key, "0", {"config.json: BertBackbone: " + key + " must be"});
    preset.refuses("config.json", key, "1, \"" + key + "\": 1", {"config.json: a key must not be there twice, got '" + key + "'"});
  }
  preset.refuses("config.json", "num_heads", "3",
                 {"model.weights.h5 does not fit BertBackbone"});  // no divisor of 16: Keras rounds down, and so do we
  for (const std::string key : {"vocabulary_size", "hidden_dim", "intermediate_dim", "max_sequence_length", "num_segments"})
    preset.refuses("config.json", key, "1000000000000", {"config.json: the model must have no more parameters than its weight files have bytes"});
  for (const std::string value : {"-0.1", "1.1", "1e308"})
    preset.refuses("config.json", "dropout", value, {"config.json: BertBackbone: dropout must lie in [0, 1], got "});
  for (const std::string value : {"\"0.1\"", "[]", "true"})
    preset.refuses("config.json", "dropout", value, {"config.json: config.dropout must be a number, got "});
}

BOOST_AUTO_TEST_CASE(numbers_of_the_other_files_are_checked_too) {
  const Preset preset;
  for (const std::string& value : kNoIntegers) {
    preset.refuses("task.json", "num_classes", value, {"task.json: config.num_classes must be an integer, got "});
    preset.refuses("preprocessor.json", "sequence_length", value, {"preprocessor.json: config.sequence_length must be an integer, got "});
    preset.refuses("tokenizer.json", "sequence_length", value, {"tokenizer.json: config.sequence_length must be an integer, got "});
  }
  for (const std::string value : {"0", "-1", "1000000000000", "9223372036854775807"}) {
    preset.refuses("task.json", "num_classes", value, {"task.json: "});
    preset.refuses("tokenizer.json", "sequence_length", value, {"vocabulary.txt: BertTokenizer: sequence_length must be"});
  }
  for (const std::string value : {"0", "-1"})
    preset.refuses("preprocessor.json", "sequence_length", value, {"preprocessor.json: ", "sequence_length must be"});
  for (const std::string value : {"1", "\"a\"", "[]"})
    preset.refuses("tokenizer.json", "lowercase", value, {"tokenizer.json: config.lowercase must be true or false, got "});
  preset.refuses("tokenizer.json", "special_tokens", "[\"a\", 3]", {"tokenizer.json: config.special_tokens[1] must be a string, got 3"});
}

BOOST_AUTO_TEST_CASE(names_of_code_files_and_urls_are_refused) {
  const Preset preset;
  for (const std::string name : {"Lambda", "os>system", "builtins>eval", "keras_hub>", "keras_hub>../../x", "http://x/y", ">BertBackbone"})
    for (const std::string file : {"config.json", "tokenizer.json"})
      preset.refuses_text(file, R"({"registered_name": ")" + name + R"(", "class_name": "BertBackbone", "module": "os", "config": {}})",
                          {file + ": "});
  for (const std::string value : {"\"/etc/passwd\"", "\"http://127.0.0.1/x\"", "\"file:///etc/passwd\"", "[\"a\"]"})
    preset.refuses("tokenizer.json", "vocabulary", value, {"tokenizer.json: config.vocabulary must be null"});
}

BOOST_AUTO_TEST_CASE(texts_that_are_bombs_cost_little) {
  const Preset preset;
  preset.refuses_text("config.json", std::string(10'000, '['), {"config.json: must not be nested more than 64 deep"});
  preset.refuses_text("config.json", "{\"a\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}",
                      {"config.json: must not be nested more than 64 deep"});
  // Many keys, and long keys above many values, of which each knows its place.
  std::string many = R"({"registered_name": "keras_hub>BertBackbone", "config": {)";
  for (int i = 0; i < 100'000; ++i) many += cat(i ? "," : "", "\"k", i, "\":null");
  preset.refuses_text("config.json", many + "}}", {"config.json: BertBackbone: vocabulary_size must be positive, got 0"});
  std::string deep = R"({"registered_name": "keras_hub>BertBackbone", "config": )", end = "}";
  for (int i = 0; i < 50; ++i) {
    deep += "{\"" + std::string(2000, 'k') + "\":";
    end += "}";
  }
  deep += "[1";
  for (int i = 0; i < 100'000; ++i) deep += ",1";
  preset.refuses_text("config.json", deep + "]" + end, {"config.json: config: unknown config key 'kkk"});
}

BOOST_AUTO_TEST_SUITE_END()
