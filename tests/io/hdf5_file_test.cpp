#include "framework/io/hdf5_file.h"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "framework/core/half.h"
#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/hdf5_writer.h"
#include "tests/support/hdf5_files.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::DType;
using linnet::Hdf5File;
using linnet::Hdf5Writer;
using linnet::Tensor;
using linnet::testing::make_dataset;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

const linnet::Shape kTwoByThree{2, 3};
Tensor two_by_three() { return Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}); }

std::filesystem::path make_file(const TemporaryDirectory& directory, const std::function<void(hid_t)>& fill, bool newest = false) {
  linnet::write_text(directory / "made.h5", linnet::testing::hdf5_bytes(fill, {.newest = newest}));
  return directory / "made.h5";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hdf5_file)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const TemporaryDirectory directory;
  {
    Hdf5Writer writer(directory / "a.h5");
    writer.dataset("layers/dense/vars/0", two_by_three());
    writer.dataset("layers/dense/vars/10", Tensor::full({}, 7, DType::float64));
    writer.dataset("/layers/dense/vars/9", Tensor::from(std::vector<std::int32_t>{-1, 1 << 30}, {2}));
    writer.dataset("bytes", Tensor::from(std::vector<std::int8_t>{-128, 127}, {2}));
    writer.dataset("none", Tensor::zeros({0, 4}));
    writer.dataset("half", linnet::convert(two_by_three(), DType::float16));
    writer.dataset("brain", linnet::convert(two_by_three(), DType::bfloat16));
    writer.group("empty/vars");
    writer.attribute("empty/vars", "name", "naïve");
    writer.finish();
  }
  const Hdf5File file(directory / "a.h5");
  BOOST_TEST(file.read("layers/dense/vars/0").to_vector() == two_by_three().to_vector(), boost::test_tools::per_element());
  BOOST_TEST(file.shape("layers/dense/vars/0") == kTwoByThree, boost::test_tools::per_element());
  BOOST_TEST(file.read("layers/dense/vars/10").item() == 7);
  BOOST_TEST(file.dtype("layers/dense/vars/10") == DType::float64);
  BOOST_TEST(file.read("layers/dense/vars/9").data<std::int32_t>()[1] == 1 << 30);
  BOOST_TEST(file.read("bytes").data<std::int8_t>()[0] == -128);
  BOOST_TEST(file.read("none").size() == 0);
  BOOST_TEST(file.dtype("half") == DType::float16);
  BOOST_TEST(file.dtype("brain") == DType::bfloat16);
  for (const char* path : {"half", "brain"}) {
    Tensor widened = Tensor::empty({2, 3});
    file.read_into(path, widened);
    BOOST_TEST(widened.to_vector() == two_by_three().to_vector(), boost::test_tools::per_element());
  }
  BOOST_TEST(file.attribute("empty/vars", "name").value() == "naïve");
  BOOST_TEST(!file.attribute("empty/vars", "dtype").has_value());
  BOOST_TEST(file.exists("/empty/vars"));
  BOOST_TEST(!file.exists("empty/vars/0"));
  BOOST_TEST(!file.exists("bytes/0"));
  const auto children = file.children("layers/dense/vars");
  BOOST_REQUIRE(children.size() == 3u);
  BOOST_TEST(children[1].name == "9");  // by number, not by letter
  BOOST_TEST((children[2].kind == Hdf5File::Kind::dataset));
  BOOST_TEST(file.children("").size() == 6u);
}

BOOST_AUTO_TEST_CASE(equal_content_gives_equal_bytes) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.h5", "b.h5"}) {
    Hdf5Writer writer(directory / name);
    writer.dataset("a/0", two_by_three());
    writer.attribute("a", "name", "layer");
    writer.finish();
  }
  BOOST_TEST(linnet::read_text(directory / "a.h5") == linnet::read_text(directory / "b.h5"));
}

