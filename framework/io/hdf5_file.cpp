#include "framework/io/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "framework/io/convert.h"
#include "framework/io/hdf5_handle.h"

namespace linnet {
namespace {

using hdf5::Handle;

/// A dataset that passed all checks.
struct Dataset {
  Handle id, type;  // type: of the elements in the file
  Shape shape;
  DType dtype = DType::float32;
  bool wide = false;  // integers that may not fit in int32
};

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string_view class_text(H5T_class_t type) {
  switch (type) {
    case H5T_INTEGER: return "integer";
    case H5T_FLOAT: return "float";
    case H5T_TIME: return "time";
    case H5T_STRING: return "string";
    case H5T_BITFIELD: return "bitfield";
    case H5T_OPAQUE: return "opaque";
    case H5T_COMPOUND: return "compound";
    case H5T_REFERENCE: return "reference";
    case H5T_ENUM: return "enumeration";
    case H5T_VLEN: return "variable-length";
    case H5T_ARRAY: return "array";
    default: return "unknown";
  }
}

bool is_number(const std::string& name) {
  return !name.empty() && name.size() < 10 && std::ranges::all_of(name, [](char c) { return '0' <= c && c <= '9'; });
}

bool comes_first(const Hdf5File::Child& a, const Hdf5File::Child& b) {
  if (is_number(a.name) && is_number(b.name) && a.name.size() != b.name.size()) return a.name.size() < b.name.size();
  return a.name < b.name;
}

}  // namespace

struct Hdf5File::Impl {
  std::filesystem::path path;
  Handle file;

  struct Object {
    Handle id;
    Kind kind = Kind::group;
  };

  template <class... Parts>
  void require(bool ok, const std::string& where, const Parts&... parts) const {
    check_file(ok, "Hdf5File: ", path.string(), ": ", where.empty() ? "/" : where, ": ", parts...);
  }

  /// The door: every access to an object of the file passes here.
  Object open(const std::string& where) const {
    check_file(where.find('\0') == std::string::npos, "Hdf5File: ", path.string(), ": ", where.c_str(), ": a path must not hold a NUL");
    Object object{{H5Oopen(file.get(), "/", H5P_DEFAULT), H5Oclose}, Kind::group};
    require(bool(object.id), where, "the root group must be readable, got: ", hdf5::last_error());
    for (const std::string& part : parts_of(where)) {
      require(part != "." && part != "..", where, "a path must not hold '", part, "'");
      require(object.kind == Kind::group, where, "must lie in a group, got a dataset above '", part, "'");
      require(H5Lexists(object.id.get(), part.c_str(), H5P_DEFAULT) > 0, where, "is missing");
      check_link(object.id.get(), part, where);
      Handle next(H5Oopen(object.id.get(), part.c_str(), H5P_DEFAULT), H5Oclose);
      require(bool(next), where, "is damaged: ", hdf5::last_error());
      const H5I_type_t type = H5Iget_type(next.get());
      require(type == H5I_GROUP || type == H5I_DATASET, where, "'", part, "' must be a group or a dataset, got a named datatype");
      object = {std::move(next), type == H5I_GROUP ? Kind::group : Kind::dataset};
    }
    return object;
  }

  void check_link(hid_t group, const std::string& name, const std::string& where) const {
    H5L_info_t info;
    require(H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) >= 0, where, "is damaged: ", hdf5::last_error());
    require(info.type != H5L_TYPE_SOFT, where, "'", name, "' must be a hard link, got a soft link");
    require(info.type != H5L_TYPE_EXTERNAL, where, "'", name, "' must be a hard link, got a link to another file");
    require(info.type == H5L_TYPE_HARD, where, "'", name, "' must be a hard link, got a user-defined link");
  }

  Dataset open_dataset(const std::string& where) const {
    Object object = open(where);
    require(object.kind == Kind::dataset, where, "must be a dataset, got a group");
    Dataset dataset;
    dataset.id = std::move(object.id);
    const hid_t id = dataset.id.get();
    const Handle space(H5Dget_space(id), H5Sclose);
    dataset.type = Handle(H5Dget_type(id), H5Tclose);
    const Handle creation(H5Dget_create_plist(id), H5Pclose);
    require(space && dataset.type && creation, where, "is damaged: ", hdf5::last_error());
    check_type(dataset, where);
    const std::int64_t bytes = check_shape(dataset, space.get(), where);
    check_storage(dataset, creation.get(), bytes, where);
    return dataset;
  }

