#include "framework/train/checkpoint_file.h"

#include "framework/io/checksum.h"
#include "framework/io/hdf5_writer.h"
#include "tests/fuzz/fuzz.h"

using namespace linnet;

/// A sound HDF5 file with what a checkpoint may hold: the header, then a line for each dataset, `path dtype extent`.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> parts = fuzz::parts_of(fuzz::text_of(data, size));
  const std::filesystem::path path = fuzz::scratch_directory() / "step_1.h5";
  Crc32 crc;
  const bool made = fuzz::accepts<std::exception>([&] {
    Hdf5Writer writer(path);
    for (std::size_t i = 1; i < parts.size() && i < 8; ++i) {
      const std::string& line = parts[i];
      const std::size_t space = line.find(' ');
      const DType dtype = static_cast<DType>(space == std::string::npos ? 0 : static_cast<unsigned char>(line.back()) % 6);
      const Tensor tensor = Tensor::zeros(line.size() % 2 == 0 ? Shape{2} : Shape{}, dtype);
      const std::string name = line.substr(0, space);
      writer.dataset(name, tensor);
      crc.add(name.data(), name.size());
      crc.add(tensor.raw(), static_cast<std::size_t>(tensor.size() * size_of(tensor.dtype())));
    }
    std::string header = parts[0];  // a checksum cannot be guessed
    if (const std::size_t at = header.find("\"CRC\""); at != std::string::npos) header.replace(at, 5, std::to_string(crc.value()));
    writer.attribute("/", "linnet_checkpoint", header);
    writer.finish();
  });
  if (!made) return 0;
  std::vector<Parameter> weights{{"dense/kernel", Tensor::full({2}, 3)}}, slots{{"iterations", Tensor::full({}, 7, DType::int32)}};
  const RandomState before = random_state();
  const bool restored = fuzz::accepts([&] {
    const CheckpointFile checkpoint(path);
    const TrainingState state = checkpoint.restore(weights, slots, R"({"a": 1})");
    fuzz::require(state.epoch >= 0 && state.batch >= 0 && state.step >= 0, "a run stands somewhere");
  });
  if (!restored) {
    const RandomState after = random_state();
    fuzz::require(weights[0].tensor.data<float>()[0] == 3 && slots[0].tensor.data<std::int32_t>()[0] == 7 && before.seed == after.seed &&
                      before.step == after.step,
                  "a refused checkpoint changes nothing");
  }
  return 0;
}