BOOST_AUTO_TEST_CASE(an_unfinished_writer_leaves_the_old_file_and_nothing_else) {
  const TemporaryDirectory directory;
  linnet::write_text(directory / "a.h5", "old");
  {
    Hdf5Writer writer(directory / "a.h5");
    writer.dataset("0", two_by_three());
  }
  BOOST_TEST(linnet::read_text(directory / "a.h5") == "old");
  BOOST_TEST(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
  BOOST_CHECK_EXCEPTION(Hdf5Writer(directory / "none/a.h5"), std::runtime_error, says("write: the directory of", "none/a.h5", "must exist"));
}

BOOST_AUTO_TEST_CASE(all_number_types_are_read) {
  const TemporaryDirectory directory;
  const Hdf5File file(make_file(directory, [](hid_t id) {
    make_dataset(id, "f32be", H5T_IEEE_F32BE);
    make_dataset(id, "f64be", H5T_IEEE_F64BE);
    make_dataset(id, "i8", H5T_STD_I8LE);
    make_dataset(id, "u8", H5T_STD_U8LE);
    make_dataset(id, "i16", H5T_STD_I16BE);
    make_dataset(id, "i64", H5T_STD_I64LE);
    make_dataset(id, "u32", H5T_STD_U32LE);
    make_dataset(id, "u64", H5T_STD_U64LE);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[]{1, 3};
    H5Pset_chunk(creation, 2, chunk);
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 4);
    make_dataset(id, "zipped", H5T_IEEE_F32LE, creation);
    H5Pclose(creation);
  }));
  for (const auto& child : file.children("")) {
    BOOST_TEST_CONTEXT(child.name) { BOOST_TEST(file.read(child.name).to_vector() == two_by_three().to_vector(), boost::test_tools::per_element()); }
  }
  BOOST_TEST(file.children("").size() == 9u);
  BOOST_TEST(file.dtype("f64be") == DType::float64);
  BOOST_TEST(file.dtype("i8") == DType::int8);
  BOOST_TEST(file.dtype("u8") == DType::int32);
  Tensor ids = Tensor::zeros({2, 3}, DType::int32);
  BOOST_CHECK_EXCEPTION(file.read_into("f32be", ids), std::runtime_error, says("f32be: must have dtype int32, got float32"));
}

BOOST_AUTO_TEST_CASE(a_wrong_shape_kind_or_path_is_refused) {
  const TemporaryDirectory directory;
  Hdf5Writer writer(directory / "a.h5");
  writer.dataset("x/0", two_by_three());
  writer.finish();
  const Hdf5File file(directory / "a.h5");
  Tensor wrong = Tensor::zeros({3, 2});
  BOOST_CHECK_EXCEPTION(file.read_into("x/0", wrong), std::runtime_error, says("x/0: must have shape (3, 2), got (2, 3)"));
  BOOST_CHECK_EXCEPTION(file.read("x"), std::runtime_error, says("x: must be a dataset, got a group"));
  BOOST_CHECK_EXCEPTION(file.children("x/0"), std::runtime_error, says("x/0: must be a group, got a dataset"));
  BOOST_CHECK_EXCEPTION(file.read("x/1"), std::runtime_error, says("x/1: is missing"));
  BOOST_CHECK_EXCEPTION(file.read("x/0/1"), std::runtime_error, says("must lie in a group, got a dataset above '1'"));
  BOOST_CHECK_EXCEPTION(file.read("x/../x/0"), std::runtime_error, says("a path must not hold '..'"));
  BOOST_CHECK_EXCEPTION(file.read(std::string("x\0/0", 4)), std::runtime_error, says("a path must not hold a NUL"));
}