  void check_type(Dataset& dataset, const std::string& where) const {
    const hid_t type = dataset.type.get();
    const H5T_class_t type_class = H5Tget_class(type);
    const std::size_t size = H5Tget_size(type);
    if (type_class == H5T_FLOAT) {
      const Handle half = hdf5::float16_type();
      const Handle order_free(H5Tcopy(type), H5Tclose);
      H5Tset_order(order_free.get(), H5T_ORDER_LE);
      const auto is = [&](hid_t other) { return H5Tequal(order_free.get(), other) > 0; };
      require(is(H5T_IEEE_F32LE) || is(H5T_IEEE_F64LE) || is(half.get()), where,
              "a float must be IEEE with 16, 32 or 64 bits, got another format of ", 8 * size, " bits");
      dataset.dtype = size == 2 ? DType::float16 : size == 4 ? DType::float32 : DType::float64;
    } else if (type_class == H5T_INTEGER) {
      require(size == 1 || size == 2 || size == 4 || size == 8, where, "an integer must have 8, 16, 32 or 64 bits, got ", 8 * size);
      const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
      dataset.dtype = size == 1 && is_signed ? DType::int8 : DType::int32;
      dataset.wide = size == 8 || (size == 4 && !is_signed);
    } else if (type_class == H5T_ENUM) {
      require(size == 1 && H5Tget_nmembers(type) == 2 && member(type, 0) == "FALSE" && member(type, 1) == "TRUE", where,
              "an enumeration must be h5py's bool, got another one");
      dataset.dtype = DType::int32;
    } else {
      const bool bfloat16 = type_class == H5T_OPAQUE && size == 2 && text_attribute(dataset.id.get(), "dtype", where) == "bfloat16";
      require(bfloat16, where, "elements must be floats, integers, booleans or Keras' bfloat16, got type class ", class_text(type_class));
      dataset.dtype = DType::bfloat16;
    }
  }

  static std::string member(hid_t type, unsigned index) {
    char* name = H5Tget_member_name(type, index);
    const std::string text = name ? name : "";
    H5free_memory(name);
    return text;
  }

  /// Sets the shape; the result is the size in bytes as stored.
  std::int64_t check_shape(Dataset& dataset, hid_t space, const std::string& where) const {
    require(H5Sget_simple_extent_type(space) != H5S_NULL, where, "must have a shape, got a null dataspace");
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    const int rank = H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    require(rank >= 0, where, "is damaged: ", hdf5::last_error());
    auto bytes = static_cast<std::int64_t>(std::max<std::size_t>(8, H5Tget_size(dataset.type.get())));  // 8: room for a conversion
    bool fits = true, empty = false;
    for (int axis = 0; axis < rank; ++axis) {
      const hsize_t extent = extents[static_cast<std::size_t>(axis)];
      fits = fits && extent <= static_cast<hsize_t>(std::numeric_limits<std::int64_t>::max());
      dataset.shape.push_back(static_cast<std::int64_t>(extent));
      empty = empty || extent == 0;
      fits = fits && !__builtin_mul_overflow(bytes, std::max<std::int64_t>(1, dataset.shape.back()), &bytes);
    }
    require(fits, where, "the size in bytes must fit in 64 bits, got ", dataset.shape);
    return empty ? 0 : element_count(dataset.shape) * static_cast<std::int64_t>(H5Tget_size(dataset.type.get()));
  }

