#include "framework/io/hdf5_driver.h"

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>

namespace linnet::hdf5 {
namespace {

/// HDF5's view of an open file: its public part comes first.
struct File {
  H5FD_t common;
  OutputFile* output;
  haddr_t allocated, written;  // ends: of what HDF5 has laid out, and of what it has written
};
static_assert(std::is_standard_layout_v<File>);

File& of(H5FD_t* file) { return *reinterpret_cast<File*>(file); }
const File& of(const H5FD_t* file) { return *reinterpret_cast<const File*>(file); }

H5FD_t* open_file(const char*, unsigned, hid_t access, haddr_t) {
  auto file = std::make_unique<File>();
  file->output = *static_cast<OutputFile* const*>(H5Pget_driver_info(access));
  return &file.release()->common;
}

herr_t close_file(H5FD_t* file) {
  const std::unique_ptr<File> dropped(&of(file));
  return 0;
}

/// What HDF5's own driver for plain files says of itself, so that the layout is the same; and that it reads what we write.
herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
           H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) { return of(file).allocated; }
haddr_t written_end(const H5FD_t* file, H5FD_mem_t) { return of(file).written; }

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  of(file).allocated = end;
  return 0;
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t bytes, void* to) {
  of(file).output->read(static_cast<std::int64_t>(at), to, static_cast<std::int64_t>(bytes));
  return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t bytes, const void* from) {
  of(file).output->write(static_cast<std::int64_t>(at), from, static_cast<std::int64_t>(bytes));
  of(file).written = std::max<haddr_t>(of(file).written, at + bytes);
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  if (of(file).written != of(file).allocated) of(file).output->resize(static_cast<std::int64_t>(of(file).allocated));
  of(file).written = of(file).allocated;
  return 0;
}

Id driver() {
  static const Id id = [] {
    H5FD_class_t driver = {};
    driver.name = "linnet_output";
    driver.maxaddr = static_cast<haddr_t>(INT64_MAX);
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(OutputFile*);
    driver.open = open_file;
    driver.close = close_file;
    driver.query = query;
    driver.get_eoa = allocated_end;
    driver.set_eoa = set_allocated_end;
    driver.get_eof = written_end;
    driver.read = read;
    driver.write = write;
    driver.truncate = truncate;
    constexpr H5FD_mem_t kMap[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(kMap), std::end(kMap), driver.fl_map);
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

void write_to(OutputFile& file, Id access_properties) {
  OutputFile* const output = &file;
  H5Pset_driver(access_properties, driver(), static_cast<const void*>(&output));
}

}  // namespace linnet::hdf5
