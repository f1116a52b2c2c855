#include <algorithm>
#include <map>
#include <set>

#include "framework/config/json_value.h"
#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/shards.h"
#include "framework/io/weights.h"
#include "framework/io/weights_paths.h"
#include "framework/layers/finite.h"

namespace linnet {
namespace {

using weights::join;

/// The datasets of a .weights.h5, or of all shards of a .weights.json, by path.
class Stored {
 public:
  explicit Stored(const std::filesystem::path& file) {
    if (file.extension() != ".json") {
      add(file);
      return;
    }
    read_through_index(file, kLargestText, [&](const std::string& index) {
      datasets_.clear();
      files_.clear();
      add_shards(file, index);
    });
  }

  const std::map<std::string, const Hdf5File*>& datasets() const { return datasets_; }
  bool has(const std::string& path) const { return datasets_.contains(path); }
  const Hdf5File& file_of(const std::string& path) const { return *datasets_.at(path); }
  /// True if a dataset lies in the group or below it.
  bool has_below(const std::string& group) const {
    const auto next = datasets_.lower_bound(group + "/");
    return next != datasets_.end() && next->first.starts_with(group + "/");
  }

 private:
  static std::string shard_name(const JsonValue& place) {
    const std::string& name = place.text();
    const bool plain = name.ends_with(".h5") && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    check_file(plain, place.where(), " must be an .h5 file beside the index, got '", name, "'");
    return name;
  }

  void add_shards(const std::filesystem::path& file, const std::string& text) {
    const JsonValue index = JsonValue::parse(text, "load_weights: " + file.string());
    std::set<std::string> shards;
    for (const auto& [group, places] : index.at("weight_map").members()) {
      if (places.is_text()) shards.insert(shard_name(places));
      else
        for (const JsonValue& place : places.elements()) shards.insert(shard_name(place));
    }
    files_.reserve(shards.size());
    for (const std::string& shard : shards) {
      const std::size_t before = datasets_.size();
      add(file.parent_path() / shard);
      check_file(datasets_.size() > before, "load_weights: ", file.string(), ": shard ", shard, " must hold variables, got none");
    }
  }

  void add(const std::filesystem::path& file) {
    files_.push_back(std::make_unique<Hdf5File>(file));
    collect(*files_.back(), "");
  }

  void collect(const Hdf5File& file, const std::string& group) {
    for (const Hdf5File::Child& child : file.children(group)) {
      const std::string path = join(group, child.name);
      if (child.kind == Hdf5File::Kind::group) {
        collect(file, path);
        continue;
      }
      const auto [place, added] = datasets_.try_emplace(path, &file);
      check_file(added, "load_weights: ", path, " must not be in two shards, got ", place->second->path().string(), " and ", file.path().string());
    }
  }

  std::vector<std::unique_ptr<Hdf5File>> files_;
  std::map<std::string, const Hdf5File*> datasets_;
};

bool is_integer(DType dtype) { return dtype == DType::int8 || dtype == DType::int32; }

/// Makes `variable` the dataset itself; false if that does not lie in the file as it would in memory.
bool share(Tensor& variable, const Hdf5File& file, const std::string& path) {
  if (variable.dtype() != DType::float32) return false;
  const std::optional<Tensor> mapped = file.map(path);
  if (mapped) variable.share_memory(*mapped);
  return mapped.has_value();
}

/// How a layer and its children would be read from one place in the file.
struct Plan {
  struct Read {
    std::string path;
    Tensor variable;
  };
  std::vector<Read> reads;
  std::vector<Tensor> zeros;    // LoRA's factors: what they would add is in the weights of the file
  std::set<std::string> known;  // groups whose content is explained, though not read: other spellings of what is
  LoadReport report;

