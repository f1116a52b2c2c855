#include "framework/io/weights.h"

#include <hdf5.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>

#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/hdf5_writer.h"
#include "framework/io/weights_paths.h"
#include "framework/layers/initializer.h"
#include "framework/layers/model.h"
#include "framework/layers/names.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::DType;
using linnet::Hdf5File;
using linnet::Hdf5Writer;
using linnet::Layer;
using linnet::load_weights;
using linnet::save_weights;
using linnet::Tensor;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

struct Sizes {
  std::int64_t in = 2, out = 3;
  DType dtype = DType::float32;
};

class Dense : public Layer {
 public:
  using Config = Sizes;
  explicit Dense(const Config& config) {
    const auto random = linnet::Initializer::random_uniform();
    add_weight("kernel", {config.in, config.out}, random, config.dtype);
    add_weight("bias", {config.out}, random, config.dtype);
  }
};

class Softmax : public Layer {
 public:
  using Config = Sizes;
  explicit Softmax(const Config&) {}
};

class MixerBlock : public Layer {
 public:
  using Config = Sizes;
  explicit MixerBlock(const Config& config) {
    add<Dense>("_mixing_dense", config, "mixing_dense");
    add<Softmax>("_softmax", config, "softmax");
    add<Dense>("experts", config, "expert_0");
    add<Dense>("experts", config, "expert_1");
  }
};

class MixerModel : public linnet::Model {
 public:
  using Config = Sizes;
  explicit MixerModel(const Config& config) {
    add<Dense>("embedding_dense", config);
    add<MixerBlock>("blocks", config, "block_0");
    add<MixerBlock>("blocks", config, "block_1");
    add<Dense>("pooled_dense", config);
  }
};

bool equal(const Layer& a, const Layer& b) {
  const auto left = a.parameters(), right = b.parameters();
  bool same = left.size() == right.size();
  for (std::size_t i = 0; same && i < left.size(); ++i)
    same = left[i].path == right[i].path && left[i].tensor.to_vector() == right[i].tensor.to_vector();
  return same;
}

