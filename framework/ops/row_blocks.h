#pragma once

#include <algorithm>
#include <cstdint>

#include "framework/core/tensor.h"
#include "framework/kernels/table.h"

// For ops on large activations, whose loops take some rows or columns at a time. dispatch_real runs float32 code on 16-bit tensors
// and would widen each of them as a whole (core/widening.h); these widen what the loop takes, into a buffer that stays in the cache.

namespace linnet::ops {

/// Some rows of some columns: row i begins at data + i * ld.
template <class T>
struct Block {
  T* data = nullptr;
  std::int64_t ld = 0;
};

/// A float tensor's elements from `begin` on as a matrix of leading dimension `ld`, read block by block as T: T is the tensor's
/// type, or float for 16 bits. Blocks of a 16-bit tensor are copies in the caller's buffer.
template <class T>
class BlockReader {
 public:
  BlockReader() = default;
  BlockReader(const Tensor& x, std::int64_t begin, std::int64_t ld) : BlockReader(x, begin, ld, is_half(x.dtype())) {}
  /// For an op of several steps within a WideningScope: a float16 tensor is read as the scope has it, not rounded in between.
  static BlockReader in_scope(const Tensor& x, std::int64_t begin, std::int64_t ld) { return {x, begin, ld, x.dtype() == DType::bfloat16}; }
  /// Blocks are copies.
  bool copies() const { return bits_ != nullptr; }

  /// (rows, columns) from (row, column) on. Takes what it needs of `buffer`, which is then behind that.
  Block<const T> at(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns, T*& buffer) const {
    const std::int64_t begin = row * ld_ + column;
    if (!bits_) return {data_ ? data_ + begin : nullptr, ld_};
    T* const copy = buffer;
    widen_(bits_ + begin, ld_, rows, columns, copy, columns);
    buffer += rows * columns;
    return {copy, columns};
  }

 private:
  BlockReader(const Tensor& x, std::int64_t begin, std::int64_t ld, bool blocks) : ld_(ld) {
    if (blocks) bits_ = static_cast<const std::uint16_t*>(x.raw()) + begin;
    else data_ = x.data<T>().data() + begin;
    const auto& convert = kernels::table<T>().convert;
    widen_ = x.dtype() == DType::float16 ? convert.from_float16 : convert.from_bfloat16;
  }

  const T* data_ = nullptr;
  const std::uint16_t* bits_ = nullptr;
  std::int64_t ld_ = 0;
  decltype(kernels::ConvertKernels<T>::from_bfloat16) widen_ = nullptr;
};

/// The same for writing: `at` gives where a block is to be written, `put` rounds it to the tensor where that is elsewhere.
template <class T>
class BlockWriter {
 public:
  BlockWriter() = default;
  BlockWriter(Tensor& x, std::int64_t begin, std::int64_t ld) : BlockWriter(x, begin, ld, is_half(x.dtype())) {}
  /// What is written to a float16 tensor is rounded when the scope ends.
  static BlockWriter in_scope(Tensor& x, std::int64_t begin, std::int64_t ld) { return {x, begin, ld, x.dtype() == DType::bfloat16}; }

  /// Where (rows, columns) from (row, column) on are to be written; takes what it needs of `buffer`.
  Block<T> at(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns, T*& buffer) const {
    if (!bits_) return {data_ ? data_ + row * ld_ + column : nullptr, ld_};
    T* const place = buffer;
    buffer += rows * columns;
    return {place, columns};
  }
  /// What was written to such a block goes to the tensor.
  void put(const Block<T>& block, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
    if (bits_) copy({block.data, block.ld}, row, rows, column, columns);
  }

  /// A block from anywhere.
  void copy(const Block<const T>& from, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
    const std::int64_t begin = row * ld_ + column;
    if (bits_) return narrow_(from.data, from.ld, rows, columns, bits_ + begin, ld_);
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(from.data + r * from.ld, columns, data_ + begin + r * ld_);
  }

 private:
  BlockWriter(Tensor& x, std::int64_t begin, std::int64_t ld, bool blocks) : ld_(ld) {
    if (blocks) bits_ = static_cast<std::uint16_t*>(x.mutable_raw()) + begin;
    else data_ = x.mutable_data<T>().data() + begin;
    const auto& convert = kernels::table<T>().convert;
    narrow_ = x.dtype() == DType::float16 ? convert.to_float16 : convert.to_bfloat16;
  }

  T* data_ = nullptr;
  std::uint16_t* bits_ = nullptr;
  std::int64_t ld_ = 0;
  decltype(kernels::ConvertKernels<T>::to_bfloat16) narrow_ = nullptr;
};

}  // namespace linnet::ops
