#include "framework/io/weights.h"

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_writer.h"
#include "framework/io/lora_weights.h"
#include "framework/layers/dense.h"
#include "framework/layers/embedding.h"
#include "framework/layers/sequential.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

namespace {

std::unique_ptr<Sequential> model() {
  auto made = std::make_unique<Sequential>();
  made->append<Embedding>({.input_dim = 3, .output_dim = 2});
  made->append<Dense>({.input_dim = 2, .units = 2});
  made->append<Dense>({.input_dim = 2, .units = 1});
  return made;
}

std::string bytes_of(const Layer& layer) {
  std::string bytes;
  for (const Parameter& parameter : layer.parameters())
    bytes.append(static_cast<const char*>(parameter.tensor.raw()),
                 static_cast<std::size_t>(parameter.tensor.size() * size_of(parameter.tensor.dtype())));
  return bytes;
}

/// `path dtype extent extent`, the last three a digit each.
void write_dataset(Hdf5Writer& writer, const std::string& line) {
  const std::size_t space = line.find(' ');
  const std::string path = line.substr(0, space);
  const std::string numbers = space == std::string::npos ? "" : line.substr(space);
  std::vector<std::int64_t> digits;
  for (const char c : numbers)
    if (c >= '0' && c <= '9') digits.push_back(c - '0');
  if (digits.empty()) return writer.group(path);
  const DType dtype = static_cast<DType>(digits[0] % 6);
  Shape shape(digits.begin() + 1, digits.begin() + std::min<std::ptrdiff_t>(4, std::ssize(digits)));
  if (dtype == DType::int32 && shape.empty()) return writer.integer(path, digits[0]);
  writer.dataset(path, Tensor::full(shape, 1, dtype));
}

}  // namespace

/// Lines of datasets of a sound HDF5 file, which is read as weights, as LoRA's factors and as a shard; the second part is the index
/// of the shards.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> parts = fuzz::parts_of(fuzz::text_of(data, size));
  const std::filesystem::path& root = fuzz::scratch_directory();
  const std::filesystem::path weights = root / "a.weights.h5", lora = root / "a.lora.h5", index = root / "a.weights.json";
  const bool made = fuzz::accepts<std::exception>([&] {
    Hdf5Writer writer(weights);
    const std::string& lines = parts[0];
    for (std::size_t begin = 0, count = 0; begin < lines.size() && count < 16; ++count) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      write_dataset(writer, lines.substr(begin, end - begin));
      begin = end + 1;
    }
    writer.finish();
  });
  if (!made) return 0;
  std::filesystem::copy_file(weights, lora, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(weights, root / "a_00000.weights.h5", std::filesystem::copy_options::overwrite_existing);
  const std::unique_ptr<Sequential> layer = model();
  for (const std::filesystem::path& file : {weights, index}) {
    if (file == index) write_text(index, parts.size() > 1 ? parts[1] : "");
    const std::string before = bytes_of(*layer);
    if (!fuzz::accepts([&] { load_weights(*layer, file); })) fuzz::require(bytes_of(*layer) == before, "a failed load changes nothing");
    fuzz::accepts([&] { load_weights(*model(), file, {.strict = false}); });
    fuzz::accepts([&] { load_weights(*model(), file, {.in_place = true, .group = "layers/dense"}); });
  }
  const std::unique_ptr<Sequential> adapted = model();
  const std::string unadapted = bytes_of(*adapted);
  if (!fuzz::accepts([&] { load_lora_weights(*adapted, lora); })) fuzz::require(bytes_of(*adapted) == unadapted, "a failed load changes nothing");
  return 0;
}
