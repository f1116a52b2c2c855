#include "tests/support/hdf5_files.h"

namespace linnet::testing {
namespace {

using Fill = std::function<void(hid_t)>;
using Change = std::function<void(std::string&)>;

constexpr std::size_t kRoot = 96;  // where HDF5 puts the root's header

void one_dataset(hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE); }
void group(hid_t file, const char* name) { H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); }
void two_groups(hid_t file) {
  group(file, "ab");
  group(file, "ac");
}
void twenty_groups(hid_t file) {  // more than an object header holds links
  for (int i = 0; i < 20; ++i) group(file, ("group " + std::to_string(i)).c_str());
}

void many_symbols(hid_t file) {  // more than a node of a B-tree holds
  for (int i = 0; i < 400; ++i) group(file, std::to_string(1000 + i).c_str());
}

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

constexpr Hdf5Encoding kNewest{.newest = true};

/// Changes a number in a structure with a checksum, which is set right.
Change in_checked(const char* signature, std::size_t offset, std::size_t width, std::uint64_t number, std::size_t size) {
  return [=](std::string& bytes) {
    const std::size_t at = find(bytes, signature);
    put(bytes, at + offset, width, number);
    put_checksum(bytes, at, size);
  };
}

/// In the first record of a version 2 B-tree: a hash of four bytes, then the id of an object in a fractal heap.
Change in_first_record(std::size_t offset, std::size_t width, std::uint64_t number) {
  return [=](std::string& bytes) {
    const std::size_t at = find(bytes, "BTLF");
    put(bytes, at + 6 + offset, width, number);
    put_checksum(bytes, at, 10 + 11 * get(bytes, find(bytes, "BTHD") + 24, 2));
  };
}

Change in(const char* signature, std::size_t offset, std::size_t width, std::uint64_t number) {
  return [=](std::string& bytes) { put(bytes, find(bytes, signature) + offset, width, number); };
}

Change renamed(const char* from, const char* to) {
  return [=](std::string& bytes) { bytes.replace(find(bytes, from), std::string_view(from).size(), to); };
}

/// Appends a version 2 object header of a group with these children, by hand: HDF5 would need a gigabyte for a million of them. The
/// result is where it begins.
std::size_t append_group(std::string& bytes, const std::vector<std::size_t>& children = {}) {
  constexpr std::size_t kHead = 10, kMessage = 4 + 18;
  const std::size_t at = bytes.size(), messages = kMessage * (1 + children.size());
  bytes.resize(at + kHead + messages + 4);
  bytes.replace(at, 6, std::string("OHDR\2\2"));
  put(bytes, at + 6, 4, messages);
  std::size_t message = at + kHead;
  put(bytes, message, 4, 0x02 | 18 << 8);  // a link info: no fractal heap, no tree
  put(bytes, message + 6, 8, ~std::uint64_t{0});
  put(bytes, message + 14, 8, ~std::uint64_t{0});
  for (std::size_t i = 0; i < children.size(); ++i) {
    message += kMessage;
    put(bytes, message, 4, 0x06 | 18 << 8);
    bytes.replace(message + 4, 10, std::string("\1\0\7", 3) + std::to_string(1'000'000 + i));
    put(bytes, message + 14, 8, children[i]);
  }
  put_checksum(bytes, at, kHead + messages + 4);
  return at;
}

/// A file of `groups` groups, each of `children` empty groups.
std::string many_groups(std::size_t groups, std::size_t children) {
  std::string bytes(48, '\0');
  std::vector<std::size_t> above(groups), below(children);
  for (std::size_t& group : above) {
    for (std::size_t& child : below) child = append_group(bytes);
    group = append_group(bytes, below);
  }
  const std::size_t root = append_group(bytes, above);
  bytes.replace(0, 12, std::string("\x89HDF\r\n\x1a\n\2\x8\x8\0", 12));
  put(bytes, 20, 8, ~std::uint64_t{0});
  put(bytes, 28, 8, bytes.size());
  put(bytes, 36, 8, root);
  put_checksum(bytes, 0, 48);
  return bytes;
}

