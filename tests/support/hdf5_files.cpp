#include "tests/support/hdf5_files.h"

#include <stdexcept>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5/image.h"
#include "tests/support/temporary_directory.h"

namespace linnet::testing {

std::string hdf5_bytes(const std::function<void(hid_t)>& fill, const Hdf5Encoding& encoding) {
  const TemporaryDirectory directory;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  if (encoding.newest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Pset_userblock(creation, encoding.user_block);
  const hid_t file = H5Fcreate((directory / "made.h5").c_str(), H5F_ACC_TRUNC, creation, access);
  H5Pclose(creation);
  H5Pclose(access);
  fill(file);
  H5Fclose(file);
  return read_text(directory / "made.h5", std::int64_t{1} << 30);
}

void make_dataset(hid_t file, const char* name, hid_t type, hid_t creation, bool write) {
  const hsize_t extents[]{2, 3};
  const hid_t space = H5Screate_simple(2, extents, nullptr);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  const int values[]{1, 2, 3, 4, 5, 6};
  if (write) H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset);
  H5Sclose(space);
}

void make_empty_dataset(hid_t file, const char* name, const std::vector<hsize_t>& shape, hid_t creation) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  H5Dclose(H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Sclose(space);
}

hid_t chunked(const std::vector<hsize_t>& shape) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, static_cast<int>(shape.size()), shape.data());
  return creation;
}

void make_attribute(hid_t object, const char* name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, H5T_VARIABLE);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const char* value = text.c_str();
  H5Awrite(attribute, type, static_cast<const void*>(&value));
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

std::size_t find(const std::string& bytes, std::string_view text, std::size_t from) {
  const std::size_t at = bytes.find(text, from);
  if (at == std::string::npos) throw std::logic_error("the file does not hold what was to be changed");
  return at;
}

void put(std::string& bytes, std::size_t at, std::size_t width, std::uint64_t number) {
  for (std::size_t i = 0; i < width; ++i, number >>= 8) bytes.at(at + i) = static_cast<char>(number & 0xFF);
}

std::uint64_t get(const std::string& bytes, std::size_t at, std::size_t width) {
  std::uint64_t number = 0;
  for (std::size_t i = width; i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return number;
}

void put_checksum(std::string& bytes, std::size_t at, std::size_t size) {
  const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data()) + at;
  put(bytes, at + size - 4, 4, hdf5::checksum({begin, size - 4}));
}

void put_header_checksum(std::string& bytes, std::size_t at) {
  const std::uint64_t flags = get(bytes, at + 5, 1), width = std::uint64_t{1} << (flags & 3);
  const std::size_t prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  put_checksum(bytes, at, prefix + width + get(bytes, at + prefix, width) + 4);
}

}  // namespace linnet::testing
