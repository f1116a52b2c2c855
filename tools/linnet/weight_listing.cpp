#include "tools/linnet/weight_listing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <set>

#include "framework/config/json_value.h"
#include "framework/core/error.h"
#include "framework/core/parallel.h"
#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/safetensors.h"

namespace linnet::tool {
namespace {

void add_group(const std::shared_ptr<const Hdf5File>& file, const std::string& group, std::vector<StoredTensor>& tensors) {
  const std::string label = group.ends_with("vars") ? file->attribute(group, "name").value_or("") : "";
  for (const Hdf5File::Child& child : file->children(group)) {
    const std::string path = group.empty() ? child.name : group + "/" + child.name;
    if (child.kind == Hdf5File::Kind::group) add_group(file, path, tensors);
    else tensors.push_back({path, label, file->shape(path), file->dtype(path), [file, path] { return file->read(path); }, file->floats(path)});
  }
}

void add_safetensors(const std::filesystem::path& path, std::vector<StoredTensor>& tensors) {
  const auto file = std::make_shared<const Safetensors>(path);
  for (const Safetensors::Entry& entry : file->entries()) {
    StoredTensor& tensor = tensors.emplace_back(
        StoredTensor{entry.name, "", entry.shape, file->dtype(entry.name), [file, name = entry.name] { return file->read(name); }});
    const bool aligned = reinterpret_cast<std::uintptr_t>(entry.data) % alignof(float) == 0;
    if (entry.type == "F32" && aligned)
      tensor.values = {reinterpret_cast<const float*>(entry.data), static_cast<std::size_t>(tensor.bytes()) / sizeof(float)};
  }
}

/// The shards of a .weights.json.
void add_keras_shards(const std::filesystem::path& index, std::vector<StoredTensor>& tensors) {
  constexpr std::int64_t kLargest = std::int64_t{64} << 20;
  const JsonValue json = JsonValue::parse(read_text(index, kLargest), index.string());
  std::set<std::string> files;
  for (const auto& [group, places] : json.at("weight_map").members()) {
    if (places.is_text()) files.insert(places.text());
    else
      for (const JsonValue& place : places.elements()) files.insert(place.text());
  }
  for (const std::string& file : files) {
    check_file(file.find('/') == std::string::npos, index.string(), ": a shard must be a file beside its index, got '", file, "'");
    add_group(std::make_shared<const Hdf5File>(index.parent_path() / file), "", tensors);
  }
}

void add_file(const std::filesystem::path& path, std::vector<StoredTensor>& tensors) {
  const std::string name = path.filename().string();
  if (name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json")) return add_safetensors(path, tensors);
  if (name.ends_with(".weights.json")) return add_keras_shards(path, tensors);
  check_file(name.ends_with(".h5"), "inspect: a weight file must end in .h5, .safetensors, .weights.json or .safetensors.index.json, got ",
             path.string());
  add_group(std::make_shared<const Hdf5File>(path), "", tensors);
}

void add_directory(const std::filesystem::path& directory, std::vector<StoredTensor>& tensors) {
  const auto try_first_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (std::filesystem::is_regular_file(directory / name)) return add_file(directory / name, tensors);
  };
  try_first_of({"model.weights.h5", "model.weights.json"});
  const std::size_t model = tensors.size();
  try_first_of({"task.weights.h5"});
  for (std::size_t i = model; i < tensors.size(); ++i) tensors[i].name.insert(0, "task.weights.h5: ");  // it has layers of the same names
  try_first_of({"model.safetensors.index.json", "model.safetensors"});
  check_file(!tensors.empty(), "inspect: ", directory.string(), " must hold model.weights.h5, model.weights.json, model.safetensors or ",
             "model.safetensors.index.json");
}

constexpr std::int64_t kBlock = 4096;

/// Of a block in which all elements are finite: sums of floats stay exact enough in so few.
template <class T>
void add_block(const T* x, std::int64_t n, Statistics& total, double& sum) {
  T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest(), partial = 0;
#pragma omp simd reduction(min : low) reduction(max : high) reduction(+ : partial)
  for (std::int64_t i = 0; i < n; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    partial += x[i];
  }
  if (std::isfinite(partial)) {
    total.min = std::min<double>(total.min, low);
    total.max = std::max<double>(total.max, high);
    sum += partial;
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {  // not a number somewhere, or a sum too large
    if (!std::isfinite(x[i])) {
      ++total.not_finite;
      continue;
    }
    total.min = std::min<double>(total.min, x[i]);
    total.max = std::max<double>(total.max, x[i]);
    sum += static_cast<double>(x[i]);
  }
}

template <class T>
Statistics statistics_of(const T* x, std::int64_t size) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Statistics total{kInfinity, -kInfinity, 0, 0};
  double sum = 0;
  std::mutex mutex;
  parallel_rows((size + kBlock - 1) / kBlock, kBlock, [&](std::int64_t begin, std::int64_t end) {
    Statistics part{kInfinity, -kInfinity, 0, 0};
    double part_sum = 0;
    for (std::int64_t block = begin; block < end; ++block) add_block(x + block * kBlock, std::min(kBlock, size - block * kBlock), part, part_sum);
    const std::lock_guard lock(mutex);
    total.min = std::min(total.min, part.min);
    total.max = std::max(total.max, part.max);
    total.not_finite += part.not_finite;
    sum += part_sum;
  });
  const std::int64_t finite = size - total.not_finite;
  if (finite == 0) return {0, 0, 0, total.not_finite};
  total.mean = sum / static_cast<double>(finite);
  return total;
}

/// Runs of digits compare as numbers, so that layer 2 comes before layer 10.
bool comes_first(const StoredTensor& a, const StoredTensor& b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.name.size() && j < b.name.size()) {
    if (is_digit(a.name[i]) && is_digit(b.name[j])) {
      std::size_t i_end = i, j_end = j;
      while (i_end < a.name.size() && is_digit(a.name[i_end])) ++i_end;
      while (j_end < b.name.size() && is_digit(b.name[j_end])) ++j_end;
      if (i_end - i != j_end - j) return i_end - i < j_end - j;
      const int order = a.name.compare(i, i_end - i, b.name, j, j_end - j);
      if (order != 0) return order < 0;
      i = i_end;
      j = j_end;
      continue;
    }
    if (a.name[i] != b.name[j]) return a.name[i] < b.name[j];
    ++i;
    ++j;
  }
  return a.name.size() - i < b.name.size() - j;
}

}  // namespace

std::int64_t StoredTensor::bytes() const {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  return elements * size_of(dtype);
}

std::vector<StoredTensor> list_tensors(const std::filesystem::path& path) {
  std::vector<StoredTensor> tensors;
  if (std::filesystem::is_directory(path)) add_directory(path, tensors);
  else add_file(path, tensors);
  std::ranges::stable_sort(tensors, comes_first);
  return tensors;
}

Statistics statistics(const StoredTensor& tensor) {
  if (!tensor.values.empty()) return statistics_of(tensor.values.data(), std::ssize(tensor.values));
  const Tensor values = convert(tensor.read(), DType::float64);
  return statistics_of(values.data<double>().data(), values.size());
}

}  // namespace linnet::tool