/// A copy of `from` with each dataset changed by `change`, which gives the new path; an empty one drops the dataset.
void rewrite(
    const std::filesystem::path& from, const std::filesystem::path& to, const std::function<std::string(std::string, Tensor&)>& change,
    const std::function<void(Hdf5Writer&)>& add = [](Hdf5Writer&) {}) {
  const Hdf5File file(from);
  Hdf5Writer writer(to);
  const std::function<void(const std::string&)> copy = [&](const std::string& group) {
    for (const auto& child : file.children(group)) {
      const std::string path = group.empty() ? child.name : group + "/" + child.name;
      if (child.kind == Hdf5File::Kind::group) {
        copy(path);
        continue;
      }
      Tensor value = file.read(path);
      if (const std::string target = change(path, value); !target.empty()) writer.dataset(target, value);
    }
  };
  copy("");
  add(writer);
  writer.finish();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(weights)

BOOST_AUTO_TEST_CASE(class_names_become_snake_case_as_in_keras) {
  using linnet::snake_case;
  BOOST_TEST(snake_case("Dense") == "dense");
  BOOST_TEST(snake_case("LayerNormalization") == "layer_normalization");
  BOOST_TEST(snake_case("MaskedLMHead") == "masked_lm_head");
  BOOST_TEST(snake_case("AdamW") == "adam_w");
  BOOST_TEST(snake_case("AbCdEf") == "ab_cd_ef");
  BOOST_TEST(snake_case("ReLU") == "re_lu");
}

BOOST_AUTO_TEST_CASE(paths_and_names_follow_the_rule_of_keras) {
  const TemporaryDirectory directory;
  const auto file = directory / "model.weights.h5";
  save_weights(MixerModel({}), file);
  const Hdf5File saved(file);
  const auto name = [&](const std::string& path) { return saved.attribute(path, "name").value(); };
  BOOST_TEST(name("vars") == "mixer_model");
  BOOST_TEST(name("layers/dense/vars") == "embedding_dense");
  BOOST_TEST(name("layers/dense_1/vars") == "pooled_dense");
  BOOST_TEST(name("layers/mixer_block_1/vars") == "block_1");
  BOOST_TEST(saved.children("layers/mixer_block_1/vars").empty());
  BOOST_TEST(name("layers/mixer_block_1/_mixing_dense/vars") == "mixing_dense");
  BOOST_TEST(name("layers/mixer_block_1/experts/dense_1/vars") == "expert_1");
  BOOST_TEST(name("layers/mixer_block/_softmax/vars") == "softmax");
  BOOST_TEST(name("layers/mixer_block_1/_softmax/vars") == "softmax_1");
  BOOST_TEST(saved.shape("layers/dense_1/vars/0") == (linnet::Shape{2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_loaded) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.weights.h5", "a.weights.json"}) {
    const MixerModel saved({});
    MixerModel loaded({});
    BOOST_TEST(!equal(saved, loaded));
    save_weights(saved, directory / name, {.max_shard_bytes = std::string(name).ends_with("json") ? 60 : 0});
    BOOST_TEST(load_weights(loaded, directory / name).empty());
    BOOST_TEST(equal(saved, loaded));
  }
  BOOST_TEST(std::filesystem::exists(directory / "a_00003.weights.h5"));
}

BOOST_AUTO_TEST_CASE(values_are_cast_to_the_variables_dtype) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.weights.h5";
  const Dense wide({.dtype = DType::float64});
  save_weights(wide, file);
  Dense narrow({});
  load_weights(narrow, file);
  BOOST_TEST(narrow.weights()[0].tensor.to_vector() == wide.weights()[0].tensor.cast(DType::float32).to_vector(), boost::test_tools::per_element());
  for (const DType half : {DType::bfloat16, DType::float16}) {
    Hdf5Writer writer(file);
    const Tensor kernel = linnet::convert(narrow.weights()[0].tensor, half);
    writer.dataset("vars/0", kernel);
    writer.dataset("vars/1", linnet::convert(narrow.weights()[1].tensor, half));
    writer.finish();
    Dense other({.dtype = DType::float64});
    load_weights(other, file);
    BOOST_TEST(other.weights()[0].tensor.to_vector() == linnet::convert(kernel, DType::float64).to_vector(), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(what_other_versions_of_keras_wrote_is_loaded) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.weights.h5", other = directory / "b.weights.h5";
  const MixerModel saved({});
  save_weights(saved, file);
  const std::vector<std::function<std::string(std::string, Tensor&)>> spellings{
      [](std::string path, Tensor&) { return replaced(path, "/_mixing_dense/", "/mixing_dense/"); },
      [](std::string path, Tensor&) { return replaced(path, "/experts/", "/_experts/"); },
      [](std::string path, Tensor&) { return replaced(path, "layers/", "_layer_checkpoint_dependencies/"); },
      [](std::string path, Tensor&) { return replaced(path, "layers/dense_1/", "pooled_dense/"); },
      [](std::string path, Tensor&) { return replaced(path, "layers/dense_1/", "_pooled_dense/"); },
      [](std::string path, Tensor&) { return replaced(path, "layers/mixer_block", "blocks/mixer_block"); },
  };
  for (const auto& spelling : spellings) {
    rewrite(file, other, spelling);
    MixerModel loaded({});
    BOOST_TEST(load_weights(loaded, other).empty());
    BOOST_TEST(equal(saved, loaded));
  }
}

BOOST_AUTO_TEST_CASE(optimizer_seeds_repeated_layers_and_empty_groups_are_no_surprise) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.weights.h5";
  const MixerModel saved({});
  save_weights(saved, directory / "plain.weights.h5");
  rewrite(
      directory / "plain.weights.h5", file, [](std::string path, Tensor&) { return path; },
      [](Hdf5Writer& writer) {
        writer.dataset("optimizer/vars/0", Tensor::zeros({}, DType::int32));
        writer.dataset("layers/dense/seed_generator/vars/0", Tensor::zeros({2}, DType::int32));
        writer.dataset("pooled_dense/vars/0", Tensor::zeros({2, 3}));
        writer.group("preprocessor/vars");
      });
  MixerModel loaded({});
  load_weights(loaded, file);
  BOOST_TEST(equal(saved, loaded));
}

BOOST_AUTO_TEST_CASE(all_that_does_not_fit_is_said_at_once_and_nothing_is_changed) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.weights.h5", other = directory / "b.weights.h5";
  save_weights(MixerModel({}), file);
  rewrite(file, other, [](std::string path, Tensor& value) {
    if (path == "layers/dense_1/vars/0") value = Tensor::zeros({2, 3}, DType::int8);
    if (path == "layers/dense_1/vars/1") value = Tensor::zeros({4});
    return path == "layers/dense/vars/1" ? std::string() : replaced(path, "mixer_block_1/", "mixer_block_7/");
  });
  MixerModel model({});
  const MixerModel unchanged({});
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    Tensor copy = unchanged.parameters()[i].tensor;
    copy.assign(model.parameters()[i].tensor);
  }
  BOOST_CHECK_EXCEPTION(load_weights(model, other), std::runtime_error,
                        says("load_weights: ",
                             "b.weights.h5 does not fit MixerModel: missing embedding_dense/bias, block_1/… (6); "
                             "unexpected layers/mixer_block_7/… (6); dtype of pooled_dense/kernel int8 in the file, float32 in the model, "
                             "shape of pooled_dense/bias (4) in the file, (3) in the model"));
  BOOST_TEST(equal(model, unchanged));

  const linnet::LoadReport report = load_weights(model, other, {.strict = false});
  BOOST_TEST(report.missing.size() == 7u);
  BOOST_TEST(report.unexpected.size() == 6u);
  BOOST_TEST(report.mismatched.size() == 2u);
  BOOST_TEST(!equal(model, unchanged));
}