  void check_storage(const Dataset& dataset, hid_t creation, std::int64_t bytes, const std::string& where) const {
    require(H5Pget_external_count(creation) == 0, where, "must be stored in the file itself, got external storage");
    const H5D_layout_t layout = H5Pget_layout(creation);
    require(layout != H5D_VIRTUAL, where, "must be stored in the file itself, got a virtual dataset");
    require(layout == H5D_CONTIGUOUS || layout == H5D_COMPACT || layout == H5D_CHUNKED, where, "must be contiguous, compact or chunked");
    for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
      unsigned flags = 0, config = 0;
      std::size_t values = 0;
      const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &config);
      require(filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32, where,
              "filters must be gzip, shuffle or fletcher32, got filter ", filter);
    }
    const auto stored = static_cast<std::int64_t>(H5Dget_storage_size(dataset.id.get()));
    if (layout != H5D_CHUNKED) {
      require(stored == bytes, where, "shape ", dataset.shape, " needs ", bytes, " bytes, got ", stored, " stored");
      return;
    }
    // A small file must not make us allocate much: neither by its shape nor by its chunks.
    constexpr std::int64_t kLarge = std::int64_t{64} << 20;
    require(stored > 0 || bytes == 0, where, "shape ", dataset.shape, " needs ", bytes, " bytes, got none stored");
    require(bytes <= kLarge || bytes / 100 <= stored, where, "must not expand more than 100 times, got ", bytes, " bytes from ", stored);
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    const int rank = H5Pget_chunk(creation, H5S_MAX_RANK, extents.data());
    auto chunk = static_cast<double>(H5Tget_size(dataset.type.get()));
    for (int axis = 0; axis < rank; ++axis) chunk *= static_cast<double>(extents[static_cast<std::size_t>(axis)]);
    require(chunk <= static_cast<double>(std::max(bytes, kLarge / 8)), where, "a chunk must not exceed its dataset, got ", chunk, " bytes");
  }

  std::optional<std::string> text_attribute(hid_t object, const std::string& name, const std::string& where) const {
    if (name.find('\0') != std::string::npos || H5Aexists(object, name.c_str()) <= 0) return std::nullopt;
    const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
    require(bool(attribute), where, "attribute '", name, "' is damaged: ", hdf5::last_error());
    const Handle type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
    require(type && space && H5Tget_class(type.get()) == H5T_STRING && H5Sget_simple_extent_type(space.get()) == H5S_SCALAR, where, "attribute '",
            name, "' must be one text");
    constexpr std::size_t kLongest = 1 << 16;
    std::string text;
    bool read = false;
    if (H5Tis_variable_str(type.get()) > 0) {
      char* value = nullptr;
      read = H5Aread(attribute.get(), type.get(), static_cast<void*>(&value)) >= 0;
      if (value) text = value;
      H5free_memory(value);
    } else {
      require(H5Tget_size(type.get()) <= kLongest, where, "attribute '", name, "' must have at most ", kLongest, " bytes");
      text.resize(H5Tget_size(type.get()));
      read = H5Aread(attribute.get(), type.get(), text.data()) >= 0;
      text.resize(std::min(text.find('\0'), text.size()));
    }
    require(read, where, "attribute '", name, "' is damaged: ", hdf5::last_error());
    require(text.size() <= kLongest, where, "attribute '", name, "' must have at most ", kLongest, " bytes");
    return text;
  }

  void read_elements(const Dataset& dataset, hid_t type, void* to, const std::string& where) const {
    require(H5Dread(dataset.id.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0, where, "is damaged: ", hdf5::last_error());
  }

  /// `tensor` has the dataset's shape and dtype.
  void read(const Dataset& dataset, Tensor& tensor, const std::string& where) const {
    if (tensor.size() == 0) return;
    if (dataset.wide) return read_wide(dataset, tensor, where);
    if (H5Tget_class(dataset.type.get()) == H5T_ENUM) {
      std::vector<std::int8_t> values(static_cast<std::size_t>(tensor.size()));
      read_elements(dataset, dataset.type.get(), values.data(), where);
      std::ranges::transform(values, tensor.mutable_data<std::int32_t>().begin(), [](std::int8_t value) { return value != 0; });
      return;
    }
    const Handle half = hdf5::float16_type();
    hid_t type = dataset.type.get();  // bfloat16: the bytes as they are
    switch (dataset.dtype) {
      case DType::float32: type = H5T_NATIVE_FLOAT; break;
      case DType::float64: type = H5T_NATIVE_DOUBLE; break;
      case DType::float16: type = half.get(); break;
      case DType::int8: type = H5T_NATIVE_INT8; break;
      case DType::int32: type = H5T_NATIVE_INT32; break;
      case DType::bfloat16: break;
    }
    read_elements(dataset, type, tensor.mutable_raw(), where);
  }

  void read_wide(const Dataset& dataset, Tensor& tensor, const std::string& where) const {
    std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.size()));
    read_elements(dataset, H5T_NATIVE_INT64, values.data(), where);  // HDF5 clamps what exceeds int64
    auto to = tensor.mutable_data<std::int32_t>().begin();
    for (const std::int64_t value : values) {
      require(std::in_range<std::int32_t>(value), where, "integers must fit in 32 bits, got ", value);
      *to++ = static_cast<std::int32_t>(value);
    }
  }
};

Hdf5File::Hdf5File(const std::filesystem::path& file) : impl_(std::make_unique<Impl>()) {
  impl_->path = file;
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  check_file(std::filesystem::exists(status), "Hdf5File: cannot open ", file.string(), ": no such file");
  check_file(std::filesystem::is_regular_file(status), "Hdf5File: ", file.string(), " must be a regular file");
  std::array<char, 9> start{};
  std::ifstream stream(file, std::ios::binary);
  check_file(stream.good(), "Hdf5File: cannot open ", file.string(), " (is it readable?)");
  stream.read(start.data(), start.size());
  check_file(stream.gcount() == 9 && std::string_view(start.data(), 8) == "\x89HDF\r\n\x1a\n", "Hdf5File: ", file.string(),
             " must begin with HDF5's signature (is it a Keras 3 .weights.h5?)");
  check_file(start[8] >= 0 && start[8] <= 3, "Hdf5File: ", file.string(), ": the superblock's version must be 0 to 3, got ", int{start[8]});

  const auto guard = hdf5::lock();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_sec2(access.get());
  H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  impl_->file = Handle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  check_file(bool(impl_->file), "Hdf5File: ", file.string(), " is damaged or cut off: ", hdf5::last_error(), " (fetch or save it again)");
}

