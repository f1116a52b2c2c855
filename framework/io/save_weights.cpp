#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "framework/config/json_value.h"
#include "framework/io/directory.h"
#include "framework/io/hdf5_writer.h"
#include "framework/io/shards.h"
#include "framework/io/weights.h"
#include "framework/io/weights_paths.h"
#include "framework/layers/names.h"

namespace linnet {
namespace {

using weights::join;

std::int64_t bytes_of(const Tensor& tensor) { return tensor.size() * size_of(tensor.dtype()); }

constexpr std::string_view kIndexEnd = ".weights.json", kShardEnd = ".weights.h5";

/// Where Keras has the shards of NAME.weights.json: in NAME_00000.weights.h5 and so on.
std::filesystem::path shard_file(const std::filesystem::path& index, int number) {
  const std::string stem = index.filename().string();
  return index.parent_path() / cat(stem.substr(0, stem.size() - kIndexEnd.size()), "_", zero_filled(number, 5), kShardEnd);
}

constexpr int kLargestNumber = 999'999'999;  // a stranger's file must not leave no number for the next shard

/// -1 for what is no shard of the index.
int number_of(const std::filesystem::path& index, const std::string& name) {
  const std::size_t begin = index.filename().string().size() - kIndexEnd.size() + 1;
  int number = -1;
  if (name.size() > begin) std::from_chars(name.data() + begin, name.data() + name.size(), number);
  return number >= 0 && number <= kLargestNumber && name == shard_file(index, number).filename() ? number : -1;
}

/// Where datasets go: one file, or one shard after the other.
class Output {
 public:
  Output(std::filesystem::path file, std::int64_t limit) : file_(std::move(file)), limit_(limit) {
    if (limit > 0) {
      shards_.emplace(file_, [this](const std::string& name) { return number_of(file_, name) > 0; });
      if (std::filesystem::exists(shard_file(file_, 0))) number_ = 1;
      for (const std::string& name : shards_->old()) number_ = std::max(number_, 1 + number_of(file_, name));
      first_ = number_;
    }
    open();
  }

  void begin_group(const std::string& group, const std::string& name) {
    writer_->group(group);
    writer_->attribute(group, "name", name);
  }

  void dataset(const std::string& group, std::size_t index, const Tensor& tensor) {
    const std::int64_t bytes = bytes_of(tensor);
    check(limit_ == 0 || bytes <= limit_, "save_weights: a variable must fit in a shard of ", limit_, " bytes, got ", bytes, " for ", group, "/",
          index, " (raise max_shard_bytes)");
    if (limit_ > 0 && written_ + bytes > limit_) {
      writer_->finish();
      open();
    }
    writer_->dataset(cat(group, "/", index), tensor);
    written_ += bytes;
    total_ += bytes;
    auto& places = map_["/" + group];
    if (places.empty() || places.back() != shard_) places.push_back(shard_);
    if (places.size() == 1 && index == 0) order_.push_back("/" + group);
  }

  void finish() {
    writer_->finish();
    if (!shards_) return;
    JsonValue map = JsonValue::object();
    for (const std::string& group : order_) {
      const std::vector<std::string>& places = map_.at(group);
      if (places.size() == 1) map.set(group, places[0]);
      else map.set(group, JsonValue::array({places.begin(), places.end()}));
    }
    const JsonValue metadata = JsonValue::object({{"total_size", static_cast<double>(total_)}});
    shards_->commit(JsonValue::object({{"metadata", metadata}, {"weight_map", map}}).dump());
    // Keras opens number 0 before it looks into the index, so there must be one, if only an empty one.
    if (first_ > 0) Hdf5Writer(shard_file(file_, 0)).finish();
  }

 private:
  void open() {
    if (!shards_) {
      writer_.emplace(file_);
      return;
    }
    shard_ = shard_file(file_, number_++).filename().string();
    writer_.emplace(shards_->add(shard_));
    written_ = 0;
  }

  std::filesystem::path file_;
  std::int64_t limit_, written_ = 0, total_ = 0;
  int first_ = 0, number_ = 0;
  std::string shard_;
  std::optional<Shards> shards_;
  std::optional<Hdf5Writer> writer_;
  std::map<std::string, std::vector<std::string>> map_;
  std::vector<std::string> order_;
};

struct Walk {
  Output& output;
  const ChildFilter& skip;
  weights::NameCounter automatic;  // Keras numbers automatic names through the whole model

  void write(const Layer& layer, const std::string& group, const std::string& name) {
    const std::string vars = join(group, "vars");
    output.begin_group(vars, name);
    for (std::size_t i = 0, number = 0; i < layer.weights().size(); ++i)
      if (layer.weights()[i].in_files) output.dataset(vars, number++, layer.stored_value(i));
    const std::vector<std::string> paths = weights::child_paths(layer);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const Layer::Child& child = layer.children()[i];
      if (skip && skip(child)) continue;
      const std::string automatic_name = snake_case(child.layer->class_name());
      write(*child.layer, join(group, paths[i]), child.name == automatic_name ? automatic.next(automatic_name) : child.name);
    }
  }
};

}  // namespace

void save_weights(const Layer& layer, const std::filesystem::path& file, const SaveOptions& options) {
  const std::string_view suffix = options.max_shard_bytes > 0 ? kIndexEnd : kShardEnd;
  check(file.filename().string().ends_with(suffix), "save_weights: the file's name must end in ", suffix, ", got ", file.string());
  Output output(file, options.max_shard_bytes);
  Walk{output, options.skip, {}}.write(layer, "", snake_case(layer.class_name()));
  for (const SaveOptions::Group& group : options.more) {
    output.begin_group(join(group.path, "vars"), group.name);
    for (std::size_t i = 0; i < group.datasets.size(); ++i) output.dataset(join(group.path, "vars"), i, group.datasets[i]);
  }
  output.finish();
}

void remove_sharded_weights(const std::filesystem::path& index) {
  std::error_code ignored;
  std::filesystem::remove(index, ignored);
  for (const std::string& name : names_in(index.parent_path()))
    if (number_of(index, name) >= 0) std::filesystem::remove(index.parent_path() / name, ignored);
}

}  // namespace linnet
