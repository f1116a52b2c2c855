#include <cstring>

#include "framework/io/safetensors.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFile file("a.safetensors"), index("a.safetensors.index.json"), again("b.safetensors");
  file.write(fuzz::text_of(data, size));
  fuzz::accepts([&] {
    const Safetensors tensors(file.path());
    std::size_t bytes = 0;
    std::vector<Parameter> read;
    for (const Safetensors::Entry& entry : tensors.entries()) {
      fuzz::require(tensors.contains(entry.name) && tensors.shape(entry.name) == entry.shape, "an entry is found by its name");
      const bool fits = fuzz::accepts([&] { read.push_back({entry.name, tensors.read(entry.name)}); });
      if (!fits) continue;
      bytes += static_cast<std::size_t>(read.back().tensor.size());
      if (entry.name.empty() || entry.name == "__metadata__") read.pop_back();
    }
    fuzz::require(bytes <= size, "tensors have no more elements than the file bytes");
    write_safetensors(again.path(), read, tensors.metadata());
    const Safetensors second(again.path());
    fuzz::require(second.entries().size() == read.size() && second.metadata() == tensors.metadata(), "what is written is read again");
    for (const Parameter& parameter : read)
      fuzz::require(std::memcmp(second.read(parameter.path).raw(), parameter.tensor.raw(),
                                static_cast<std::size_t>(parameter.tensor.size() * size_of(parameter.tensor.dtype()))) == 0,
                    "the same bytes");
  });
  // As an index of shards, of which one is that file.
  index.write(fuzz::text_of(data, size));
  fuzz::accepts([&] { const Safetensors shards(index.path()); });
  return 0;
}
