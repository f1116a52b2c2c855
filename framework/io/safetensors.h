#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/tensor.h"
#include "framework/layers/parameter.h"

namespace linnet {

/// Tensors by name, as Hugging Face stores them: https://github.com/huggingface/safetensors, "Format". One file, or a
/// directory's shards with their index. Memory-mapped: only what is read is paged in.
///
/// F32, F64, F16, BF16 and I8 keep their dtype; BOOL and the other integers up to 64 bits are read as int32. The header is
/// checked at least as strictly as by the format's own reader: at most 100 MB, 500,000 tensors and 100,000 texts, UTF-8, no
/// duplicate key, a known dtype, sizes that fit shapes, and tensors that cover the data exactly, without holes, overlaps or
/// trailing bytes.
/// All methods throw std::runtime_error naming the file and the tensor.
class Safetensors {
 public:
  struct Entry {
    std::string name;
    std::string type;  ///< the file's word: "F32"
    Shape shape;
    const std::byte* data = nullptr;
    std::size_t file = 0;  ///< which shard
  };

  /// A .safetensors file, or an index ("model.safetensors.index.json"), whose shards lie beside it.
  explicit Safetensors(const std::filesystem::path& file);
  ~Safetensors();
  Safetensors(Safetensors&&) noexcept;
  Safetensors& operator=(Safetensors&&) noexcept;

  const std::filesystem::path& path() const;
  /// Sorted by name.
  std::span<const Entry> entries() const;
  bool contains(std::string_view name) const;
  Shape shape(std::string_view name) const;
  DType dtype(std::string_view name) const;
  /// Throws if an integer does not fit.
  Tensor read(std::string_view name) const;
  /// The tensor where it lies: nothing is read, the file stays mapped as long as the tensor lives, and writing to it leaves the file as it is
  /// (see MappedFile); once it is written, it must not be read from here again. None unless its dtype() is how it is stored and its place
  /// suits that.
  std::optional<Tensor> map(std::string_view name) const;
  /// The tensor converted to the dtype of `tensor` (see convert). Throws before reading unless the shapes are equal.
  void read_into(std::string_view name, Tensor& tensor) const;
  /// The header's texts about the file, of all shards together.
  const std::map<std::string, std::string>& metadata() const;

 private:
  struct Impl;
  const Entry& entry(std::string_view name) const;
  std::unique_ptr<Impl> impl_;
};

/// Writes one file atomically: tensors in the given order, the header padded so that data begin at a multiple of 8 bytes.
/// Throws std::invalid_argument on a name that is empty, "__metadata__", not UTF-8 or twice there, std::runtime_error if writing
/// fails.
void write_safetensors(const std::filesystem::path& file, std::span<const Parameter> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace linnet
