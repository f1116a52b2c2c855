#include <zlib.h>

#include "tests/support/hdf5_files.h"

namespace linnet::testing {
namespace {

using Fill = std::function<void(hid_t)>;
using Change = std::function<void(std::string&)>;

constexpr Hdf5Encoding kNewest{.newest = true};
constexpr std::uint64_t kDataspace = 0x01, kDatatype = 0x03, kLayout = 0x08, kFilters = 0x0B, kAttribute = 0x0C;
/// Where make_attribute's reference to its text lies in the message: behind the head, the name, the datatype and the dataspace.
constexpr std::size_t kTextOfName = 8 + 8 + 24 + 8;

void one_dataset(hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE); }

HostileFile made(std::string name, std::string error, const Fill& fill, const Hdf5Encoding& encoding = {}) {
  return {std::move(name), std::move(error), [=] { return hdf5_bytes(fill, encoding); }};
}

HostileFile changed(std::string name, std::string error, const Fill& fill, const Change& change, const Hdf5Encoding& encoding = {}) {
  return {std::move(name), std::move(error), [=] {
            std::string bytes = hdf5_bytes(fill, encoding);
            change(bytes);
            return bytes;
          }};
}

/// Where the data of the first dataset's message of this type begin.
std::size_t message(const std::string& bytes, std::uint64_t type) {
  std::size_t at = get(bytes, find(bytes, "SNOD") + 16, 8) + 16;
  while (get(bytes, at, 2) != type) at += 8 + get(bytes, at + 2, 2);
  return at + 8;
}

/// Changes a byte near `text`, in the newer encoding, and sets the checksum of its object header right.
Change near(std::string_view text, std::ptrdiff_t offset, std::uint64_t number) {
  return [=](std::string& bytes) {
    const std::size_t at = find(bytes, text);
    put(bytes, static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at) + offset), 1, number);
    put_header_checksum(bytes, bytes.rfind("OHDR", at));
  };
}

Change in_message(std::uint64_t type, std::size_t offset, std::size_t width, std::uint64_t number) {
  return [=](std::string& bytes) { put(bytes, message(bytes, type) + offset, width, number); };
}

/// In the B-tree of the first dataset's chunks, of which the file has several.
Change in_chunk_tree(std::size_t offset, std::size_t width, std::uint64_t number) {
  return [=](std::string& bytes) { put(bytes, get(bytes, message(bytes, kLayout) + 3, 8) + offset, width, number); };
}

/// In a structure that ends with a checksum, which is set right.
Change in_array(const char* signature, std::size_t offset, std::size_t width, std::uint64_t number, std::size_t size) {
  return [=](std::string& bytes) {
    const std::size_t at = find(bytes, signature);
    put(bytes, at + offset, width, number);
    put_checksum(bytes, at, size);
  };
}

Fill of_type(const std::function<hid_t()>& type) {
  return [=](hid_t id) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    make_dataset(id, "x", type(), creation, false);
  };
}

Fill with(const std::function<hid_t()>& creation, bool write = true) {
  return [=](hid_t id) { make_dataset(id, "x", H5T_IEEE_F32LE, creation(), write); };
}

Fill unwritten(const std::vector<hsize_t>& shape) {
  return [=](hid_t id) { make_empty_dataset(id, "x", shape); };
}

/// How the newer layout of such chunks begins: its version, class, flags, axes, the width of extents, and these.
constexpr std::string_view kNewestChunks("\4\2\0\3\1\1\3\4", 8);
/// Two chunks of 12 bytes.
hid_t two_chunks() { return chunked({1, 3}); }
hid_t filtered(const std::function<void(hid_t)>& add, const std::vector<hsize_t>& shape = {1, 3}) {
  const hid_t creation = chunked(shape);
  add(creation);
  return creation;
}
void gzip(hid_t creation) { H5Pset_deflate(creation, 9); }

/// A dataset of `chunks` compressed chunks, each of which holds `bytes` zeros although it should hold `chunk_floats` floats.
void zeros(hid_t file, hsize_t chunks, hsize_t chunk_floats, std::size_t bytes) {
  make_empty_dataset(file, "x", {chunks * chunk_floats}, filtered(gzip, {chunk_floats}));
  const hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
  const std::string plain(bytes, '\0');
  std::string packed(compressBound(bytes), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(plain.data()), bytes);
  for (hsize_t i = 0; i < chunks; ++i) {
    const hsize_t offset[]{i * chunk_floats};
    H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, size, packed.data());
  }
  H5Dclose(dataset);
}