void nest(hid_t file) {
  hid_t above = file;
  for (int i = 0; i < 10'000; ++i) {
    const hid_t below = H5Gcreate2(above, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (above != file) H5Gclose(above);
    above = below;
  }
  H5Gclose(above);
}

std::vector<HostileFile> links() {
  return {
      made("soft link", "'x' must be a hard link, got a soft link", [](hid_t id) { H5Lcreate_soft("/y", id, "x", H5P_DEFAULT, H5P_DEFAULT); }),
      made(
          "soft link, newest", "'x' must be a hard link, got a soft link", [](hid_t id) { H5Lcreate_soft("/y", id, "x", H5P_DEFAULT, H5P_DEFAULT); },
          kNewest),
      made("link to the group itself", "'loop' must be a hard link, got a soft link",
           [](hid_t id) { H5Lcreate_soft("/", id, "loop", H5P_DEFAULT, H5P_DEFAULT); }),
      made("link to another file", "'x' must be a hard link, got a link to another file",
           [](hid_t id) { H5Lcreate_external("other.h5", "/x", id, "x", H5P_DEFAULT, H5P_DEFAULT); }),
      made("link to /etc/passwd", "'passwd' must be a hard link, got a link to another file",
           [](hid_t id) { H5Lcreate_external("/etc/passwd", "/", id, "passwd", H5P_DEFAULT, H5P_DEFAULT); }),
      changed(
          "link of an own kind", "'x' must be a hard link, got a user-defined link",
          [](hid_t id) { H5Lcreate_external("o", "/x", id, "x", H5P_DEFAULT, H5P_DEFAULT); },
          [](std::string& bytes) { bytes.replace(find(bytes, "\x40\1x"), 1, "\x41"); }),
      made("second link", "again: must be the only link to its object, got another",
           [](hid_t id) {
             make_dataset(id, "a", H5T_IEEE_F32LE);
             H5Lcreate_hard(id, "a", id, "again", H5P_DEFAULT, H5P_DEFAULT);
           }),
      made("cycle of hard links", "a/b/root: must be the only link to its object, got another (is there a cycle?)",
           [](hid_t id) {
             group(id, "a");
             group(id, "a/b");
             H5Lcreate_hard(id, "/", id, "a/b/root", H5P_DEFAULT, H5P_DEFAULT);
           }),
      made("named datatype", "x: must be a group or a dataset, got a named datatype",
           [](hid_t id) { H5Tcommit2(id, "x", H5Tcopy(H5T_NATIVE_INT), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT); }),
      made("dataset of a named datatype", "x: a message must not be shared, got one of type 3",
           [](hid_t id) {
             const hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
             H5Tcommit2(id, "z", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
             make_dataset(id, "x", type);
           }),
  };
}

std::vector<HostileFile> names() {
  return {
      changed("name twice", "a name must be there once in a group, got 'ab' twice", two_groups, renamed("ac", "ab")),
      changed("name of two dots", "be neither '.' nor '..'", two_groups, renamed("ab", "..")),
      changed("name with a slash", "must not hold '/', NUL or control characters", two_groups, renamed("ab", "/b")),
      changed("name with an escape", "must not hold '/', NUL or control characters", two_groups, renamed("ab", "\x1b[")),
      changed(
          "name with a NUL", "must not hold '/', NUL or control characters", two_groups,
          [](std::string& bytes) {
            bytes[find(bytes, "ab")] = '\0';
            put_header_checksum(bytes, find(bytes, "OHDR"));
          },
          kNewest),
      changed("empty name", "a name must have 1 to 1024 bytes", two_groups, [](std::string& bytes) { bytes[find(bytes, "ab")] = '\0'; }),
      changed("name without an end", "a local heap must hold names of at most 1024 bytes, each with its end", two_groups, in("HEAP", 8, 8, 9)),
      changed("name outside of its heap", "a local heap must hold every name, got one at 4096", two_groups, in("SNOD", 8, 8, 4096)),
  };
}

std::vector<HostileFile> groups() {
  const auto tree_to_itself = [](std::string& bytes) {
    const std::size_t at = find(bytes, "TREE");
    put(bytes, at + 5, 1, 1);
    put(bytes, at + 32, 8, at);
  };
  return {
      changed("tree with a cycle", "a B-tree's node must have bytes of its own", two_groups, tree_to_itself),
      changed("tree of unequal depth", "a B-tree's node must begin with 'TREE'", two_groups, in("TREE", 5, 1, 200)),
      changed("tree of unequal height", "a B-tree's node must be of level 0, got 1", many_symbols,
              [](std::string& bytes) {
                std::size_t tree = find(bytes, "TREE");
                while (get(bytes, tree + 5, 1) == 0) tree = find(bytes, "TREE", tree + 4);
                put(bytes, get(bytes, tree + 32, 8) + 5, 1, 1);
              }),
      changed("tree of another type", "a B-tree's node must have type 0, got 1", two_groups, in("TREE", 4, 1, 1)),
      changed("tree without end", "a B-tree's node must lie in the file", two_groups, in("TREE", 6, 2, 0xFFFF)),
      changed("no tree", "a B-tree's node must begin with 'TREE'", two_groups, in("TREE", 0, 4, 0)),
      changed("symbols without end", "a symbol table's node must lie in the file", two_groups, in("SNOD", 6, 2, 0xFFFF)),
      changed("no symbols", "a symbol table's node must begin with 'SNOD'", two_groups, in("SNOD", 0, 4, 0)),
      changed("symbols of a later version", "a symbol table's node must have version 1, got 2", two_groups, in("SNOD", 4, 1, 2)),
      changed("soft link in a symbol", "'ab' must be a hard link, got a soft link", two_groups, in("SNOD", 24, 4, 2)),
      changed("symbol with an unknown cache", "a symbol table's node must cache a group or nothing, got 7", two_groups, in("SNOD", 24, 4, 7)),
      changed("heap outside of the file", "a local heap must lie in the file", two_groups, in("HEAP", 24, 8, std::uint64_t{1} << 62)),
      changed("heap of 2^64 bytes", "a local heap must lie in the file", two_groups, in("HEAP", 8, 8, ~std::uint64_t{0})),
      changed("heap upon a header", "a local heap must have bytes of its own", two_groups, in("HEAP", 24, 8, 96)),
      changed("filtered fractal heap", "a fractal heap must not be filtered", twenty_groups, in_checked("FRHP", 7, 2, 8, 146), kNewest),
      changed("fractal heap of odd blocks", "a fractal heap must have blocks whose sizes are powers of two", twenty_groups,
              in_checked("FRHP", 112, 8, 513, 146), kNewest),
      changed("fractal heap without end", "a fractal heap's direct block must lie in the file", twenty_groups,
              in_checked("FRHP", 112, 8, 1 << 14, 146), kNewest),
      changed("fractal heap of many rows", "a fractal heap's indirect block must have a fitting number of rows, got 60000", twenty_groups,
              in_checked("FRHP", 140, 2, 60'000, 146), kNewest),
      changed("object outside of its fractal heap", "a fractal heap must hold the object at", twenty_groups, in_first_record(5, 4, 60'000), kNewest),
      changed("fractal heap of short ids", "a fractal heap must have ids that hold an offset and a length", twenty_groups,
              in_checked("FRHP", 5, 2, 2, 146), kNewest),
      changed("huge object of a fractal heap", "a fractal heap must hold its objects in blocks, got an id of kind 16", twenty_groups,
              in_first_record(4, 1, 0x10), kNewest),
      changed("tree of small nodes", "a B-tree's header must have nodes that hold records", twenty_groups, in_checked("BTHD", 6, 4, 4, 38), kNewest),
      changed(
          "tree of many levels", "a B-tree's header is too deep", twenty_groups,
          [](std::string& bytes) {
            put(bytes, find(bytes, "BTHD") + 6, 4, 0xFFFFFFFF);
            in_checked("BTHD", 12, 2, 15, 38)(bytes);
          },
          kNewest),
      changed("tree of something else than links", "a B-tree's header must be of links by their names", twenty_groups,
              in_checked("BTHD", 5, 1, 6, 38), kNewest),
      changed("tree without a checksum", "a B-tree's node does not have its checksum", twenty_groups, in("BTLF", 8, 1, 0x55), kNewest),
      {"a million groups", "an object header must have at most 65536 messages", [] { return many_groups(1'000'000, 0); }},
      {"66,000 groups", "must have at most 65536 groups and datasets", [] { return many_groups(2, 33'000); }},
      made("10,000 groups deep", "groups must not be nested more than 64 deep", nest, kNewest),
  };
}

std::vector<HostileFile> headers() {
  const auto root_message = [](std::uint64_t type, const Change& more = {}) {  // what is the root's symbol table
    return [=](std::string& bytes) {
      put(bytes, kRoot + 16, 2, type);
      if (more) more(bytes);
    };
  };
  return {
      changed("root outside of the file", "an object header must lie in the file", one_dataset,
              [](std::string& bytes) { put(bytes, 64, 8, bytes.size()); }),
      changed("root at the last address", "an object header must lie in the file", one_dataset,
              [](std::string& bytes) { put(bytes, 64, 8, ~std::uint64_t{7}); }),
      changed("root upon the superblock", "must be the only link to its object", one_dataset, [](std::string& bytes) { put(bytes, 64, 8, 8); }),
      changed("dataset as the root", "the root must be a group, got a dataset", one_dataset,
              [](std::string& bytes) { put(bytes, 64, 8, get(bytes, find(bytes, "SNOD") + 16, 8)); }),
      changed("too many messages", "an object header must have the 9 messages it announces", one_dataset,
              [](std::string& bytes) { put(bytes, kRoot + 2, 2, 9); }),
      changed("long message", "an object header is cut off", one_dataset, [](std::string& bytes) { put(bytes, kRoot + 18, 2, 0xFFF8); }),
      changed("long header", "an object header must lie in the file", one_dataset, [](std::string& bytes) { put(bytes, kRoot + 8, 4, 0xFFFFFFF8); }),
      changed("header that continues in itself", "an object header's continuation must have bytes of its own", one_dataset,
              root_message(0x10,
                           [](std::string& bytes) {
                             put(bytes, kRoot + 24, 8, kRoot + 16);
                             put(bytes, kRoot + 32, 8, 24);
                           })),
      changed("unknown message", "messages must be of a known type, got type 48", one_dataset, root_message(0x30)),
      changed("table of shared messages", "messages must be of a known type, got type 15", one_dataset, root_message(0x0F)),
      changed("neither group nor dataset", "must be a group or a dataset, got neither", one_dataset, root_message(0)),
      changed("group and dataset", "must be a group or a dataset, got both", one_dataset,
              [](std::string& bytes) {  // its time becomes a link info
                std::size_t message = get(bytes, find(bytes, "SNOD") + 16, 8) + 16;
                while (get(bytes, message, 2) != 0x12) message += 8 + get(bytes, message + 2, 2);
                put(bytes, message, 2, 0x02);
              }),
      changed("header of a later version", "an object header must begin with 'OHDR'", one_dataset, [](std::string& bytes) { bytes[kRoot] = 3; }),
      changed("changed bit", "an object header does not have its checksum: bytes were changed", one_dataset, in("OHDR", 12, 1, 0x55), kNewest),
      changed("second dataspace", "a dataset must have one message of a dataspace, got 0", one_dataset,
              [](std::string& bytes) { put(bytes, get(bytes, find(bytes, "SNOD") + 16, 8) + 16, 2, 0); }),
  };
}

std::vector<HostileFile> superblocks() {
  const auto at = [](std::size_t offset, std::size_t width, std::uint64_t number) {
    return [=](std::string& bytes) { put(bytes, offset, width, number); };
  };
  const auto checked_at = [](std::size_t offset, std::size_t width, std::uint64_t number) {
    return [=](std::string& bytes) {
      put(bytes, offset, width, number);
      put_checksum(bytes, 0, 48);
    };
  };
  return {
      {"nothing", "must begin with HDF5's signature", [] { return std::string(); }},
      {"text", "must begin with HDF5's signature (is it a Keras 3 .weights.h5?)", [] { return std::string("not an HDF5 file at all"); }},
      {"signature alone", "must begin with HDF5's signature", [] { return std::string("\x89HDF\r\n\x1a\n"); }},
      made("user block", "must begin with HDF5's signature, got a user block of 1024 bytes before it", one_dataset, {.user_block = 1024}),
      changed("superblock of a later version", "the superblock's version must be 0 to 3, got 99", one_dataset, at(8, 1, 99)),
      changed("parts of a later version", "the superblock: the versions of its parts must be 0", one_dataset, at(10, 1, 1)),
      changed("short offsets", "the superblock: offsets and lengths must have 8 bytes, got 4 and 8", one_dataset, at(13, 1, 4)),
      changed("consistency flags", "the superblock: the consistency flags must be 0", one_dataset, at(20, 4, 1)),
      changed("base address", "the superblock: the base address must be 0, got 512", one_dataset, at(24, 8, 512)),
      changed("cut off", "(is it cut off?)", one_dataset, [](std::string& bytes) { bytes.pop_back(); }),
      changed("more bytes", "must end where its superblock says", one_dataset, [](std::string& bytes) { bytes += "PK\x05\x06"; }),
      changed("block for a driver", "the superblock: there must be no block for a file driver", one_dataset, at(48, 8, 96)),
      changed("open for writing", "must have been closed after writing, got a file marked as open", one_dataset, checked_at(11, 1, 1), kNewest),
      changed("single writer, many readers", "must have been closed after writing", one_dataset, checked_at(11, 1, 5), kNewest),
      changed("extension", "the superblock: there must be no extension", one_dataset, checked_at(20, 8, 48), kNewest),
      changed("superblock without its checksum", "the superblock does not have its checksum", one_dataset, at(44, 4, 0), kNewest),
  };
}

}  // namespace

std::vector<HostileFile> hostile_structures() {
  std::vector<HostileFile> all;
  for (auto& part : {links(), names(), groups(), headers(), superblocks()}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace linnet::testing
