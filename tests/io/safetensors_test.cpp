#include "framework/io/safetensors.h"

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstring>

#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "tests/support/limits.h"
#include "tests/support/measured.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::DType;
using linnet::Safetensors;
using linnet::Tensor;
using linnet::write_text;
using linnet::testing::is_memory_measurable;
using linnet::testing::Measured;
using linnet::testing::measured;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + rest;
}
std::string file_of(const std::string& header, std::size_t data_bytes) { return with_length(header.size(), header + std::string(data_bytes, '\1')); }

void refuses(const std::string& content, const std::string& text) {
  const TemporaryDirectory directory;
  write_text(directory / "bad.safetensors", content);
  BOOST_TEST_CONTEXT(content.substr(0, 100)) {
    const Measured cost = measured([&] {
      BOOST_CHECK_EXCEPTION(Safetensors(directory / "bad.safetensors"), std::runtime_error, says("Safetensors: ", "bad.safetensors: ", text));
    });
    if (!is_memory_measurable()) return;  // under sanitizers, which are slow as well
    BOOST_TEST(cost.seconds < 1);
    BOOST_TEST(cost.peak_bytes - static_cast<std::int64_t>(content.size()) < std::int64_t{64} << 20);
  }
}

std::string entry(const std::string& name, const std::string& type, const std::string& shape, const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const TemporaryDirectory directory;
  const Tensor values = Tensor::from(std::vector<float>{1, -2, 0.5f, 4}, {2, 2});
  std::vector<linnet::Parameter> tensors;
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16})
    tensors.push_back({std::string(name_of(dtype)), linnet::convert(values, dtype)});
  tensors.push_back({"int8", Tensor::from(std::vector<std::int8_t>{-3}, {1})});
  tensors.push_back({"int32", Tensor::from(std::vector<std::int32_t>{1 << 30}, {})});
  tensors.push_back({"nothing", Tensor::zeros({0, 7})});
  linnet::write_safetensors(directory / "a.safetensors", tensors, {{"format", "pt"}});

  const Safetensors file(directory / "a.safetensors");
  BOOST_TEST(file.entries().size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    BOOST_TEST(file.dtype(name) == tensor.dtype());
    BOOST_TEST(file.shape(name) == tensor.shape(), boost::test_tools::per_element());
    const Tensor read = file.read(name);
    BOOST_TEST(std::memcmp(read.raw(), tensor.raw(), static_cast<std::size_t>(tensor.size() * size_of(tensor.dtype()))) == 0);
  }
  Tensor widened = Tensor::empty({2, 2});
  file.read_into("bfloat16", widened);
  BOOST_TEST(widened.to_vector() == values.to_vector(), boost::test_tools::per_element());
  BOOST_TEST(file.metadata().at("format") == "pt");
  BOOST_TEST(!file.contains("bfloat"));
  Tensor wrong = Tensor::zeros({4});
  BOOST_CHECK_EXCEPTION(file.read_into("float32", wrong), std::runtime_error, says("'float32': must have shape (4), got (2, 2)"));
  BOOST_CHECK_EXCEPTION(file.read("float"), std::runtime_error, says("'float' is missing"));
  Tensor ids = Tensor::zeros({2, 2}, DType::int32);
  BOOST_CHECK_EXCEPTION(file.read_into("float32", ids), std::runtime_error, says("'float32': must have dtype int32, got F32"));
}

BOOST_AUTO_TEST_CASE(names_are_checked_when_writing) {
  const TemporaryDirectory directory;
  const std::vector<linnet::Parameter> twice{{"a", Tensor::zeros({1})}, {"a", Tensor::zeros({1})}}, reserved{{"__metadata__", Tensor::zeros({1})}};
  for (const auto& tensors : {twice, reserved})
    BOOST_CHECK_EXCEPTION(linnet::write_safetensors(directory / "a.safetensors", tensors), std::invalid_argument,
                          says("write_safetensors: a tensor's name must be new, not empty and not '__metadata__'"));
  BOOST_CHECK_EXCEPTION(linnet::write_safetensors(directory / "a.safetensors", std::vector<linnet::Parameter>{{"\xff", Tensor::zeros({1})}}),
                        std::invalid_argument, says("write_safetensors: names and metadata must be UTF-8, got other bytes"));
  BOOST_TEST(!std::filesystem::exists(directory / "a.safetensors"));
}

