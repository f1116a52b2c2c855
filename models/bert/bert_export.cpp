#include "models/bert/bert_export.h"

#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/layers/int8_layers.h"
#include "models/bert/bert_hugging_face.h"
#include "models/hf_checkpoint.h"
#include "models/preset_files.h"

namespace linnet {
namespace {

JsonValue backbone_config(const BertBackbone& backbone, const std::string& architecture, const BertTokenizer* tokenizer, DType dtype) {
  const BertBackbone::Config& config = backbone.config();
  check(int8_layers(backbone).empty(), "export: the backbone must be float for transformers, got int8 layers (export it before it is quantized)");
  check(config.hidden_dim % config.num_heads == 0, "export: num_heads must divide hidden_dim in transformers, got ", config.num_heads, " and ",
        config.hidden_dim);
  const bool exact = config.activation == "gelu";
  check(exact || config.activation == "gelu_approximate", "export: a backbone's activation must be gelu_approximate or gelu, got ",
        config.activation);
  return JsonValue::object({{"architectures", JsonValue::array({architecture})},
                            {"model_type", "bert"},
                            {"vocab_size", config.vocabulary_size},
                            {"hidden_size", config.hidden_dim},
                            {"num_hidden_layers", config.num_layers},
                            {"num_attention_heads", config.num_heads},
                            {"intermediate_size", config.intermediate_dim},
                            {"hidden_act", exact ? "gelu" : "gelu_pytorch_tanh"},
                            {"hidden_dropout_prob", config.dropout},
                            {"attention_probs_dropout_prob", config.dropout},
                            {"max_position_embeddings", config.max_sequence_length},
                            {"type_vocab_size", config.num_segments},
                            {"initializer_range", 0.02},
                            {"layer_norm_eps", 1e-12},
                            {"position_embedding_type", "absolute"},
                            {"pad_token_id", tokenizer ? std::int64_t{tokenizer->pad_token_id()} : 0},
                            {"torch_dtype", cat(dtype)}});
}

void save_tokenizer(const BertTokenizer& tokenizer, std::int64_t longest, const std::filesystem::path& directory) {
  const BertTokenizer::Config& config = tokenizer.config();
  check(config.suffix_indicator == "##" && config.oov_token == "[UNK]" && config.split && config.split_on_cjk,
        "export: a tokenizer must have suffix_indicator '##', oov_token '[UNK]', split and split_on_cjk in transformers, got '",
        config.suffix_indicator, "', '", config.oov_token, "', ", config.split, " and ", config.split_on_cjk);
  std::string lines;
  for (const std::string& token : tokenizer.vocabulary().tokens()) lines += token + "\n";
  write_text(directory / "vocab.txt", lines);
  const JsonValue json = JsonValue::object({{"tokenizer_class", "BertTokenizer"},
                                            {"do_lower_case", config.lowercase},
                                            {"strip_accents", config.strip_accents},
                                            {"tokenize_chinese_chars", true},
                                            {"model_max_length", longest},
                                            {"unk_token", "[UNK]"},
                                            {"cls_token", "[CLS]"},
                                            {"sep_token", "[SEP]"},
                                            {"pad_token", "[PAD]"},
                                            {"mask_token", "[MASK]"}});
  write_text(directory / "tokenizer_config.json", json.dump());
}

void check_dtype(DType dtype) { check(dtype != DType::int8 && dtype != DType::int32, "export: dtype must be a float, got ", dtype); }

}  // namespace

void export_to_hugging_face(const BertBackbone& backbone, const BertTokenizer* tokenizer, const std::filesystem::path& directory,
                            const ExportOptions& options) {
  check_dtype(options.dtype);
  const JsonValue config = backbone_config(backbone, "BertModel", tokenizer, options.dtype);
  preset::make_directory(directory);
  if (tokenizer) save_tokenizer(*tokenizer, backbone.config().max_sequence_length, directory);
  hugging_face::save(directory, hugging_face::bert_tensors(backbone, "", options.dtype), options.max_shard_bytes);
  write_text(directory / "config.json", config.dump());
}

void export_to_hugging_face(const BertTextClassifier& classifier, const std::filesystem::path& directory, const ExportOptions& options) {
  check_dtype(options.dtype);
  check(classifier.config().activation == "linear", "export: the classifier's activation must be linear in transformers, got ",
        classifier.config().activation);
  const BertTokenizer* tokenizer = classifier.has_preprocessor() ? &classifier.preprocessor().tokenizer() : nullptr;
  JsonValue config = backbone_config(classifier.backbone(), "BertForSequenceClassification", tokenizer, options.dtype);
  JsonValue names = JsonValue::object(), ids = JsonValue::object();
  for (std::size_t i = 0; i < classifier.label_names().size(); ++i) {
    names.set(std::to_string(i), classifier.label_names()[i]);
    ids.set(classifier.label_names()[i], static_cast<std::int64_t>(i));
  }
  config.set("id2label", names);
  config.set("label2id", ids);
  config.set("classifier_dropout", classifier.config().dropout);
  std::vector<Parameter> tensors = hugging_face::bert_tensors(classifier.backbone(), "bert.", options.dtype);
  for (Parameter& tensor : hugging_face::dense_tensors(classifier.output_dense(), "classifier", options.dtype)) tensors.push_back(std::move(tensor));
  preset::make_directory(directory);
  if (tokenizer) save_tokenizer(*tokenizer, classifier.preprocessor().config().sequence_length, directory);
  hugging_face::save(directory, tensors, options.max_shard_bytes);
  write_text(directory / "config.json", config.dump());
}

}  // namespace linnet
