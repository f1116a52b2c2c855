#include <cstring>

#include "framework/io/hdf5/tree.h"
#include "framework/io/hdf5_file.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

constexpr std::int64_t kMost = 1 << 20;  // bytes of a dataset that are read: more takes long

/// The reader itself, on exactly the bytes of the input: what lies behind them is poisoned.
bool reads_all(hdf5::Bytes bytes) {
  return fuzz::accepts([&] {
    const hdf5::Tree tree = hdf5::read_tree(bytes);
    for (const hdf5::Object& object : tree) {
      for (const hdf5::Object::Child& child : object.children) {
        fuzz::require(child.object < tree.size() && child.object != 0, "a child is in the tree, and not the root");
        fuzz::require(!child.name.empty() && child.name.find('/') == child.name.npos, "a child has a name");
      }
      for (const hdf5::Attribute& attribute : object.attributes)
        fuzz::require(std::string(attribute.text.value_or("")).size() <= 65536, "a text is short");
      if (!object.dataset || object.dataset->bytes > kMost) continue;
      std::vector<std::byte> elements(static_cast<std::size_t>(object.dataset->bytes));
      fuzz::accepts([&] { hdf5::copy_elements(*object.dataset, elements.data()); });
    }
  });
}

void read_group(const Hdf5File& file, const std::string& group) {
  for (const Hdf5File::Child& child : file.children(group)) {
    const std::string path = group + "/" + child.name;
    fuzz::require(file.exists(path) && file.kind(path) == child.kind, "a child is where its group has it");
    fuzz::accepts([&] { file.attribute(path, "name"); });
    if (child.kind == Hdf5File::Kind::group) {
      read_group(file, path);
      continue;
    }
    const Shape shape = file.shape(path);
    if (element_count(shape) > kMost) continue;
    fuzz::accepts([&] {
      const Tensor tensor = file.read(path);
      fuzz::require(tensor.shape() == shape && tensor.dtype() == file.dtype(path), "a tensor has the shape and dtype that were told");
      Tensor again = Tensor::zeros(shape, tensor.dtype());
      file.read_into(path, again);
      const auto bytes = static_cast<std::size_t>(tensor.size() * size_of(tensor.dtype()));
      fuzz::require(bytes == 0 || std::memcmp(tensor.raw(), again.raw(), bytes) == 0, "reading twice gives equal bytes");
      const std::span<const float> floats = file.floats(path);
      fuzz::require(floats.empty() || std::memcmp(floats.data(), tensor.raw(), bytes) == 0, "floats in their place are those that are read");
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile path("a.h5");
  if (!reads_all({reinterpret_cast<const std::byte*>(data), size})) return 0;
  path.write(fuzz::text_of(data, size));
  const Hdf5File file(path.path());
  read_group(file, "");
  return 0;
}
