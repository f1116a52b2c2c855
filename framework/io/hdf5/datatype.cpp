#include "framework/io/hdf5/datatype.h"

#include <array>

namespace linnet::hdf5 {
namespace {

constexpr std::string_view kWhat = "a datatype";

/// Sign, exponent and mantissa as IEEE 754 has them: where in the element and how wide, and the bias.
bool is_ieee(Cursor& in, std::uint32_t bits, std::uint32_t size) {
  struct Format {
    std::uint32_t size;
    std::uint8_t exponent_bits, mantissa_bits;
    std::uint32_t bias;
  };
  constexpr std::array<Format, 3> kFormats{{{2, 5, 10, 15}, {4, 8, 23, 127}, {8, 11, 52, 1023}}};
  const unsigned offset = in.u16(), precision = in.u16(), exponent_at = in.u8(), exponent_bits = in.u8(), mantissa_at = in.u8(),
                 mantissa_bits = in.u8();
  const std::uint32_t bias = in.u32();
  const bool leading_one_implied = (bits >> 4 & 3) == 2, vax = bits & 0x40;
  const unsigned sign_at = bits >> 8 & 0xFF;
  for (const Format& format : kFormats)
    if (size == format.size)
      return leading_one_implied && !vax && offset == 0 && precision == 8 * size && sign_at == 8 * size - 1 && mantissa_at == 0 &&
             mantissa_bits == format.mantissa_bits && exponent_at == mantissa_bits && exponent_bits == format.exponent_bits && bias == format.bias;
  return false;
}

/// An enumeration of one byte, FALSE 0 and TRUE 1.
bool is_bool(Cursor& in, std::uint32_t bits, std::uint32_t size, unsigned version) {
  if ((bits & 0xFFFF) != 2 || size != 1) return false;
  const unsigned base = in.u8();
  in.skip(3);
  if ((base & 0xF) != 0 || in.u32() != 1) return false;
  in.skip(4);  // which bits of the base count
  for (const std::string_view name : {std::string_view("FALSE\0", 6), std::string_view("TRUE\0", 5)}) {
    if (in.left() < name.size() || in.text(name.size()) != name) return false;
    if (version < 3) in.skip(8 - name.size());  // padded to eight bytes
  }
  return in.left() >= 2 && in.u8() == 0 && in.u8() == 1;
}

}  // namespace

Datatype read_datatype(Bytes bytes) {
  Cursor in(bytes, kWhat);
  const unsigned first = in.u8(), version = first >> 4, number = first & 0xF;
  require(version >= 1 && version <= 5, kWhat, " must have version 1 to 5, got ", version);
  require(number <= static_cast<unsigned>(Datatype::Class::array), kWhat, " must be of a known class, got ", number);
  const auto bits = static_cast<std::uint32_t>(in.number(3));
  Datatype type;
  type.type_class = static_cast<Datatype::Class>(number);
  type.size = in.u32();
  require(type.size > 0, kWhat, " must have at least one byte");
  switch (type.type_class) {
    case Datatype::Class::integer: {
      const unsigned offset = in.u16(), precision = in.u16();
      type.big_endian = bits & 1;
      type.is_signed = bits & 8;
      type.plain = offset == 0 && precision == 8 * std::uint64_t{type.size};
      break;
    }
    case Datatype::Class::floating:
      type.big_endian = bits & 1;
      type.plain = is_ieee(in, bits, type.size);
      break;
    case Datatype::Class::enumeration: type.plain = is_bool(in, bits, type.size, version); break;
    case Datatype::Class::variable_length: type.text = (bits & 0xF) == 1; break;
    default: break;
  }
  return type;
}

std::string_view text_of(Datatype::Class type_class) {
  constexpr std::array<std::string_view, 11> kTexts{"integer",  "float",     "time",        "string",          "bitfield", "opaque",
                                                    "compound", "reference", "enumeration", "variable-length", "array"};
  return kTexts.at(static_cast<std::size_t>(type_class));
}

}  // namespace linnet::hdf5
