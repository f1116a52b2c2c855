#include "framework/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/mapped_file.h"
#include "framework/io/output_file.h"
#include "framework/io/safetensors_header.h"
#include "framework/io/shards.h"

namespace linnet {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it is");

struct Safetensors::Impl {
  std::filesystem::path path;
  std::vector<std::shared_ptr<MappedFile>> files;
  std::vector<Entry> entries;  // sorted by name
  std::map<std::string, std::string> metadata;

  void add_file(const std::filesystem::path& file) {
    const std::string name = file.string();
    const auto bytes = files.emplace_back(std::make_shared<MappedFile>(file, MappedFile::Access::copy_on_write))->bytes();
    check_file(bytes.size() >= 8, "Safetensors: ", name, ": must have at least 8 bytes, got ", bytes.size());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    check_file(length <= safetensors::kLargestHeader, "Safetensors: ", name, ": the header must have at most ", safetensors::kLargestHeader,
               " bytes, got ", length, " (is it a .safetensors file?)");
    check_file(length <= bytes.size() - 8, "Safetensors: ", name, ": the header must end within the file, got ", length, " of ", bytes.size() - 8,
               " bytes (is it cut off?)");
    const auto data = bytes.subspan(8 + static_cast<std::size_t>(length));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, static_cast<std::size_t>(length));
    safetensors::Header header = safetensors::parse_header(text, static_cast<std::int64_t>(data.size()), name);
    if (entries.empty()) entries.reserve(header.entries.size());
    for (auto& entry : header.entries)
      entries.push_back({std::move(entry.name), std::move(entry.type), std::move(entry.shape), data.data() + entry.begin, files.size() - 1});
    metadata.merge(header.metadata);
  }

  void add_shards() {
    read_through_index(path, safetensors::kLargestHeader, [this](const std::string& index) {
      files.clear();
      entries.clear();
      metadata.clear();
      add_shards(index);
    });
  }

  void add_shards(const std::string& index) {
    const auto places = safetensors::parse_index(index, path.string());
    std::map<std::string, std::size_t> first;  // shard -> its first entry
    for (const auto& [name, shard] : places) {
      if (first.contains(shard)) continue;
      check_file(std::filesystem::exists(path.parent_path() / shard), "Safetensors: ", path.string(), ": shard ", shard, " is missing");
      const std::size_t begin = entries.size();
      add_file(path.parent_path() / shard);
      std::erase_if(entries, [&places, begin, here = shard, seen = std::size_t{0}](const Entry& entry) mutable {  // what the index places elsewhere
        if (seen++ < begin) return false;
        const auto place = places.find(entry.name);
        return place == places.end() || place->second != here;
      });
      first[shard] = begin;
    }
    std::ranges::sort(entries, {}, &Entry::name);
    for (const auto& [name, shard] : places)
      check_file(std::ranges::binary_search(entries, name, {}, &Entry::name), "Safetensors: ", path.string(), ": shard ", shard, " must hold '", name,
                 "'");
  }
};

namespace {

DType dtype_of_type(std::string_view type) {
  if (type == "F32") return DType::float32;
  if (type == "F64") return DType::float64;
  if (type == "F16") return DType::float16;
  if (type == "BF16") return DType::bfloat16;
  if (type == "I8") return DType::int8;
  return DType::int32;
}

/// `tensor` has the entry's shape and dtype.
void copy_elements(const Safetensors::Entry& entry, Tensor& tensor, const std::filesystem::path& file) {
  if (tensor.size() == 0) return;
  const std::int64_t bytes = safetensors::element_bytes(entry.type);
  if (tensor.dtype() != DType::int32 || entry.type == "I32") {
    MappedFile::copy_out({entry.data, static_cast<std::size_t>(tensor.size() * bytes)}, tensor.mutable_raw());
    return;
  }
  const auto narrow = [&]<class T>() {
    const std::byte* from = entry.data;
    for (std::int32_t& to : tensor.mutable_data<std::int32_t>()) {
      T value;
      std::memcpy(&value, from, sizeof(T));
      check_file(std::in_range<std::int32_t>(value), "Safetensors: ", file.string(), ": '", entry.name, "': integers must fit in 32 bits, got ",
                 value);
      to = static_cast<std::int32_t>(value);
      from += sizeof(T);
    }
  };
  if (entry.type == "I64") narrow.operator()<std::int64_t>();
  else if (entry.type == "U64") narrow.operator()<std::uint64_t>();
  else if (entry.type == "U32") narrow.operator()<std::uint32_t>();
  else if (entry.type == "I16") narrow.operator()<std::int16_t>();
  else if (entry.type == "U16") narrow.operator()<std::uint16_t>();
  else narrow.operator()<std::uint8_t>();  // U8 and BOOL
}

std::string_view type_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return "F32";
    case DType::float64: return "F64";
    case DType::float16: return "F16";
    case DType::bfloat16: return "BF16";
    case DType::int8: return "I8";
    case DType::int32: return "I32";
  }
  return {};
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& file) : impl_(std::make_unique<Impl>()) {
  impl_->path = file;
  if (file.extension() == ".json") impl_->add_shards();
  else impl_->add_file(file);
}
Safetensors::~Safetensors() = default;
Safetensors::Safetensors(Safetensors&&) noexcept = default;
Safetensors& Safetensors::operator=(Safetensors&&) noexcept = default;

