#include "models/preset_info.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "framework/hub/handle.h"
#include "models/bert/bert_backbone.h"

using namespace linnet;

BOOST_AUTO_TEST_SUITE(preset_info)

BOOST_AUTO_TEST_CASE(names_are_unique_and_handles_are_well_formed) {
  std::set<std::string_view> names;
  for (const PresetInfo& preset : presets()) {
    BOOST_TEST(names.insert(preset.name).second);
    BOOST_TEST(!preset.description.empty());
    const auto handle = std::get<hub::KaggleHandle>(hub::parse_handle(preset.handle).value());
    BOOST_TEST(handle.owner == "keras");
    BOOST_TEST(handle.variation == preset.name);
    BOOST_TEST(handle.version.value() > 0);
    BOOST_TEST(find_preset(preset.name) == &preset);
  }
  BOOST_TEST(find_preset("bert_tiny") == nullptr);
}

// keras.io/keras_hub/presets, rounded as there.
BOOST_AUTO_TEST_CASE(the_ten_presets_of_the_page_have_the_published_counts) {
  const std::map<std::string_view, double> published{
      {"bert_tiny_en_uncased", 4.39}, {"bert_small_en_uncased", 28.76},   {"bert_medium_en_uncased", 41.37}, {"bert_base_en_uncased", 109.48},
      {"bert_base_en", 108.31},       {"bert_base_zh", 102.27},           {"bert_base_multi", 177.85},       {"bert_large_en_uncased", 335.14},
      {"bert_large_en", 333.58},      {"bert_tiny_en_uncased_sst2", 4.39}};
  for (const auto& [name, millions] : published) {
    const PresetInfo* preset = find_preset(name);
    BOOST_REQUIRE(preset);
    BOOST_TEST(static_cast<double>(preset->parameter_count) * 1e-6 == millions, boost::test_tools::tolerance(2e-3));
  }
}

BOOST_AUTO_TEST_SUITE_END()
