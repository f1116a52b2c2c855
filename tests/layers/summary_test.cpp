#include "framework/layers/summary.h"

#include "framework/layers/dense.h"
#include "framework/layers/sequential.h"
#include "models/bert/bert_backbone.h"
#include "tests/support/check_layer.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

struct Published {
  const char* name;
  std::int64_t parameters, layers, hidden_dim, heads, vocabulary_size;
};
/// What KerasHub's registry says of its first ten presets; intermediate_dim is four times hidden_dim.
constexpr Published kPublished[] = {
    {"bert_tiny_en_uncased", 4385920, 2, 128, 2, 30522},    {"bert_small_en_uncased", 28763648, 4, 512, 8, 30522},
    {"bert_medium_en_uncased", 41373184, 8, 512, 8, 30522}, {"bert_base_en_uncased", 109482240, 12, 768, 12, 30522},
    {"bert_base_en", 108310272, 12, 768, 12, 28996},        {"bert_base_zh", 102267648, 12, 768, 12, 21128},
    {"bert_base_multi", 177853440, 12, 768, 12, 119547},    {"bert_large_en_uncased", 335141888, 24, 1024, 16, 30522},
    {"bert_large_en", 333579264, 24, 1024, 16, 28996},      {"bert_tiny_en_uncased_sst2", 4385920, 2, 128, 2, 30522},
};

BertBackbone::Config config_of(const Published& preset) {
  return {.vocabulary_size = preset.vocabulary_size,
          .num_layers = preset.layers,
          .num_heads = preset.heads,
          .hidden_dim = preset.hidden_dim,
          .intermediate_dim = 4 * preset.hidden_dim};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(summary)

BOOST_AUTO_TEST_CASE(a_line_a_layer_with_shapes_and_counts) {
  Sequential model;
  model.append<Dense>({.input_dim = 30, .units = 40});
  model.append<Sequential>({}).append<Dense>({.input_dim = 40, .units = 2, .use_bias = false}).set_trainable(false);
  BOOST_TEST(linnet::summary(model) ==
             "layer         class       weights                     parameters\n"
             "sequential    Sequential                                   1,320\n"
             "  dense       Dense       kernel (30, 40), bias (40)       1,240\n"
             "  sequential  Sequential                                      80\n"
             "    dense     Dense       kernel (40, 2)                      80\n"
             "total 1,320, trained 1,240, frozen 80\n");
  BOOST_TEST(linnet::summary(model, {.depth = 0}) ==
             "layer       class       weights  parameters\n"
             "sequential  Sequential                1,320\n"
             "total 1,320, trained 1,240, frozen 80\n");
  check_refuses([&] { linnet::summary(model, {.depth = -1}); }, "summary: depth must not be negative, got -1");
}

BOOST_AUTO_TEST_CASE(configs_of_the_published_presets_have_the_published_numbers_of_parameters) {
  for (const Published& preset : kPublished) BOOST_TEST_CONTEXT(preset.name) {
      BOOST_TEST(BertBackbone::expected_parameters(config_of(preset)) == static_cast<double>(preset.parameters));
    }
}

BOOST_AUTO_TEST_CASE(a_backbone_has_the_number_of_parameters_that_its_config_promises) {
  BertBackbone::Config odd = config_of(kPublished[0]);
  odd.num_heads = 3;  // heads of 42 columns: 126 of 128
  odd.vocabulary_size = 11;
  odd.num_segments = 3;
  odd.intermediate_dim = 5;
  for (const BertBackbone::Config& config : {config_of(kPublished[0]), odd}) {
    const BertBackbone backbone(config);
    BOOST_TEST(static_cast<double>(backbone.parameter_count()) == BertBackbone::expected_parameters(config));
    BOOST_TEST(linnet::summary(backbone).find("pooled_dense") != std::string::npos);
  }
  BOOST_TEST(linnet::summary(BertBackbone(config_of(kPublished[0]))).find("total 4,385,920, trained 4,385,920, frozen 0") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