Hdf5File::~Hdf5File() {
  if (!impl_) return;
  const auto guard = hdf5::lock();
  impl_.reset();
}

Hdf5File::Hdf5File(Hdf5File&&) noexcept = default;
Hdf5File& Hdf5File::operator=(Hdf5File&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

const std::filesystem::path& Hdf5File::path() const { return impl_->path; }

bool Hdf5File::exists(const std::string& path) const {
  const auto guard = hdf5::lock();
  const std::vector<std::string> parts = parts_of(path);
  std::string above;
  for (const std::string& part : parts) {
    const Impl::Object group = impl_->open(above);
    if (group.kind == Kind::dataset || H5Lexists(group.id.get(), part.c_str(), H5P_DEFAULT) <= 0) return false;
    above += "/" + part;
  }
  return true;
}

Hdf5File::Kind Hdf5File::kind(const std::string& path) const {
  const auto guard = hdf5::lock();
  return impl_->open(path).kind;
}

std::vector<Hdf5File::Child> Hdf5File::children(const std::string& path) const {
  const auto guard = hdf5::lock();
  const Impl::Object group = impl_->open(path);
  impl_->require(group.kind == Kind::group, path, "must be a group, got a dataset");
  std::vector<std::string> names;
  constexpr std::size_t kMost = 100'000;
  const auto add_name = [](hid_t, const char* name, const H5L_info_t*, void* to) -> herr_t {
    auto& all = *static_cast<std::vector<std::string>*>(to);
    all.emplace_back(name);
    return all.size() > kMost ? 1 : 0;
  };
  const herr_t done = H5Literate(group.id.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names);
  impl_->require(done >= 0, path, "is damaged: ", hdf5::last_error());
  impl_->require(done == 0, path, "must have at most ", kMost, " children");
  std::vector<Child> result;
  for (const std::string& name : names) {
    impl_->require(!name.empty() && name.find('/') == std::string::npos, path, "a child's name must not be empty or hold '/'");
    const Impl::Object child = impl_->open(path + "/" + name);
    H5O_info_t info;
    impl_->require(H5Oget_info2(child.id.get(), &info, H5O_INFO_BASIC) >= 0, path + "/" + name, "is damaged: ", hdf5::last_error());
    result.push_back({name, child.kind, info.addr});
  }
  std::ranges::sort(result, comes_first);
  return result;
}

Shape Hdf5File::shape(const std::string& path) const {
  const auto guard = hdf5::lock();
  return impl_->open_dataset(path).shape;
}

DType Hdf5File::dtype(const std::string& path) const {
  const auto guard = hdf5::lock();
  return impl_->open_dataset(path).dtype;
}

Tensor Hdf5File::read(const std::string& path) const {
  const auto guard = hdf5::lock();
  const Dataset dataset = impl_->open_dataset(path);
  Tensor tensor = Tensor::empty(dataset.shape, dataset.dtype);
  impl_->read(dataset, tensor, path);
  return tensor;
}

void Hdf5File::read_into(const std::string& path, Tensor& tensor) const {
  const auto guard = hdf5::lock();
  const Dataset dataset = impl_->open_dataset(path);
  impl_->require(dataset.shape == tensor.shape(), path, "must have shape ", tensor.shape(), ", got ", dataset.shape);
  if (dataset.dtype == tensor.dtype()) return impl_->read(dataset, tensor, path);
  const bool to_float = tensor.dtype() != DType::int32 && tensor.dtype() != DType::int8;
  impl_->require(to_float || dataset.dtype == DType::int8, path, "must have dtype ", tensor.dtype(), ", got ", dataset.dtype);
  Tensor stored = Tensor::empty(dataset.shape, dataset.dtype);
  impl_->read(dataset, stored, path);
  tensor.assign(convert(stored, tensor.dtype()));
}

Hdf5File::Description Hdf5File::describe(const std::string& path) const {
  const auto guard = hdf5::lock();
  const Dataset dataset = impl_->open_dataset(path);
  Description result{dataset.shape, dataset.dtype, {}};
  if (H5Tequal(dataset.type.get(), H5T_NATIVE_FLOAT) <= 0) return result;
  const haddr_t address = H5Dget_offset(dataset.id.get());  // none for chunks, and before anything is written
  if (address != HADDR_UNDEF) result.place = address;
  return result;
}

std::optional<std::string> Hdf5File::attribute(const std::string& path, const std::string& name) const {
  const auto guard = hdf5::lock();
  return impl_->text_attribute(impl_->open(path).id.get(), name, path);
}

}  // namespace linnet
