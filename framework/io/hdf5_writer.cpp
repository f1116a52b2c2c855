#include "framework/io/hdf5_writer.h"

#include <hdf5.h>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_driver.h"
#include "framework/io/hdf5_handle.h"
#include "framework/io/output_file.h"

namespace linnet {

using hdf5::Handle;

struct Hdf5Writer::Impl {
  AtomicFile output;
  OutputFile bytes;
  Handle file;

  explicit Impl(const std::filesystem::path& path) : output(path), bytes(output.temporary()) {}

  void require(bool ok, const std::string& where) const {
    check_file(ok, "Hdf5Writer: cannot write ", output.target().string(), ": ", where, ": ", ok ? "" : hdf5::last_error());
  }

  /// Path with one leading slash, as HDF5 wants it.
  static std::string absolute(const std::string& path) { return path.starts_with('/') ? path : "/" + path; }

  void make_groups(const std::string& path) const {
    const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    H5Pset_obj_track_times(creation.get(), false);
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string prefix = path.substr(0, end);
      if (prefix != "/" && H5Lexists(file.get(), prefix.c_str(), H5P_DEFAULT) <= 0) {
        const Handle group(H5Gcreate2(file.get(), prefix.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose);
        require(bool(group), prefix);
      }
      if (end == std::string::npos) return;
    }
  }

  /// The dataset and the groups above it.
  Handle make_dataset(const std::string& where, hid_t type, const Shape& shape) const {
    make_groups(where.substr(0, std::max<std::size_t>(1, where.rfind('/'))));
    std::vector<hsize_t> extents(shape.begin(), shape.end());
    const Handle space(extents.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                       H5Sclose);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(creation.get(), false);
    Handle dataset(H5Dcreate2(file.get(), where.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Dclose);
    require(bool(dataset), where);
    return dataset;
  }

  void write_text(hid_t object, const std::string& path, const std::string& name, const std::string& value) const {
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_strpad(type.get(), H5T_STR_NULLTERM);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    const Handle attribute(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const char* text = value.c_str();
    require(attribute && H5Awrite(attribute.get(), type.get(), static_cast<const void*>(&text)) >= 0, path);
  }
};

Hdf5Writer::Hdf5Writer(const std::filesystem::path& file) : impl_(std::make_unique<Impl>(file)) {
  const auto guard = hdf5::lock();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose), creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  hdf5::write_to(impl_->bytes, access.get());
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  H5Pset_obj_track_times(creation.get(), false);
  impl_->file = Handle(H5Fcreate(impl_->output.temporary().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  impl_->require(bool(impl_->file), "/");
}

Hdf5Writer::~Hdf5Writer() {
  const auto guard = hdf5::lock();
  impl_.reset();
}

void Hdf5Writer::group(const std::string& path) {
  const auto guard = hdf5::lock();
  impl_->make_groups(Impl::absolute(path));
}

void Hdf5Writer::dataset(const std::string& path, const Tensor& tensor) {
  const auto guard = hdf5::lock();
  const std::string where = Impl::absolute(path);
  const Handle half = hdf5::float16_type(), brain = hdf5::bfloat16_type();
  hid_t type = H5T_IEEE_F32LE;
  switch (tensor.dtype()) {
    case DType::float32: break;
    case DType::float64: type = H5T_IEEE_F64LE; break;
    case DType::float16: type = half.get(); break;
    case DType::bfloat16: type = brain.get(); break;
    case DType::int8: type = H5T_STD_I8LE; break;
    case DType::int32: type = H5T_STD_I32LE; break;
  }
  const Handle dataset = impl_->make_dataset(where, type, tensor.shape());
  if (tensor.dtype() == DType::bfloat16) impl_->write_text(dataset.get(), where, "dtype", "bfloat16");
  if (tensor.size() == 0) return;
  impl_->require(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.raw()) >= 0, where);
}

void Hdf5Writer::integer(const std::string& path, std::int64_t value) {
  const auto guard = hdf5::lock();
  const std::string where = Impl::absolute(path);
  const Handle dataset = impl_->make_dataset(where, H5T_STD_I64LE, {});
  impl_->require(H5Dwrite(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) >= 0, where);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const std::string& value) {
  const auto guard = hdf5::lock();
  const std::string where = Impl::absolute(path);
  const Handle object(H5Oopen(impl_->file.get(), where.c_str(), H5P_DEFAULT), H5Oclose);
  impl_->require(bool(object), where);
  impl_->write_text(object.get(), where, name, value);
}

void Hdf5Writer::finish(const std::function<void(const std::filesystem::path& written)>& verify) {
  {
    const auto guard = hdf5::lock();
    impl_->require(H5Fflush(impl_->file.get(), H5F_SCOPE_GLOBAL) >= 0 && impl_->file.reset(), "/");
  }
  impl_->bytes.close(cat("Hdf5Writer: cannot write ", impl_->output.target().string(), ": "));
  if (verify) verify(impl_->output.temporary());
  impl_->output.commit();
}

}  // namespace linnet
