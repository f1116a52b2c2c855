#include "framework/io/hdf5_file.h"

#include <algorithm>
#include <utility>

#include "framework/io/convert.h"
#include "framework/io/hdf5/tree.h"
#include "framework/io/mapped_file.h"

namespace linnet {
namespace {

using hdf5::Dataset;
using hdf5::Datatype;
using hdf5::Object;
using hdf5::Refused;
using hdf5::require;

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool is_number(const std::string& name) {
  return !name.empty() && name.size() < 10 && std::ranges::all_of(name, [](char c) { return '0' <= c && c <= '9'; });
}

bool comes_first(const Hdf5File::Child& a, const Hdf5File::Child& b) {
  if (is_number(a.name) && is_number(b.name) && a.name.size() != b.name.size()) return a.name.size() < b.name.size();
  return a.name < b.name;
}

std::optional<std::string_view> text_attribute(const Object& object, std::string_view name) {
  const auto found = std::ranges::find(object.attributes, name, &hdf5::Attribute::name);
  if (found == object.attributes.end()) return std::nullopt;
  require(found->text.has_value(), "attribute '", name, "' must be one text");
  return found->text;
}

DType element_dtype(const Object& object) {
  const Datatype& type = object.dataset->type;
  const auto is_size = [&](auto... sizes) { return ((type.size == sizes) || ...); };
  switch (type.type_class) {
    case Datatype::Class::floating:
      require(type.plain, "a float must be IEEE with 16, 32 or 64 bits, got another format of ", 8 * std::uint64_t{type.size}, " bits");
      return type.size == 2 ? DType::float16 : type.size == 4 ? DType::float32 : DType::float64;
    case Datatype::Class::integer:
      require(type.plain && is_size(1u, 2u, 4u, 8u), "an integer must have 8, 16, 32 or 64 bits, got another format of ",
              8 * std::uint64_t{type.size}, " bits");
      return type.size == 1 && type.is_signed ? DType::int8 : DType::int32;
    case Datatype::Class::enumeration: require(type.plain, "an enumeration must be h5py's bool, got another one"); return DType::int32;
    default: {
      const bool two_bytes = type.type_class == Datatype::Class::opaque && type.size == 2;
      require(two_bytes && text_attribute(object, "dtype") == "bfloat16",
              "elements must be floats, integers, booleans or Keras' bfloat16, got type class ", text_of(type.type_class));
      return DType::bfloat16;
    }
  }
}

void copy_elements(const Dataset& dataset, void* to) {
  if (dataset.piece) MappedFile::copy_out(*dataset.piece, to);
  else hdf5::copy_elements(dataset, static_cast<std::byte*>(to));
}

void swap_bytes(std::byte* elements, std::int64_t count, std::size_t size) {
  for (std::int64_t i = 0; i < count; ++i, elements += size) std::reverse(elements, elements + size);
}

/// Integers of any width, and booleans.
void widen(const Dataset& dataset, std::span<std::int32_t> to) {
  const std::size_t size = dataset.type.size;
  std::vector<std::byte> stored(static_cast<std::size_t>(dataset.bytes));
  copy_elements(dataset, stored.data());
  if (dataset.type.big_endian) swap_bytes(stored.data(), std::ssize(to), size);
  hdf5::Cursor in(stored, "a dataset");
  const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
  for (std::int32_t& element : to) {
    const std::uint64_t bits = in.number(size);
    if (dataset.type.type_class == Datatype::Class::enumeration) {
      element = bits != 0;
      continue;
    }
    const auto number = static_cast<std::int64_t>(bits << unused) >> unused;  // extends the sign
    const bool fits = dataset.type.is_signed ? std::in_range<std::int32_t>(number) : std::in_range<std::int32_t>(bits);
    require(fits, "integers must fit in 32 bits, got ", dataset.type.is_signed ? cat(number) : cat(bits));
    element = static_cast<std::int32_t>(number);
  }
}

/// `tensor` has the dataset's shape and dtype.
void fill(const Dataset& dataset, Tensor& tensor) {
  if (tensor.size() == 0) return;
  if (tensor.dtype() == DType::int32) return widen(dataset, tensor.mutable_data<std::int32_t>());
  copy_elements(dataset, tensor.mutable_raw());
  if (dataset.type.big_endian) swap_bytes(static_cast<std::byte*>(tensor.mutable_raw()), tensor.size(), dataset.type.size);
}

}  // namespace

struct Hdf5File::Impl {
  std::filesystem::path path;
  std::shared_ptr<MappedFile> map;
  hdf5::Tree tree;

  explicit Impl(const std::filesystem::path& file) : path(file), map(std::make_shared<MappedFile>(file, MappedFile::Access::copy_on_write)) {
    try {
      tree = hdf5::read_tree(map->bytes());
    } catch (const Refused& refused) {
      check_file(false, "Hdf5File: ", path.string(), ": ", refused.where, refused.where.empty() ? "" : ": ", refused.what());
    }
  }

