#include "models/preset_info.h"

#include <algorithm>
#include <array>

namespace linnet {
namespace {

// Names, counts and handles: keras_hub 0.32, models/bert/bert_presets.py.
constexpr std::array kPresets{
    PresetInfo{"bert_tiny_en_uncased", "2 layers, lower-cased English; Wikipedia and BooksCorpus", 4'385'920,
               "kaggle://keras/bert/keras/bert_tiny_en_uncased/3"},
    PresetInfo{"bert_small_en_uncased", "4 layers, lower-cased English; Wikipedia and BooksCorpus", 28'763'648,
               "kaggle://keras/bert/keras/bert_small_en_uncased/3"},
    PresetInfo{"bert_medium_en_uncased", "8 layers, lower-cased English; Wikipedia and BooksCorpus", 41'373'184,
               "kaggle://keras/bert/keras/bert_medium_en_uncased/3"},
    PresetInfo{"bert_base_en_uncased", "12 layers, lower-cased English; Wikipedia and BooksCorpus", 109'482'240,
               "kaggle://keras/bert/keras/bert_base_en_uncased/3"},
    PresetInfo{"bert_base_en", "12 layers, English with its case; Wikipedia and BooksCorpus", 108'310'272,
               "kaggle://keras/bert/keras/bert_base_en/3"},
    PresetInfo{"bert_base_zh", "12 layers, Chinese; Wikipedia", 102'267'648, "kaggle://keras/bert/keras/bert_base_zh/3"},
    PresetInfo{"bert_base_multi", "12 layers, 104 languages with their case; Wikipedias", 177'853'440, "kaggle://keras/bert/keras/bert_base_multi/3"},
    PresetInfo{"bert_large_en_uncased", "24 layers, lower-cased English; Wikipedia and BooksCorpus", 335'141'888,
               "kaggle://keras/bert/keras/bert_large_en_uncased/3"},
    PresetInfo{"bert_large_en", "24 layers, English with its case; Wikipedia and BooksCorpus", 333'579'264,
               "kaggle://keras/bert/keras/bert_large_en/3"},
    PresetInfo{"bert_tiny_en_uncased_sst2", "bert_tiny_en_uncased fine-tuned on the sentiments of SST-2, with its head", 4'385'920,
               "kaggle://keras/bert/keras/bert_tiny_en_uncased_sst2/5"},
    PresetInfo{"all_minilm_l6_v2_en", "MiniLM, 6 layers: sentence embeddings for search and clustering", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/all_minilm_l6_v2_en/1"},
    PresetInfo{"all_minilm_l6_v1_en", "MiniLM, 6 layers, first version: sentence embeddings", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/all_minilm_l6_v1_en/1"},
    PresetInfo{"all_minilm_l12_v2_en", "MiniLM, 12 layers: sentence embeddings for search and clustering", 33'360'000,
               "kaggle://keras/sentence-transformers/keras/all_minilm_l12_v2_en/1"},
    // KerasHub's list says 17,066,496; its shape, and so the model, has this many.
    PresetInfo{"paraphrase_minilm_l3_v2_en", "MiniLM, 3 layers: embeddings that find paraphrases", 17'389'824,
               "kaggle://keras/sentence-transformers/keras/paraphrase_minilm_l3_v2_en/1"},
    PresetInfo{"paraphrase_minilm_l6_v2_en", "MiniLM, 6 layers: embeddings that find paraphrases", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/paraphrase_minilm_l6_v2_en/1"},
    PresetInfo{"paraphrase_minilm_l12_v2_en", "MiniLM, 12 layers: embeddings that find paraphrases", 33'360'000,
               "kaggle://keras/sentence-transformers/keras/paraphrase_minilm_l12_v2_en/1"},
    PresetInfo{"multi_qa_minilm_l6_cos_v1_en", "MiniLM, 6 layers: embeddings of questions and answers, by cosine", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/multi_qa_minilm_l6_cos_v1_en/1"},
    PresetInfo{"multi_qa_minilm_l6_dot_v1_en", "MiniLM, 6 layers: embeddings of questions and answers, by dot product", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/multi_qa_minilm_l6_dot_v1_en/1"},
    PresetInfo{"msmarco_minilm_l6_cos_v5_en", "MiniLM, 6 layers: embeddings for retrieval, by cosine; MS MARCO", 22'713'216,
               "kaggle://keras/sentence-transformers/keras/msmarco_minilm_l6_cos_v5_en/1"},
    PresetInfo{"msmarco_minilm_l12_cos_v5_en", "MiniLM, 12 layers: embeddings for retrieval, by cosine; MS MARCO", 33'360'000,
               "kaggle://keras/sentence-transformers/keras/msmarco_minilm_l12_cos_v5_en/1"},
    PresetInfo{"bge_small_en", "BGE small, 12 layers: English embeddings for retrieval", 33'360'000, "kaggle://keras/bge/keras/bge_small_en/1"},
    PresetInfo{"bge_base_en", "BGE base, 12 layers: English embeddings for retrieval", 109'482'240, "kaggle://keras/bge/keras/bge_base_en/1"},
    PresetInfo{"bge_large_en", "BGE large, 24 layers: English embeddings for retrieval", 335'141'888, "kaggle://keras/bge/keras/bge_large_en/1"},
    PresetInfo{"bge_small_v1.5_en", "BGE small 1.5, 12 layers: English embeddings for retrieval", 33'360'000,
               "kaggle://keras/bge/keras/bge_small_v1.5_en/1"},
    PresetInfo{"bge_base_v1.5_en", "BGE base 1.5, 12 layers: English embeddings for retrieval", 109'482'240,
               "kaggle://keras/bge/keras/bge_base_v1.5_en/1"},
    PresetInfo{"bge_large_v1.5_en", "BGE large 1.5, 24 layers: English embeddings for retrieval", 335'141'888,
               "kaggle://keras/bge/keras/bge_large_v1.5_en/1"},
    PresetInfo{"bge_base_zh", "BGE base, 12 layers: Chinese embeddings for retrieval", 102'267'648, "kaggle://keras/bge/keras/bge_base_zh/1"},
    PresetInfo{"bge_large_zh", "BGE large, 24 layers: Chinese embeddings for retrieval", 325'522'432, "kaggle://keras/bge/keras/bge_large_zh/1"},
    PresetInfo{"bge_small_v1.5_zh", "BGE small 1.5, 4 layers: Chinese embeddings for retrieval", 23'953'920,
               "kaggle://keras/bge/keras/bge_small_v1.5_zh/1"},
    PresetInfo{"bge_base_v1.5_zh", "BGE base 1.5, 12 layers: Chinese embeddings for retrieval", 102'267'648,
               "kaggle://keras/bge/keras/bge_base_v1.5_zh/1"},
    PresetInfo{"bge_large_v1.5_zh", "BGE large 1.5, 24 layers: Chinese embeddings for retrieval", 325'522'432,
               "kaggle://keras/bge/keras/bge_large_v1.5_zh/1"},
    PresetInfo{"bge_llm_embedder", "BGE, 12 layers: embeddings that find what a language model needs", 109'482'240,
               "kaggle://keras/bge/keras/bge_llm_embedder/1"},
    PresetInfo{"multilingual_e5_small", "E5 small, 12 layers: embeddings in 100 languages; its SentencePiece tokenizer is not read yet", 117'653'760,
               "kaggle://keras/multilingual-e5/keras/multilingual_e5_small/1"},
    PresetInfo{"mxbai_embed_large_v1_en", "mixedbread, 24 layers: English sentence embeddings of [CLS]", 335'141'888,
               "kaggle://keras/mxbai-embed/keras/mxbai_embed_large_v1_en/1"},
    PresetInfo{"mxbai_embed_2d_large_v1_en", "mixedbread, 24 layers: English sentence embeddings that may be cut in layers and width", 335'141'888,
               "kaggle://keras/mxbai-embed/keras/mxbai_embed_2d_large_v1_en/1"},
    PresetInfo{"mxbai_embed_xsmall_v1_en", "mixedbread, 6 layers, 4096 tokens: English sentence embeddings, means", 24'089'472,
               "kaggle://keras/mxbai-embed/keras/mxbai_embed_xsmall_v1_en/1"},
};

}  // namespace

std::span<const PresetInfo> presets() { return kPresets; }

const PresetInfo* find_preset(std::string_view name) {
  const auto* const found = std::ranges::find(kPresets, name, &PresetInfo::name);
  return found == kPresets.end() ? nullptr : &*found;
}

}  // namespace linnet