BOOST_AUTO_TEST_CASE(integers_of_all_widths_are_read_as_int32) {
  const TemporaryDirectory directory;
  const auto file = [&](const std::string& type, const std::string& data) {
    const std::string header = "{" + entry("x", type, "[1]", "[0," + std::to_string(data.size()) + "]") + "}";
    write_text(directory / "a.safetensors", with_length(header.size(), header + data));
    return Safetensors(directory / "a.safetensors").read("x").data<std::int32_t>()[0];
  };
  BOOST_TEST(file("I64", std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8)) == -2);
  BOOST_TEST(file("U16", "\xff\xff") == 65535);
  BOOST_TEST(file("I16", "\xff\xff") == -1);
  BOOST_TEST(file("U8", "\xff") == 255);
  BOOST_TEST(file("BOOL", "\1") == 1);
  BOOST_CHECK_EXCEPTION(file("U32", "\xff\xff\xff\xff"), std::runtime_error, says("'x': integers must fit in 32 bits, got 4294967295"));
  BOOST_CHECK_EXCEPTION(file("U64", std::string(8, '\xff')), std::runtime_error, says("integers must fit in 32 bits, got 18446744073709551615"));
}

BOOST_AUTO_TEST_CASE(a_damaged_frame_is_refused) {
  refuses("", "must have at least 8 bytes, got 0");
  refuses("1234567", "must have at least 8 bytes, got 7");
  refuses(with_length(100'000'001, "{}"), "the header must have at most 100000000 bytes, got 100000001");
  refuses(with_length(~std::uint64_t{0}, "{}"), "the header must have at most 100000000 bytes, got 18446744073709551615");
  refuses(with_length(3, "{}"), "the header must end within the file, got 3 of 2 bytes");
  refuses(with_length(0, ""), "the header must begin with '{'");
  refuses(file_of(" {}", 0), "the header must begin with '{'");
  refuses(file_of("{\"\xff\":1}", 0), "header: must be JSON in UTF-8, is not from byte 3 on");
  refuses(file_of(R"({"\ud800":{}})", 0), "must be JSON in UTF-8");
  refuses(file_of("{", 0), "must be JSON in UTF-8");
  refuses(file_of("{}x", 0), "must be JSON in UTF-8");
  refuses(file_of("{}", 1), "must end with its last tensor, got 1 more bytes");
  refuses(file_of(R"({"\udc00":{}})", 0), "must be JSON in UTF-8");
  refuses(file_of(R"({"\ud83d\u0041":{}})", 0), "must be JSON in UTF-8");
  refuses(file_of("{\"\xed\xa0\x80\":{}}", 0), "must be JSON in UTF-8");
}