  std::size_t problems() const { return report.missing.size() + report.mismatched.size(); }
  void append(Plan&& other) {
    std::ranges::move(other.reads, std::back_inserter(reads));
    std::ranges::move(other.zeros, std::back_inserter(zeros));
    known.merge(other.known);
    std::ranges::move(other.report.missing, std::back_inserter(report.missing));
    std::ranges::move(other.report.mismatched, std::back_inserter(report.mismatched));
  }
};

class Planner {
 public:
  Planner(const Stored& stored, const ChildFilter& skip) : stored_(stored), skip_(skip) {}

  Plan plan(const Layer& layer, const std::string& group, const std::string& name) const {
    Plan plan;
    std::size_t number = 0;
    for (const Layer::Weight& weight : layer.weights()) {
      if (weight.in_files) plan_weight(weight.tensor, cat(join(group, "vars"), "/", number++), join(name, weight.name), plan);
      else plan.zeros.push_back(weight.tensor);
    }
    if (plan.reads.empty()) plan.zeros.clear();
    const auto paths = weights::accepted_child_paths(layer);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const Layer::Child& child = layer.children()[i];
      if (skip_ && skip_(child)) {
        for (const std::string& path : paths[i]) plan.known.insert(join(group, path));
        continue;
      }
      plan.append(plan_child(child, group, paths[i], join(name, child.name)));
    }
    return plan;
  }

 private:
  void plan_weight(const Tensor& variable, const std::string& path, const std::string& name, Plan& plan) const {
    if (!stored_.has(path)) {
      plan.report.missing.push_back(name);
      return;
    }
    plan.reads.push_back({path, variable});
    const Shape shape = stored_.file_of(path).shape(path);
    const DType dtype = stored_.file_of(path).dtype(path);
    if (shape != variable.shape())
      plan.report.mismatched.push_back(cat("shape of ", name, " ", shape, " in the file, ", variable.shape(), " in the model"));
    else if (is_integer(dtype) != is_integer(variable.dtype()))
      plan.report.mismatched.push_back(cat("dtype of ", name, " ", dtype, " in the file, ", variable.dtype(), " in the model"));
  }

  /// Keras reads a layer from the first of its places that fits; so do we.
  Plan plan_child(const Layer::Child& child, const std::string& group, const std::vector<std::string>& paths, const std::string& name) const {
    std::vector<std::string> places;
    for (const std::string& path : paths)
      if (stored_.has_below(join(group, path))) places.push_back(join(group, path));
    if (places.empty()) places.push_back(join(group, paths[0]));  // then everything is missing
    Plan best = plan(*child.layer, places[0], name);
    for (std::size_t i = 1; i < places.size() && best.problems() > 0; ++i)
      if (Plan other = plan(*child.layer, places[i], name); other.problems() == 0) best = std::move(other);
    // What lies at the other places repeats this layer, if it has the shape of it.
    for (const std::string& place : places)
      if (std::ranges::none_of(best.reads, [&](const Plan::Read& read) { return read.path.starts_with(place + "/"); })) best.known.insert(place);
    return best;
  }

