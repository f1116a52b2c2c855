#include "models/bert/bert_tokenizer.h"

#include <utility>

namespace linnet {

BertTokenizer::BertTokenizer(Vocabulary vocabulary, const Config& config)
    : WordPieceTokenizer(std::move(vocabulary), config, "BertTokenizer", {"[CLS]", "[SEP]", "[PAD]", "[MASK]"}),
      cls_token_id_(token_to_id("[CLS]")),
      sep_token_id_(token_to_id("[SEP]")),
      pad_token_id_(token_to_id("[PAD]")),
      mask_token_id_(token_to_id("[MASK]")) {}

}  // namespace linnet