const std::filesystem::path& Safetensors::path() const { return impl_->path; }
std::span<const Safetensors::Entry> Safetensors::entries() const { return impl_->entries; }
const std::map<std::string, std::string>& Safetensors::metadata() const { return impl_->metadata; }

bool Safetensors::contains(std::string_view name) const { return std::ranges::binary_search(impl_->entries, name, {}, &Entry::name); }

const Safetensors::Entry& Safetensors::entry(std::string_view name) const {
  const auto found = std::ranges::lower_bound(impl_->entries, name, {}, &Entry::name);
  check_file(found != impl_->entries.end() && found->name == name, "Safetensors: ", impl_->path.string(), ": '", name, "' is missing");
  return *found;
}

Shape Safetensors::shape(std::string_view name) const { return entry(name).shape; }
DType Safetensors::dtype(std::string_view name) const { return dtype_of_type(entry(name).type); }

Tensor Safetensors::read(std::string_view name) const {
  const Entry& found = entry(name);
  Tensor tensor = Tensor::empty(found.shape, dtype_of_type(found.type));
  copy_elements(found, tensor, impl_->path);
  return tensor;
}

std::optional<Tensor> Safetensors::map(std::string_view name) const {
  const Entry& found = entry(name);
  const DType dtype = dtype_of_type(found.type);
  const bool aligned = reinterpret_cast<std::uintptr_t>(found.data) % static_cast<std::uintptr_t>(size_of(dtype)) == 0;
  if (!aligned || safetensors::element_bytes(found.type) != size_of(dtype) || found.type == "U32") return {};
  const std::shared_ptr<MappedFile>& file = impl_->files[found.file];
  const auto place = static_cast<std::size_t>(found.data - file->bytes().data());
  return Tensor::over(file, file->writable_bytes().data() + place, found.shape, dtype);
}

void Safetensors::read_into(std::string_view name, Tensor& tensor) const {
  const Entry& found = entry(name);
  const auto require = [&](bool ok, const auto&... parts) { check_file(ok, "Safetensors: ", impl_->path.string(), ": '", name, "': ", parts...); };
  require(found.shape == tensor.shape(), "must have shape ", tensor.shape(), ", got ", found.shape);
  const DType stored = dtype_of_type(found.type);
  if (stored == tensor.dtype()) return copy_elements(found, tensor, impl_->path);
  const bool to_float = tensor.dtype() != DType::int32 && tensor.dtype() != DType::int8;
  require(to_float || stored == DType::int8, "must have dtype ", tensor.dtype(), ", got ", found.type);
  tensor.assign(convert(read(name), tensor.dtype()));
}

void write_safetensors(const std::filesystem::path& file, std::span<const Parameter> tensors, const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::int64_t end = 0;
  for (const Parameter& parameter : tensors) {
    check(!parameter.path.empty() && parameter.path != "__metadata__" && !header.contains(parameter.path),
          "write_safetensors: a tensor's name must be new, not empty and not '__metadata__', got '", parameter.path, "'");
    const std::int64_t begin = end;
    end += parameter.tensor.size() * size_of(parameter.tensor.dtype());
    header[parameter.path] = {{"dtype", type_of(parameter.tensor.dtype())}, {"shape", parameter.tensor.shape()}, {"data_offsets", {begin, end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::type_error&) {
    throw std::invalid_argument("write_safetensors: names and metadata must be UTF-8, got other bytes");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  AtomicFile output(file);
  OutputFile bytes(output.temporary());
  bytes.append(&length, sizeof length);
  bytes.append(text.data(), static_cast<std::int64_t>(text.size()));
  for (const Parameter& parameter : tensors) bytes.append(parameter.tensor.raw(), parameter.tensor.size() * size_of(parameter.tensor.dtype()));
  bytes.close(cat("write_safetensors: cannot write ", file.string(), ": "));
  output.commit();
}

}  // namespace linnet