  const Stored& stored_;
  const ChildFilter& skip_;
};

bool lies_below(const std::string& path, const std::string& group) { return path.starts_with(group + "/"); }

/// Datasets below `root` that nothing in the model explains.
std::vector<std::string> unexpected(const Stored& stored, const Plan& plan, const std::string& root) {
  std::set<std::string> read;
  for (const Plan::Read& entry : plan.reads) read.insert(entry.path);
  std::vector<std::string> result;
  for (const auto& [path, file] : stored.datasets()) {
    const bool explained = (!root.empty() && !lies_below(path, root)) || read.contains(path) || lies_below(path, "optimizer") ||
                           path.find("seed_generator") != std::string::npos ||
                           std::ranges::any_of(plan.known, [&, where = path](const std::string& group) { return lies_below(where, group); });
    if (!explained) result.push_back(path);
  }
  return result;
}

/// "a/x, b/y, …"; entries below one of the `whole` groups become "group/… (n)".
std::string list(const std::vector<std::string>& entries, const std::set<std::string>& whole) {
  std::string text;
  for (std::size_t i = 0; i < entries.size();) {
    std::string shown = entries[i];
    std::size_t count = 1;
    for (std::size_t end = shown.find('/'); end != std::string::npos; end = shown.find('/', end + 1)) {
      const std::string group = shown.substr(0, end);
      if (!whole.contains(group)) continue;
      while (i + count < entries.size() && lies_below(entries[i + count], group)) ++count;
      if (count > 1) shown = cat(group, "/… (", count, ")");
      break;
    }
    text += (text.empty() ? "" : ", ") + shown;
    i += count;
  }
  return text;
}

/// The groups of which every variable is in `part`.
std::set<std::string> whole_groups(const std::vector<std::string>& all, const std::vector<std::string>& part) {
  const std::set<std::string> in_part(part.begin(), part.end());
  std::map<std::string, bool> groups;
  for (const std::string& path : all)
    for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
      bool& complete = groups.try_emplace(path.substr(0, end), true).first->second;
      complete = complete && in_part.contains(path);
    }
  std::set<std::string> whole;
  for (const auto& [group, complete] : groups)
    if (complete) whole.insert(group);
  return whole;
}

std::string describe(const LoadReport& report, const Layer& layer, const Stored& stored) {
  std::vector<std::string> variables, datasets;
  for (const Parameter& parameter : layer.parameters()) variables.push_back(parameter.path);
  for (const auto& [path, file] : stored.datasets()) datasets.push_back(path);
  std::string text;
  const auto add = [&](std::string_view what, const std::string& entries) {
    if (!entries.empty()) text += cat(text.empty() ? "" : "; ", what, entries);
  };
  add("missing ", list(report.missing, whole_groups(variables, report.missing)));
  add("unexpected ", list(report.unexpected, whole_groups(datasets, report.unexpected)));
  add("", list(report.mismatched, {}));
  return text;
}

}  // namespace

LoadReport load_weights(Layer& layer, const std::filesystem::path& file, const LoadOptions& options) {
  const Stored stored(file);
  Plan plan = Planner(stored, options.skip).plan(layer, options.group, "");
  plan.report.unexpected = unexpected(stored, plan, options.group);
  check_file(!options.strict || plan.report.empty(), "load_weights: ", file.string(), " does not fit ", layer.class_name(), ": ",
             plan.report.empty() ? "" : describe(plan.report, layer, stored));

  // Unless told otherwise, all is read before anything is assigned: a damaged file must leave the layer as it was.
  std::vector<std::pair<Tensor, Tensor>> values;  // variable, new value
  const auto checked = [&](const Hdf5File& from, const std::string& path, const Tensor& tensor) {
    check_file(!options.finite || all_finite(tensor), "load_weights: ", from.path().string(), ": ", path, " must be finite, got NaN or infinity");
  };
  const auto read_into = [&](const Hdf5File& from, const std::string& path, Tensor& tensor) {
    from.read_into(path, tensor);
    checked(from, path, tensor);
  };
  for (const Plan::Read& read : plan.reads) {
    const Hdf5File& from = stored.file_of(read.path);
    if (from.shape(read.path) != read.variable.shape() || is_integer(from.dtype(read.path)) != is_integer(read.variable.dtype())) continue;
    Tensor variable = read.variable;
    if (options.map && share(variable, from, read.path)) {
      checked(from, read.path, variable);
      continue;
    }
    if (options.in_place) {
      read_into(from, read.path, variable);
      continue;
    }
    values.emplace_back(read.variable, Tensor::like(read.variable));
    read_into(from, read.path, values.back().second);
  }
  for (auto& [variable, value] : values) variable.assign(value);
  for (Tensor& factor : plan.zeros) factor.assign(Tensor::zeros(factor.shape(), factor.dtype()));
  return std::move(plan.report);
}

}  // namespace linnet