  /// What `use` makes of the object at a path: the door to all of them.
  template <class Use>
  auto at(const std::string& where, Use use) const {
    try {
      return use(find(where));
    } catch (const Refused& refused) {
      throw std::runtime_error(cat("Hdf5File: ", path.string(), ": ", where.empty() ? "/" : where.c_str(), ": ", refused.what()));
    }
  }

  template <class Use>
  auto at_dataset(const std::string& where, Use use) const {
    return at(where, [&](const Object& object) {
      require(object.dataset.has_value(), "must be a dataset, got a group");
      return use(object);
    });
  }

  const Object* child(const Object& group, const std::string& name) const {
    const auto found = std::ranges::lower_bound(group.children, name, {}, &Object::Child::name);
    return found != group.children.end() && found->name == name ? &tree[found->object] : nullptr;
  }

  const Object& find(const std::string& where) const {
    require(where.find('\0') == std::string::npos, "a path must not hold a NUL");
    const Object* object = &tree[0];
    for (const std::string& part : parts_of(where)) {
      require(part != "." && part != "..", "a path must not hold '", part, "'");
      require(!object->dataset, "must lie in a group, got a dataset above '", part, "'");
      object = child(*object, part);
      require(object != nullptr, "is missing");
    }
    return *object;
  }
};

Hdf5File::Hdf5File(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {}
Hdf5File::~Hdf5File() = default;
Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&&) noexcept = default;

const std::filesystem::path& Hdf5File::path() const { return impl_->path; }

bool Hdf5File::exists(const std::string& path) const {
  const Object* object = &impl_->tree[0];
  for (const std::string& part : parts_of(path)) {
    object = impl_->child(*object, part);
    if (!object) return false;
  }
  return true;
}

Hdf5File::Kind Hdf5File::kind(const std::string& path) const {
  return impl_->at(path, [](const Object& object) { return object.dataset ? Kind::dataset : Kind::group; });
}

std::vector<Hdf5File::Child> Hdf5File::children(const std::string& path) const {
  return impl_->at(path, [&](const Object& group) {
    require(!group.dataset, "must be a group, got a dataset");
    std::vector<Child> result;
    for (const Object::Child& child : group.children)
      result.push_back({std::string(child.name), impl_->tree[child.object].dataset ? Kind::dataset : Kind::group});
    std::ranges::sort(result, comes_first);
    return result;
  });
}

Shape Hdf5File::shape(const std::string& path) const {
  return impl_->at_dataset(path, [](const Object& object) { return object.dataset->shape; });
}

DType Hdf5File::dtype(const std::string& path) const { return impl_->at_dataset(path, element_dtype); }

Tensor Hdf5File::read(const std::string& path) const {
  return impl_->at_dataset(path, [](const Object& object) {
    Tensor tensor = Tensor::empty(object.dataset->shape, element_dtype(object));
    fill(*object.dataset, tensor);
    return tensor;
  });
}

void Hdf5File::read_into(const std::string& path, Tensor& tensor) const {
  impl_->at_dataset(path, [&](const Object& object) {
    const Dataset& dataset = *object.dataset;
    const DType dtype = element_dtype(object);
    require(dataset.shape == tensor.shape(), "must have shape ", tensor.shape(), ", got ", dataset.shape);
    if (dtype == tensor.dtype()) return fill(dataset, tensor);
    const bool to_float = tensor.dtype() != DType::int32 && tensor.dtype() != DType::int8;
    require(to_float || dtype == DType::int8, "must have dtype ", tensor.dtype(), ", got ", dtype);
    Tensor stored = Tensor::empty(dataset.shape, dtype);
    fill(dataset, stored);
    tensor.assign(convert(stored, tensor.dtype()));
  });
}

std::span<const float> Hdf5File::floats(const std::string& path) const {
  return impl_->at_dataset(path, [](const Object& object) -> std::span<const float> {
    const Datatype& type = object.dataset->type;
    const auto& piece = object.dataset->piece;
    const bool as_in_memory = piece && !type.big_endian && type.type_class == Datatype::Class::floating && element_dtype(object) == DType::float32 &&
                              reinterpret_cast<std::uintptr_t>(piece->data()) % alignof(float) == 0;
    if (!as_in_memory) return {};
    return {reinterpret_cast<const float*>(piece->data()), piece->size() / sizeof(float)};
  });
}

std::optional<Tensor> Hdf5File::map(const std::string& path) const {
  const std::span<const float> elements = floats(path);
  if (elements.empty()) return {};
  const auto place = reinterpret_cast<const std::byte*>(elements.data()) - impl_->map->bytes().data();
  return Tensor::over(impl_->map, impl_->map->writable_bytes().data() + place, shape(path));
}

std::optional<std::string> Hdf5File::attribute(const std::string& path, const std::string& name) const {
  return impl_->at(path, [&](const Object& object) -> std::optional<std::string> {
    const auto text = text_attribute(object, name);
    if (!text) return std::nullopt;
    return std::string(*text);
  });
}

}  // namespace linnet
