#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace linnet::testing {

/// How the HDF5 library writes a file: in the encoding of h5py and Keras, or with libver = "latest"; and what stands before it.
struct Hdf5Encoding {
  bool newest = false;
  std::uint64_t user_block = 0;
};
/// The bytes of a file that HDF5 itself makes and `fill` fills: for what our writer never writes.
std::string hdf5_bytes(const std::function<void(hid_t)>& fill, const Hdf5Encoding& encoding = {});

/// A dataset of shape (2, 3) that holds 1 to 6, converted from int to the type; its elements may be left unwritten.
void make_dataset(hid_t file, const char* name, hid_t type, hid_t creation = H5P_DEFAULT, bool write = true);
/// A float32 dataset of this shape, unwritten.
void make_empty_dataset(hid_t file, const char* name, const std::vector<hsize_t>& shape, hid_t creation = H5P_DEFAULT);
/// A list of creation properties with chunks of this shape.
hid_t chunked(const std::vector<hsize_t>& shape);
/// A variable-length text attribute, as Keras writes them.
void make_attribute(hid_t object, const char* name, const std::string& text);

/// Where `text` begins in the bytes, from `from` on; throws if it is not there.
std::size_t find(const std::string& bytes, std::string_view text, std::size_t from = 0);
/// Overwrites `width` bytes with a little-endian number.
void put(std::string& bytes, std::size_t at, std::size_t width, std::uint64_t number);
std::uint64_t get(const std::string& bytes, std::size_t at, std::size_t width);
/// Sets the checksum that ends `size` bytes right.
void put_checksum(std::string& bytes, std::size_t at, std::size_t size);

/// The same for a version 2 object header.
void put_header_checksum(std::string& bytes, std::size_t at);

/// A file that must not be read: what is wrong with it, and what the error says.
struct HostileFile {
  std::string name, error;
  std::function<std::string()> bytes;
};
/// Links, groups, headers, heaps and superblocks.
std::vector<HostileFile> hostile_structures();
/// Datasets, chunks, filters, element types and attributes.
std::vector<HostileFile> hostile_datasets();

}  // namespace linnet::testing