BOOST_AUTO_TEST_CASE(a_header_of_another_form_is_refused) {
  refuses(file_of(R"({"x":null})", 0), "'x': must not hold null");
  refuses(file_of(R"({"x":true})", 0), "must not hold true or false");
  refuses(file_of(R"({"x":3})", 0), "a number must lie in shape or data_offsets, got 3");
  refuses(file_of(R"({"x":"F32"})", 0), "a text must be a dtype or lie in __metadata__");
  refuses(file_of(R"({"x":[]})", 0), "a list must be a shape or data_offsets");
  refuses(file_of(R"({"x":{}})", 0), "a tensor must have dtype, shape and data_offsets");
  refuses(file_of(R"({"x":{"dtype":"F32","shape":[1]}})", 4), "a tensor must have dtype, shape and data_offsets");
  refuses(file_of(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":"F32"}})", 4), "a tensor must not have the key 'more'");
  refuses(file_of(R"({"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}})", 4), "a key must not be there twice, got 'shape'");
  refuses(file_of(R"({"x":{"dtype":"","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), "a key must not be there twice, got 'dtype'");
  refuses(file_of(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[],"data_offsets":[0,4]}})", 4),
          "a key must not be there twice, got 'data_offsets'");
  refuses(file_of("{" + entry("x", "F32", "[1]", "[0,4]") + "," + entry("x", "F32", "[1]", "[4,8]") + "}", 8),
          "header: a key must not be there twice, got 'x'");
  refuses(file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "a key must not be there twice, got '__metadata__'");
  refuses(file_of(R"({"__metadata__":{"a":1}})", 0), "a number must lie in shape or data_offsets");
  refuses(file_of(R"({"__metadata__":{"a":{}}})", 0), "must not nest deeper");
  refuses(file_of(R"({"__metadata__":{"a":null}})", 0), "must not hold null");
  refuses(file_of(R"({"__metadata__":{"a":true}})", 0), "must not hold true or false");
  refuses(file_of(R"({"__metadata__":{"a":["b"]}})", 0), "a list must be a shape or data_offsets");
  refuses(file_of(R"({"__metadata__":{"a":"b","a":"c"}})", 0), "a key must not be there twice, got 'a'");
  refuses(file_of("{" + entry("x", "F32", "[[1]]", "[0,4]") + "}", 4), "a list must be a shape or data_offsets");
  refuses(file_of("{" + entry("x", "F32", "{}", "[0,4]") + "}", 4), "must not nest deeper");
  refuses(file_of("{\"x\":" + std::string(50'000'000, '['), 0), "a list must be a shape or data_offsets");
  refuses(file_of("{" + entry("x", "F32", "[1]", "[0]") + "}", 4), "data_offsets must be two numbers, got 1");
  refuses(file_of("{" + entry("x", "F32", "[-1]", "[0,4]") + "}", 4), "numbers must not be negative, got -1");
  refuses(file_of("{" + entry("x", "F32", "[1.0]", "[0,4]") + "}", 4), "numbers must be whole and fit in 64 bits, got 1.0");
  refuses(file_of("{" + entry("x", "F32", "[18446744073709551615]", "[0,4]") + "}", 4), "numbers must fit in 63 bits");
  refuses(file_of("{" + entry("x", "F32", "[99999999999999999999]", "[0,4]") + "}", 4), "numbers must be whole and fit in 64 bits");
}

BOOST_AUTO_TEST_CASE(tensors_that_do_not_cover_the_data_are_refused) {
  refuses(file_of("{" + entry("x", "F8_E4M3", "[4]", "[0,4]") + "}", 4), "'x': the dtype must be one of BOOL, U8");
  for (const char* type : {"F8_E5M2", "F8_E8M0", "F4", "F6_E2M3", "C64", "f32", ""})
    refuses(file_of("{" + entry("x", type, "[4]", "[0,2]") + "}", 2),
            *type ? "'x': the dtype must be one of BOOL, U8" : "'x': a tensor must have dtype");
  refuses(file_of("{" + entry("x", "F32", "[2]", "[0,4]") + "}", 4), "'x': shape (2) of F32 needs 8 bytes, got 4");
  refuses(file_of("{" + entry("x", "F32", "[1]", "[4,0]") + "}", 4), "'x': data_offsets must not decrease, got 4 and 0");
  refuses(file_of("{" + entry("x", "F32", "[4611686018427387904,2]", "[0,8]") + "}", 8),
          "'x': the size in bytes must fit in 64 bits, got shape (4611686018427387904, 2)");
  refuses(file_of("{" + entry("x", "F32", "[2]", "[0,8]") + "}", 4), "must have 8 bytes of data, got 4 (is it cut off?)");
  refuses(file_of("{" + entry("x", "F32", "[1]", "[4,8]") + "}", 8), "tensors must leave no hole, got bytes 0 to 4 before 'x'");
  refuses(file_of("{" + entry("x", "F32", "[2]", "[0,8]") + "," + entry("y", "F32", "[1]", "[4,8]") + "}", 8),
          "tensors must not overlap, 'y' begins at byte 4, another ends at 8");
  refuses(file_of("{" + entry("x", "F32", "[1]", "[0,4]") + "}", 9), "must end with its last tensor, got 5 more bytes");
}

