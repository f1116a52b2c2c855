#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "framework/data/packed_tokens.h"
#include "framework/data/preprocessor.h"
#include "framework/layers/add.h"
#include "framework/layers/dropout.h"
#include "framework/layers/embedding.h"
#include "framework/layers/input_layer.h"
#include "framework/layers/position_embedding.h"
#include "framework/layers/reversible_embedding.h"
#include "framework/layers/transformer_encoder.h"
#include "models/backbone.h"

namespace linnet {

/// A padded batch, each (batch, length) int32; padding_mask is not 0 where there is a token.
using BertInputs = PaddedTokens;
struct BertOutputs {
  Tensor sequence_output;  ///< (batch, length, hidden_dim), or (tokens, hidden_dim) of packed tokens
  Tensor pooled_output;    ///< (batch, hidden_dim)
};

/// A BERT encoder: token, position and segment embeddings, num_layers transformer layers and a tanh pooler over [CLS].
/// Source: Devlin et al. 2018, arXiv:1810.04805; parameters and names as in keras_hub.models.BertBackbone.
class BertBackbone : public Backbone {
 public:
  struct Config {
    std::int64_t vocabulary_size = 0, num_layers = 0, num_heads = 0, hidden_dim = 0, intermediate_dim = 0;
    double dropout = 0.1;
    std::int64_t max_sequence_length = 512, num_segments = 2;
    /// Of the feed-forward layers. KerasHub has this one alone and ignores another in a preset; `gelu`, the exact form, is what
    /// most checkpoints of Hugging Face were trained with.
    std::string activation = "gelu_approximate";
    DTypePolicy dtype = {};
    void fields(FieldVisitor& field);
  };
  /// Throws std::invalid_argument unless all sizes are positive (num_layers may be 0), num_heads is at most hidden_dim and the
  /// activation is an elementwise one.
  explicit BertBackbone(const Config& config);
  const Config& config() const { return config_; }
  /// What the constructor checks, before anything is allocated.
  static void check_config(const Config& config);
  /// parameter_count() of a backbone with this config, without making one; as a double, for a config may ask for any number.
  static double expected_parameters(const Config& config);

  /// From a preset of any BERT task, or a checkpoint of Hugging Face: see resolve_preset. Throws std::runtime_error that names
  /// file, key and remedy if the preset is missing, damaged or another architecture's.
  static std::unique_ptr<BertBackbone> from_preset(std::string_view preset, const PresetOptions& options = {});
  /// Writes config.json, metadata.json and the weights as KerasHub does; each file appears as a whole. Warns (core/warning.h)
  /// of an activation that KerasHub would ignore.
  void save_to_preset(const std::filesystem::path& directory, const PresetSaveOptions& options = {}) const override;

  /// Names of the layers that LoRA adapts unless others are asked for; Keras' attributes and names.
  static std::vector<std::string> default_lora_layer_names() { return {"query_dense", "value_dense", "query", "value"}; }
  /// Freezes the backbone but for new factors of this rank in the target layers, and those layers' biases. See linnet::enable_lora
  /// (layers/lora.h) for what throws.
  void enable_lora(std::int64_t rank, const std::vector<std::string>& targets = default_lora_layer_names());
  /// Writes and reads the factors alone, NAME.lora.h5: see io/lora_weights.h. save_to_preset writes them merged.
  void save_lora_weights(const std::filesystem::path& file) const;
  void load_lora_weights(const std::filesystem::path& file);

  /// Keras' semantics: every row is kept and computed, the mask says which rows are keys.
  /// Throws std::invalid_argument on other shapes, ids out of range or a length over max_sequence_length.
  BertOutputs forward(const BertInputs& inputs) const;
  /// The same without padding.
  BertOutputs forward(const PackedTokens& tokens) const;
  /// (batch, hidden_dim). The last layer computes keys and values of all rows, the rest for the first row of each sequence
  /// only, forward and backward: exactly forward(tokens).pooled_output, cheaper.
  Tensor pooled_output(const PackedTokens& tokens) const;

  /// (tokens, hidden_dim), before the first encoder layer.
  Tensor embed(const PackedTokens& tokens) const;
  /// x through every encoder layer: (tokens, hidden_dim) -> the same.
  Tensor encode(const Tensor& x, const SequenceLayout& layout) const;
  /// tanh of a dense layer over the first row of each sequence: (tokens, hidden_dim) -> (batch, hidden_dim).
  Tensor pool(const Tensor& x, const SequenceLayout& layout) const;

  /// Regular expressions of parameters' paths, for Optimizer::decay_learning_rate_by_layer: the embeddings, then each layer.
  std::vector<std::string> layer_patterns() const;

  const ReversibleEmbedding& token_embedding() const { return token_embedding_; }
  const std::vector<TransformerEncoder*>& transformer_layers() const { return transformer_layers_; }

 private:
  Config config_;
  // === Layers, in Keras' order of creation
  ReversibleEmbedding& token_embedding_;
  PositionEmbedding& position_embedding_;
  Embedding& segment_embedding_;
  Add& embeddings_add_;
  LayerNormalization& embeddings_layer_norm_;
  Dropout& embeddings_dropout_;
  std::vector<TransformerEncoder*> transformer_layers_;
  Dense& pooled_dense_;
};

}  // namespace linnet