std::vector<HostileFile> storage() {
  return {
      made("external storage", "must be stored in the file itself, got external storage",
           with(
               [] {
                 const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
                 H5Pset_external(creation, "/etc/passwd", 0, 24);
                 return creation;
               },
               false)),
      made("virtual dataset", "must be stored in the file itself, got a virtual dataset",
           [](hid_t id) {
             const hsize_t extents[]{2, 3};
             const hid_t space = H5Screate_simple(2, extents, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
             H5Pset_virtual(creation, space, "other.h5", "y", space);
             make_dataset(id, "x", H5T_IEEE_F32LE, creation, false);
           }),
      made("nothing stored", "shape (2, 3) needs 24 bytes, got 0 stored", with([] { return hid_t{H5P_DEFAULT}; }, false)),
      made("10^18 elements", "shape (1000000, 1000000, 1000000) needs 4000000000000000000 bytes, got 0 stored",
           unwritten({1'000'000, 1'000'000, 1'000'000})),
      made("10^21 elements", "the size in bytes must fit in 64 bits, got (10000000, 10000000, 10000000)",
           unwritten({10'000'000, 10'000'000, 10'000'000})),
      changed("2^63 rows", "the size in bytes must fit in 64 bits, got an extent of 9223372036854775808", one_dataset,
              in_message(kDataspace, 8, 8, std::uint64_t{1} << 63)),
      changed("2^64 - 1 rows", "the size in bytes must fit in 64 bits, got an extent of 18446744073709551615", one_dataset,
              in_message(kDataspace, 8, 8, ~std::uint64_t{0})),
      changed("more rows than stored", "shape (2000, 3) needs 24000 bytes, got 24 stored", one_dataset, in_message(kDataspace, 8, 8, 2000)),
      changed("33 axes", "a dataspace must have at most 32 axes, got 33", one_dataset, in_message(kDataspace, 1, 1, 33)),
      changed("more axes than extents", "a dataspace is cut off", one_dataset, in_message(kDataspace, 1, 1, 32)),
      changed("permuted axes", "a dataspace must not permute its axes", one_dataset, in_message(kDataspace, 2, 1, 2)),
      changed("dataspace of a later version", "a dataspace must have version 1 or 2, got 3", one_dataset, in_message(kDataspace, 0, 1, 3)),
      made("no shape", "must have a shape, got a null dataspace",
           [](hid_t id) { H5Dclose(H5Dcreate2(id, "x", H5T_IEEE_F32LE, H5Screate(H5S_NULL), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); }),
      changed("elements outside of the file", "a dataset must lie in the file", one_dataset, in_message(kLayout, 2, 8, std::uint64_t{1} << 40)),
      changed("elements upon the superblock", "a dataset must have bytes of its own", one_dataset, in_message(kLayout, 2, 8, 0)),
      changed(
          "elements of another dataset", "y: a dataset must have bytes of its own",
          [](hid_t id) {
            make_dataset(id, "x", H5T_IEEE_F32LE);
            make_dataset(id, "y", H5T_IEEE_F32LE);
          },
          [](std::string& bytes) {
            const std::size_t first = message(bytes, kLayout), second = find(bytes, "\3\1", first + 2);
            bytes.replace(second, 10, bytes, first, 10);
          }),
      changed("layout of an old version", "a data layout must have version 3 or 4, got 1", one_dataset, in_message(kLayout, 0, 1, 1)),
      changed("unknown layout", "must be contiguous, compact or chunked, got layout 9", one_dataset, in_message(kLayout, 1, 1, 9)),
  };
}

std::vector<HostileFile> chunks() {
  return {
      made("no chunk stored", "shape (1000000, 1000000) needs 10000000000 chunks, got 0 stored",
           [](hid_t id) {
             make_empty_dataset(id, "x", {1'000'000, 1'000'000}, chunked({1, 100}));
           }),
      made("most chunks missing", "shape (2, 1000000) needs 2000 chunks, got 1 stored",
           [](hid_t id) {
             make_empty_dataset(id, "x", {2, 1'000'000}, chunked({1, 1000}));
             const std::string chunk(4000, '\1');
             const hsize_t offset[]{1, 1000};
             const hid_t dataset = H5Dopen2(id, "x", H5P_DEFAULT);
             H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, chunk.size(), chunk.data());
             H5Dclose(dataset);
           }),
      changed("chunk twice", "a chunk must be stored once, got number 0 twice", with(two_chunks), in_chunk_tree(24 + 40 + 8, 8, 0)),
      changed("chunk outside of the dataset", "a chunk must begin within its dataset and at a multiple of its shape, got 7", with(two_chunks),
              in_chunk_tree(24 + 40 + 8, 8, 7)),
      changed("chunk at no multiple", "a chunk must begin within its dataset and at a multiple of its shape, got 2", with(two_chunks),
              in_chunk_tree(24 + 16, 8, 2)),
      changed("chunk outside of the file", "a chunk must lie in the file", with(two_chunks), in_chunk_tree(24 + 32, 8, std::uint64_t{1} << 60)),
      changed("long chunk", "a chunk must have 12 bytes, got 13", with(two_chunks), in_chunk_tree(24, 4, 13)),
      changed("chunks of other elements", "chunks must have elements of their dataset's size", with(two_chunks), in_message(kLayout, 19, 4, 8)),
      changed("chunks of other axes", "chunks must have as many axes as their dataset", with(two_chunks), in_message(kLayout, 2, 1, 2)),
      changed("chunks of no extent", "a chunk's extents must have 1 to 32 bits, got 0", with(two_chunks), in_message(kLayout, 11, 4, 0)),
      changed("chunks of 16 GB", "a chunk must not exceed its dataset, got chunks of shape (4294967295, 3)", with(two_chunks),
              in_message(kLayout, 11, 4, 0xFFFFFFFF)),
      changed("tree of chunks in a cycle", "a B-tree's node must have bytes of its own", with(two_chunks),
              [](std::string& bytes) {
                const std::size_t tree = get(bytes, message(bytes, kLayout) + 3, 8);
                put(bytes, tree + 5, 1, 1);
                put(bytes, tree + 24 + 32, 8, tree);
              }),
      made(
          "300,000 chunks", "must have at most 250000 parts, got another of chunks",
          [](hid_t id) {
            const hid_t creation = chunked({1});
            H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
            make_empty_dataset(id, "x", {300'000}, creation);
          },
          kNewest),
      changed("unfiltered chunks at the edge", "a data layout: chunks at the edge must be filtered like all", with(two_chunks),
              near(kNewestChunks, 2, 1), kNewest),
      changed("chunks whose extents have nine bytes", "a data layout: a chunk's extents must have 1 to 8 bytes, got 9", with(two_chunks),
              near(kNewestChunks, 4, 9), kNewest),
      changed("array of something else", "a fixed array's header: its elements must be addresses, with sizes if there are filters", with(two_chunks),
              in_array("FAHD", 6, 1, 9, 28), kNewest),
      changed("array of more chunks", "a fixed array's header must have 2 elements, got 3", with(two_chunks), in_array("FAHD", 8, 8, 3, 28), kNewest),
      changed("array of another header", "a fixed array's data block must belong to its header", with(two_chunks),
              in_array("FADB", 6, 8, 48, 14 + 2 * 8 + 4), kNewest),
      made(
          "index of a growing dataset", "a dataset that can grow must have a version 1 B-tree of chunks",
          [](hid_t id) {
            const hsize_t extents[]{2, 3}, most[]{H5S_UNLIMITED, 3};
            const hid_t space = H5Screate_simple(2, extents, most);
            H5Dclose(H5Dcreate2(id, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, two_chunks(), H5P_DEFAULT));
          },
          kNewest),
  };
}

std::vector<HostileFile> filters() {
  const auto filter = [](H5Z_filter_t number) {
    return with([=] { return filtered([=](hid_t creation) { H5Pset_filter(creation, number, H5Z_FLAG_OPTIONAL, 0, nullptr); }); });
  };
  const auto checksum = [] { return filtered([](hid_t creation) { H5Pset_fletcher32(creation); }); };
  return {
      made("unknown filter", "filters must be gzip, shuffle or fletcher32, got filter 300", filter(300)),
      made("plugin's filter", "filters must be gzip, shuffle or fletcher32, got filter 32000", filter(32000)),
      made("nbit filter", "filters must be gzip, shuffle or fletcher32, got filter 5",
           with([] { return filtered([](hid_t c) { H5Pset_nbit(c); }); })),
      made("scale-offset filter", "filters must be gzip, shuffle or fletcher32, got filter 6",
           with([] { return filtered([](hid_t c) { H5Pset_scaleoffset(c, H5Z_SO_FLOAT_DSCALE, 2); }); })),
      changed("33 filters", "a filter pipeline must have at most 32 filters, got 33", with([] { return filtered(gzip); }),
              in_message(kFilters, 1, 1, 33)),
      changed("filters without end", "a filter pipeline is cut off", with([] { return filtered(gzip); }), in_message(kFilters, 1, 1, 32)),
      changed("filters of a dataset in one piece", "filters must belong to chunks, got a dataset in one piece", with([] { return filtered(gzip); }),
              in_message(kLayout, 1, 1, 1)),
      changed("two filter pipelines", "a dataset must have one filter pipeline", with([] { return filtered(gzip); }),
              [](std::string& bytes) { put(bytes, message(bytes, 0x12) - 8, 2, kFilters); }),  // its time
      made("chunk shorter than its checksum", "a chunk is cut off",
           [](hid_t id) {
             make_empty_dataset(id, "x", {6}, filtered([](hid_t creation) { H5Pset_fletcher32(creation); }, {6}));
             const hid_t dataset = H5Dopen2(id, "x", H5P_DEFAULT);
             const hsize_t offset[]{0};
             H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, 3, "abc");
             H5Dclose(dataset);
           }),
      made("gzip bomb of 256 MB", "must not expand more than 100 times, got 268435456 bytes from", [](hid_t id) { zeros(id, 32, 2 << 20, 8 << 20); }),
      made("gzip bomb in a small chunk", "a chunk must inflate to 12 bytes", [](hid_t id) { zeros(id, 1, 3, 64 << 20); }),
      made("chunk that inflates to less", "a chunk must inflate to 4000 bytes", [](hid_t id) { zeros(id, 1, 1000, 3999); }),
      changed("broken deflate", "a chunk must inflate to 12 bytes", with([] { return filtered(gzip); }),
              [](std::string& bytes) { bytes[find(bytes, "\x78\xda")] = '\0'; }),
      changed("broken checksum", "a chunk does not have its checksum", with(checksum),
              [](std::string& bytes) { bytes[find(bytes, std::string("\0\0\x80\x3f", 4))] = '\1'; }),
      changed("filter that was not applied", "a chunk must have 12 bytes, got 16", with(checksum), in_chunk_tree(24 + 4, 4, 1)),
  };
}

std::vector<HostileFile> types() {
  return {
      made("string", "got type class string", of_type([] { return H5Tcopy(H5T_C_S1); })),
      made("bitfield", "got type class bitfield", of_type([] { return hid_t{H5T_STD_B8LE}; })),
      made("opaque", "got type class opaque", of_type([] { return H5Tcreate(H5T_OPAQUE, 2); })),
      made("time", "got type class time", of_type([] { return hid_t{H5T_UNIX_D32LE}; })),
      made("object reference", "got type class reference", of_type([] { return hid_t{H5T_STD_REF_OBJ}; })),
      made("region reference", "got type class reference", of_type([] { return hid_t{H5T_STD_REF_DSETREG}; })),
      made("variable length", "got type class variable-length", of_type([] { return H5Tvlen_create(H5T_NATIVE_INT); })),
      made("array", "got type class array", of_type([] {
             const hsize_t two[]{2};
             return H5Tarray_create2(H5T_NATIVE_FLOAT, 1, two);
           })),
      made("compound", "got type class compound", of_type([] {
             const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
             H5Tinsert(type, "real", 0, H5T_NATIVE_FLOAT);
             return type;
           })),
      made("enumeration", "an enumeration must be h5py's bool", of_type([] {
             const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
             const std::int8_t value = 3;
             H5Tenum_insert(type, "RED", &value);
             return type;
           })),
      made("80 bits", "a float must be IEEE with 16, 32 or 64 bits, got another format of 128 bits",
           of_type([] { return hid_t{H5T_NATIVE_LDOUBLE}; })),
      made("VAX float", "a float must be IEEE with 16, 32 or 64 bits, got another format of 32 bits", of_type([] { return hid_t{H5T_VAX_F32}; })),
      made("17 bits of 32", "an integer must have 8, 16, 32 or 64 bits, got another format of 32 bits", of_type([] {
             const hid_t type = H5Tcopy(H5T_STD_I32LE);
             H5Tset_precision(type, 17);
             return type;
           })),
      made("24 bits", "an integer must have 8, 16, 32 or 64 bits, got another format of 24 bits", of_type([] {
             const hid_t type = H5Tcopy(H5T_STD_I32LE);
             H5Tset_precision(type, 24);
             H5Tset_size(type, 3);
             return type;
           })),
      changed("another bias", "a float must be IEEE with 16, 32 or 64 bits, got another format of 32 bits", one_dataset,
              in_message(kDatatype, 16, 4, 126)),
      changed("unknown class", "a datatype must be of a known class, got 15", one_dataset, in_message(kDatatype, 0, 1, 0x1F)),
      changed("datatype of a later version", "a datatype must have version 1 to 5, got 9", one_dataset, in_message(kDatatype, 0, 1, 0x91)),
      changed("elements of no bytes", "a datatype must have at least one byte", one_dataset, in_message(kDatatype, 4, 4, 0)),
  };
}

std::vector<HostileFile> attributes() {
  const auto on_dataset = [](const std::function<void(hid_t)>& add) {
    return [=](hid_t id) {
      make_dataset(id, "x", H5T_IEEE_F32LE);
      const hid_t dataset = H5Dopen2(id, "x", H5P_DEFAULT);
      add(dataset);
      H5Dclose(dataset);
    };
  };
  const auto text = on_dataset([](hid_t object) { make_attribute(object, "name", "dense"); });
  return {
      made("long text", "an attribute must have at most 65536 bytes, got 1000000",
           on_dataset([](hid_t object) { make_attribute(object, "name", std::string(1'000'000, 'a')); })),
      made("large attribute", "attributes must be few and short enough to lie in their object's header", on_dataset([](hid_t object) {
             const hsize_t extent[]{100'000};
             H5Aclose(H5Acreate2(object, "data", H5T_IEEE_F32LE, H5Screate_simple(1, extent, nullptr), H5P_DEFAULT, H5P_DEFAULT));
           }),
           kNewest),
      made("many attributes", "attributes must be few and short enough to lie in their object's header", on_dataset([](hid_t object) {
             for (int i = 0; i < 100; ++i) make_attribute(object, std::to_string(i).c_str(), "text");
           }),
           kNewest),
      changed("text longer than its heap has it", "a global heap must hold the text of an attribute, number 1", text,
              in_message(kAttribute, kTextOfName, 4, 60'000)),
      changed("text that its heap has not", "a global heap must hold the text of an attribute, number 77", text,
              in_message(kAttribute, kTextOfName + 12, 4, 77)),
      changed("text outside of the file", "a global heap must lie in the file", text, in_message(kAttribute, kTextOfName + 4, 8, ~std::uint64_t{0})),
      changed("global heap without a head", "a global heap must hold its head", text,
              [](std::string& bytes) { put(bytes, find(bytes, "GCOL") + 8, 8, 8); }),
      changed("object twice in a global heap", "a global heap must hold an object once, got number 1 twice", on_dataset([](hid_t object) {
                make_attribute(object, "name", "dense");
                make_attribute(object, "more", "text");
              }),
              [](std::string& bytes) { put(bytes, find(bytes, "GCOL") + 40, 2, 1); }),
      changed("attribute of a named datatype", "an attribute must have a datatype of its own", text, near(std::string_view("name\0", 5), -8, 1),
              kNewest),
      changed("text in no heap", "a global heap must have bytes of its own", text, in_message(kAttribute, kTextOfName + 4, 8, 96)),
      changed("global heap without end", "a global heap must lie in the file", text,
              [](std::string& bytes) { put(bytes, find(bytes, "GCOL") + 8, 8, std::uint64_t{1} << 50); }),
      changed("object longer than its global heap", "a global heap is cut off", text,
              [](std::string& bytes) { put(bytes, find(bytes, "GCOL") + 24, 8, 5000); }),
      changed("attribute of a later version", "an attribute must have version 1 to 3, got 4", text, in_message(kAttribute, 0, 1, 4)),
      changed("attribute without end", "an attribute is cut off", text, in_message(kAttribute, 2, 2, 50'000)),
  };
}

}  // namespace

std::vector<HostileFile> hostile_datasets() {
  std::vector<HostileFile> all;
  for (auto& part : {storage(), chunks(), filters(), types(), attributes()}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace linnet::testing