BOOST_AUTO_TEST_CASE(skipped_children_are_neither_saved_nor_loaded_but_counted) {
  const TemporaryDirectory directory;
  const auto file = directory / "task.weights.h5";
  const linnet::ChildFilter skip = [](const Layer::Child& child) { return child.name == "embedding_dense"; };
  const MixerModel saved({});
  save_weights(saved, file, {.max_shard_bytes = 0, .skip = skip, .more = {{"optimizer", "adam", {Tensor::zeros({})}}}});
  BOOST_TEST(!Hdf5File(file).exists("layers/dense"));
  BOOST_TEST(Hdf5File(file).attribute("layers/dense_1/vars", "name").value() == "pooled_dense");
  BOOST_TEST(Hdf5File(file).attribute("optimizer/vars", "name").value() == "adam");
  MixerModel loaded({});
  const auto before = loaded.parameters()[0].tensor.to_vector();
  BOOST_TEST(load_weights(loaded, file, {.strict = true, .skip = skip}).empty());
  BOOST_TEST(loaded.parameters()[0].tensor.to_vector() == before, boost::test_tools::per_element());
  BOOST_TEST(loaded.parameters().back().tensor.to_vector() == saved.parameters().back().tensor.to_vector(), boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(load_weights(loaded, file), std::runtime_error, says("missing embedding_dense/… (2)"));
}

BOOST_AUTO_TEST_CASE(reading_in_place_gives_the_same_values_and_checks_before_it_writes) {
  const TemporaryDirectory directory;
  const MixerModel saved({});
  save_weights(saved, directory / "a.weights.h5");
  MixerModel loaded({});
  BOOST_TEST(load_weights(loaded, directory / "a.weights.h5", {.in_place = true}).empty());
  BOOST_TEST(equal(loaded, saved));
  Dense other({});
  const auto before = other.parameters()[0].tensor.to_vector();
  BOOST_CHECK_EXCEPTION(load_weights(other, directory / "a.weights.h5", {.in_place = true}), std::runtime_error, says("does not fit Dense"));
  BOOST_TEST(other.parameters()[0].tensor.to_vector() == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_refused_when_asked) {
  const TemporaryDirectory directory;
  const MixerModel saved({});
  Tensor(saved.parameters().back().tensor).assign(Tensor::full(saved.parameters().back().tensor.shape(), std::nan("")));
  save_weights(saved, directory / "a.weights.h5");
  MixerModel loaded({});
  for (const bool in_place : {false, true})
    BOOST_CHECK_EXCEPTION(load_weights(loaded, directory / "a.weights.h5", {.in_place = in_place, .finite = true}), std::runtime_error,
                          says("a.weights.h5: layers/dense_1/vars/1 must be finite, got NaN or infinity"));
  BOOST_TEST(load_weights(loaded, directory / "a.weights.h5").empty());
}

BOOST_AUTO_TEST_CASE(cycles_and_deep_nesting_are_refused) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.weights.h5";
  const hid_t cycle = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(cycle, "layers", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  for (const char* name : {"layers/a", "layers/b"}) H5Lcreate_hard(cycle, "layers", cycle, name, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(cycle);
  Dense dense({});
  BOOST_CHECK_EXCEPTION(load_weights(dense, file), std::runtime_error, says("a.weights.h5: layers/a: must be the only link to its object"));

  Hdf5Writer writer(directory / "b.weights.h5");
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += "/a";
  writer.group(deep);
  writer.finish();
  BOOST_CHECK_EXCEPTION(load_weights(dense, directory / "b.weights.h5"), std::runtime_error, says("groups must not be nested more than 64 deep"));
}

BOOST_AUTO_TEST_CASE(names_of_files_and_sizes_of_shards_are_checked) {
  const TemporaryDirectory directory;
  const Dense dense({});
  BOOST_CHECK_EXCEPTION(save_weights(dense, directory / "a.h5"), std::invalid_argument,
                        says("save_weights: the file's name must end in .weights.h5, got "));
  BOOST_CHECK_EXCEPTION(save_weights(dense, directory / "a.weights.h5", {.max_shard_bytes = 100}), std::invalid_argument,
                        says("must end in .weights.json"));
  BOOST_CHECK_EXCEPTION(save_weights(dense, directory / "a.weights.json", {.max_shard_bytes = 10}), std::invalid_argument,
                        says("a variable must fit in a shard of 10 bytes, got 24 for vars/0 (raise max_shard_bytes)"));
  Dense loaded({});
  BOOST_CHECK_EXCEPTION(load_weights(loaded, directory / "none.weights.h5"), std::runtime_error, says("none.weights.h5: No such file"));
  linnet::write_text(directory / "a.weights.json", R"({"weight_map": {"/vars": "../b.weights.h5"}})");
  BOOST_CHECK_EXCEPTION(load_weights(loaded, directory / "a.weights.json"), std::runtime_error,
                        says("load_weights: ", "a.weights.json: weight_map./vars must be an .h5 file beside the index, got '../b.weights.h5'"));
  save_weights(dense, directory / "b.weights.h5");
  save_weights(dense, directory / "c.weights.h5");
  linnet::write_text(directory / "a.weights.json", R"({"weight_map": {"/vars": ["b.weights.h5", "c.weights.h5"]}})");
  BOOST_CHECK_EXCEPTION(load_weights(loaded, directory / "a.weights.json"), std::runtime_error, says("vars/0 must not be in two shards"));
  Hdf5Writer(directory / "c.weights.h5").finish();
  BOOST_CHECK_EXCEPTION(load_weights(loaded, directory / "a.weights.json"), std::runtime_error,
                        says("load_weights: ", "a.weights.json: shard c.weights.h5 must hold variables, got none"));
}

BOOST_AUTO_TEST_SUITE_END()