BOOST_AUTO_TEST_CASE(headers_of_millions_of_entries_take_little) {
  const std::string digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  const auto name = [&](std::size_t number) {
    return std::string{digits[number >> 18 & 63], digits[number >> 12 & 63], digits[number >> 6 & 63], digits[number & 63]};
  };
  // All that fits into a header: ten million texts, one entry of a tensor after the other, and the most of them that are taken.
  std::string texts = R"({"__metadata__":{)", empty = "{", full = "{";
  for (std::size_t i = 0; i < 9'900'000; ++i) texts += "\"" + name(i) + "\":\"\",";
  for (std::size_t i = 0; i < 9'000'000; ++i) empty += "\"" + name(i) + "\":{},";
  refuses(file_of(texts, 0), "'__metadata__': there must be at most 100000 texts, got more");
  refuses(file_of(empty, 0), "a tensor must have dtype, shape and data_offsets");
  const std::size_t most = 500'000;
  for (std::size_t i = 0; i < most; ++i)
    full += entry(name(i), "U8", "[]", "[" + std::to_string(i) + "," + std::to_string(i + 1) + "]") + (i + 1 < most ? "," : "}");
  const TemporaryDirectory directory;
  write_text(directory / "full.safetensors", file_of(full, most));
  const Measured cost = measured([&] { BOOST_TEST(Safetensors(directory / "full.safetensors").entries().size() == most); });
  full.back() = ',';
  write_text(directory / "fuller.safetensors", file_of(full + "\"more\":{}}", most));
  BOOST_CHECK_EXCEPTION(Safetensors(directory / "fuller.safetensors"), std::runtime_error, says("there must be at most 500000 tensors, got more"));
  if (!is_memory_measurable()) return;
  std::printf("reached: 500,000 tensors in %.2f s, %lld MB\n", cost.seconds, static_cast<long long>(cost.peak_bytes >> 20));
  BOOST_TEST(cost.seconds < 2);
  BOOST_TEST(cost.peak_bytes < std::int64_t{1} << 30);
}

BOOST_AUTO_TEST_CASE(shards_are_read_through_their_index) {
  const TemporaryDirectory directory;
  const Tensor one = Tensor::full({1}, 1), two = Tensor::full({2}, 2);
  linnet::write_safetensors(directory / "1.safetensors", std::vector<linnet::Parameter>{{"a", one}, {"stray", two}});
  linnet::write_safetensors(directory / "2.safetensors", std::vector<linnet::Parameter>{{"b", two}});
  const auto index = directory / "model.safetensors.index.json";
  write_text(index, R"({"metadata": {}, "weight_map": {"b": "2.safetensors", "a": "1.safetensors"}})");
  const Safetensors file(index);
  BOOST_TEST(file.entries().size() == 2u);
  BOOST_TEST(file.read("a").item() == 1);
  BOOST_TEST(file.shape("b") == linnet::Shape{2}, boost::test_tools::per_element());

  const auto refuses_index = [&](const std::string& text, const std::string& error) {
    write_text(index, text);
    BOOST_CHECK_EXCEPTION(Safetensors{index}, std::runtime_error, says("model.safetensors.index.json", error));
  };
  refuses_index(R"({"weight_map": {"a": "3.safetensors"}})", "shard 3.safetensors is missing");
  refuses_index(R"({"weight_map": {"b": "1.safetensors"}})", "shard 1.safetensors must hold 'b'");
  refuses_index(R"({"weight_map": {"a": "../1.safetensors"}})", "weight_map.a must be a file beside the index, got '../1.safetensors'");
  refuses_index(R"({"weight_map": {"a": 1}})", "weight_map.a must be a string, got 1");
  refuses_index(R"({"weight_map": {}})", "weight_map must name at least one tensor");
  refuses_index(R"({"a": "1.safetensors"})", "weight_map is missing");
  refuses_index(R"({"weight_map": {"a": "1.safetensors", "a": "2.safetensors"}})", "a key must not be there twice, got 'a'");
}

BOOST_AUTO_TEST_CASE(axes_without_end_and_full_disks_are_refused) {
  std::string shape = "[1";
  for (int i = 0; i < 64; ++i) shape += ",1";
  refuses(file_of("{" + entry("x", "F32", shape + "]", "[0,4]") + "}", 4), "'x': a tensor must have at most 64 axes");
  const TemporaryDirectory directory;
  const std::vector<linnet::Parameter> large{{"a", Tensor::zeros({1 << 20})}};
  const linnet::testing::Limit full = linnet::testing::Limit::file_size(1000);
  BOOST_CHECK_EXCEPTION(linnet::write_safetensors(directory / "a.safetensors", large), std::runtime_error,
                        says("write_safetensors: cannot write ", "a.safetensors"));
  BOOST_TEST(std::filesystem::is_empty(directory.path()));
}

BOOST_AUTO_TEST_SUITE_END()
