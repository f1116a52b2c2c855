#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/bert/bert_text_classifier_preprocessor.h"

namespace linnet {

/// As BertTextClassifierPreprocessor, for shorter texts: keras_hub.models.BertTextEmbedderPreprocessor.
class BertTextEmbedderPreprocessor : public BertTextClassifierPreprocessor {
 public:
  struct Config {
    std::int64_t sequence_length = 256;
    std::string truncate = "round_robin";  ///< or "waterfall"
    void fields(FieldVisitor& field);
  };
  BertTextEmbedderPreprocessor(std::shared_ptr<const BertTokenizer> tokenizer, const Config& config);
  const Config& config() const { return config_; }

 private:
  Config config_;
};

}  // namespace linnet