BOOST_AUTO_TEST_CASE(wide_integers_must_fit) {
  const TemporaryDirectory directory;
  const auto read = [&](hid_t type, hid_t memory_type, const auto& values) {
    return Hdf5File(make_file(directory,
                              [&](hid_t id) {
                                const hsize_t extents[]{2};
                                const hid_t space = H5Screate_simple(1, extents, nullptr);
                                const hid_t dataset = H5Dcreate2(id, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
                                H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
                                H5Dclose(dataset);
                                H5Sclose(space);
                              }))
        .read("x")
        .to_vector();
  };
  const std::vector<double> extremes{-2147483648.0, 2147483647.0}, bits{0, 1};
  const long long fitting[]{-(1LL << 31), (1LL << 31) - 1}, large[]{1, 1LL << 31};
  BOOST_TEST(read(H5T_STD_I64BE, H5T_NATIVE_LLONG, fitting) == extremes, boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(read(H5T_STD_I64LE, H5T_NATIVE_LLONG, large), std::runtime_error,
                        says("made.h5: x: integers must fit in 32 bits, got 2147483648"));
  const unsigned long long largest[]{0, ~0ULL};
  BOOST_CHECK_EXCEPTION(read(H5T_STD_U64LE, H5T_NATIVE_ULLONG, largest), std::runtime_error,
                        says("integers must fit in 32 bits, got 18446744073709551615"));
  const hid_t truth = H5Tenum_create(H5T_NATIVE_INT8);
  const std::int8_t values[]{0, 1};
  H5Tenum_insert(truth, "FALSE", &values[0]);
  H5Tenum_insert(truth, "TRUE", &values[1]);
  BOOST_TEST(read(truth, truth, values) == bits, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_encoding_of_hdf5_is_read) {
  const TemporaryDirectory directory;
  constexpr int kGroups = 300;  // in the newer encoding: of a fractal heap with indirect blocks, by a B-tree of two levels
  for (const bool newest : {false, true}) {
    const Hdf5File file(make_file(
        directory,
        [&](hid_t id) {
          for (int i = 0; i < kGroups; ++i) {
            const hid_t group = H5Gcreate2(id, ("layer " + std::to_string(i)).c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            linnet::testing::make_attribute(group, "name", std::string(static_cast<std::size_t>(i), 'n'));
            H5Gclose(group);
          }
          for (const std::vector<hsize_t>& chunk : std::vector<std::vector<hsize_t>>{{1, 1}, {1, 2}, {1, 3}, {2, 2}}) {
            const std::string name = "chunks of " + std::to_string(chunk[0]) + " x " + std::to_string(chunk[1]);
            const hid_t creation = linnet::testing::chunked(chunk);
            make_dataset(id, name.c_str(), H5T_IEEE_F64LE, creation);
            H5Pset_fletcher32(creation);
            H5Pset_shuffle(creation);
            H5Pset_deflate(creation, 1);
            make_dataset(id, (name + ", compressed").c_str(), H5T_IEEE_F32BE, creation);
            H5Pclose(creation);
          }
          const hid_t whole = linnet::testing::chunked({2, 3}), compact = H5Pcreate(H5P_DATASET_CREATE), early = linnet::testing::chunked({1, 2});
          make_dataset(id, "one chunk", H5T_IEEE_F32LE, whole);
          H5Pset_deflate(whole, 9);
          make_dataset(id, "one chunk, compressed", H5T_IEEE_F32LE, whole);
          H5Pset_layout(compact, H5D_COMPACT);
          make_dataset(id, "compact", H5T_STD_U16BE, compact);
          H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
          make_dataset(id, "side by side", H5T_IEEE_F32LE, early);
          for (const hid_t list : {whole, compact, early}) H5Pclose(list);
          // More chunks than a page of an array holds.
          const hid_t many = linnet::testing::chunked({1});
          linnet::testing::make_empty_dataset(id, "many", {3000}, many);
          std::vector<float> numbers(3000);
          for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
          const hid_t dataset = H5Dopen2(id, "many", H5P_DEFAULT);
          H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
          H5Dclose(dataset);
          H5Pclose(many);
        },
        newest));
    int groups = 0, datasets = 0;
    for (const Hdf5File::Child& child : file.children("")) {
      BOOST_TEST_CONTEXT(child.name) {
        if (child.kind == Hdf5File::Kind::group) {
          const auto length = static_cast<std::size_t>(std::stoi(child.name.substr(6)));
          BOOST_TEST(file.attribute(child.name, "name").value() == std::string(length, 'n'));
          ++groups;
        } else if (child.name != "many") {
          BOOST_TEST(file.read(child.name).to_vector() == two_by_three().to_vector(), boost::test_tools::per_element());
          ++datasets;
        }
      }
    }
    BOOST_TEST(groups == kGroups);
    BOOST_TEST(datasets == 12);
    const Tensor many = file.read("many");
    for (std::int64_t i = 0; i < many.size(); ++i) BOOST_TEST(many.data<float>()[static_cast<std::size_t>(i)] == static_cast<float>(i));
  }
}

BOOST_AUTO_TEST_CASE(floats_are_seen_where_they_lie) {
  const TemporaryDirectory directory;
  Hdf5Writer writer(directory / "a.h5");
  writer.dataset("floats", Tensor::from<float>({1, 2, 4, 8}, {2, 2}));
  writer.dataset("doubles", Tensor::from<double>({1}, {1}));
  writer.dataset("none", Tensor::zeros({0}));
  writer.finish();
  const Hdf5File opened(directory / "a.h5");
  const std::vector<float> values{1, 2, 4, 8};
  BOOST_TEST(opened.floats("floats") == values, boost::test_tools::per_element());
  BOOST_TEST(opened.floats("doubles").empty());
  BOOST_TEST(opened.floats("none").empty());
  BOOST_CHECK_EXCEPTION(opened.floats(""), std::runtime_error, says("a.h5: /: must be a dataset, got a group"));
}

BOOST_AUTO_TEST_SUITE_END()
