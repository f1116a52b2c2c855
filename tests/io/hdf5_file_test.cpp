#include "framework/io/hdf5_file.h"

#include <hdf5.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>

#include "framework/core/half.h"
#include "framework/io/atomic_file.h"
#include "framework/io/convert.h"
#include "framework/io/hdf5_writer.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::DType;
using linnet::Hdf5File;
using linnet::Hdf5Writer;
using linnet::Tensor;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

const linnet::Shape kTwoByThree{2, 3};
Tensor two_by_three() { return Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}); }

/// A file made by HDF5 itself, for what our writer never writes.
std::filesystem::path make_file(const TemporaryDirectory& directory, const std::function<void(hid_t)>& fill) {
  const std::filesystem::path file = directory / "made.h5";
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  const hid_t id = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  fill(id);
  H5Fclose(id);
  return file;
}

/// A dataset of six elements of 1, 2, 3, … converted from int to the type.
void make_dataset(hid_t file, const char* name, hid_t type, hid_t creation = H5P_DEFAULT, bool write = true) {
  const hsize_t extents[]{2, 3};
  const hid_t space = H5Screate_simple(2, extents, nullptr);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  const int values[]{1, 2, 3, 4, 5, 6};
  if (write) H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset);
  H5Sclose(space);
}

void refuses(const std::function<void(hid_t)>& fill, const std::string& text, const std::string& path = "x") {
  const TemporaryDirectory directory;
  const Hdf5File file(make_file(directory, fill));
  BOOST_CHECK_EXCEPTION(file.read(path), std::runtime_error, says("made.h5: " + path + ": ", text));
  Tensor into = two_by_three();
  BOOST_CHECK_THROW(file.read_into(path, into), std::runtime_error);
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
    H5Glink(id, H5L_TYPE_HARD, "i8", "again");
  }));
  for (const auto& child : file.children("")) {
    BOOST_TEST_CONTEXT(child.name) { BOOST_TEST(file.read(child.name).to_vector() == two_by_three().to_vector(), boost::test_tools::per_element()); }
  }
  BOOST_TEST(file.children("").size() == 10u);
  BOOST_TEST(file.dtype("f64be") == DType::float64);
  BOOST_TEST(file.dtype("i8") == DType::int8);
  BOOST_TEST(file.dtype("u8") == DType::int32);
  Tensor ids = Tensor::zeros({2, 3}, DType::int32);
  BOOST_CHECK_EXCEPTION(file.read_into("f32be", ids), std::runtime_error, says("f32be: must have dtype int32, got float32"));
}

BOOST_AUTO_TEST_CASE(links_that_are_not_hard_are_refused) {
  refuses([](hid_t id) { H5Lcreate_soft("/y", id, "x", H5P_DEFAULT, H5P_DEFAULT); }, "'x' must be a hard link, got a soft link");
  refuses([](hid_t id) { H5Lcreate_external("/etc/passwd", "/", id, "x", H5P_DEFAULT, H5P_DEFAULT); },
          "'x' must be a hard link, got a link to another file");
  refuses(
      [](hid_t id) {
        H5Gclose(H5Gcreate2(id, "real", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        make_dataset(id, "real/0", H5T_IEEE_F32LE);
        H5Lcreate_soft("/real", id, "x", H5P_DEFAULT, H5P_DEFAULT);
      },
      "'x' must be a hard link, got a soft link", "x/0");
  refuses([](hid_t id) { H5Tcommit2(id, "x", H5Tcopy(H5T_NATIVE_INT), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT); },
          "'x' must be a group or a dataset, got a named datatype");
}

BOOST_AUTO_TEST_CASE(children_behind_links_are_refused) {
  const TemporaryDirectory directory;
  const Hdf5File file(make_file(directory, [](hid_t id) { H5Lcreate_soft("/", id, "loop", H5P_DEFAULT, H5P_DEFAULT); }));
  BOOST_CHECK_EXCEPTION(file.children("/"), std::runtime_error, says("'loop' must be a hard link, got a soft link"));
}

BOOST_AUTO_TEST_CASE(data_outside_the_file_are_refused) {
  refuses(
      [](hid_t id) {
        const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(creation, "/etc/passwd", 0, 24);
        make_dataset(id, "x", H5T_IEEE_F32LE, creation, false);
        H5Pclose(creation);
      },
      "must be stored in the file itself, got external storage");
  refuses(
      [](hid_t id) {
        const hsize_t extents[]{2, 3};
        const hid_t space = H5Screate_simple(2, extents, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_virtual(creation, space, "other.h5", "y", space);
        make_dataset(id, "x", H5T_IEEE_F32LE, creation, false);
        H5Pclose(creation);
        H5Sclose(space);
      },
      "must be stored in the file itself, got a virtual dataset");
}

BOOST_AUTO_TEST_CASE(a_shape_bomb_is_refused_before_memory_is_taken) {
  const auto bomb = [](hsize_t extent) {
    return [extent](hid_t id) {
      const hsize_t extents[]{extent, extent, extent}, chunk[]{1, 1, 64};
      const hid_t space = H5Screate_simple(3, extents, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_chunk(creation, 3, chunk);
      H5Dclose(H5Dcreate2(id, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
      H5Pclose(creation);
      H5Sclose(space);
    };
  };
  refuses(bomb(1'000'000), "shape (1000000, 1000000, 1000000) needs 4000000000000000000 bytes, got none stored");
  refuses(bomb(10'000'000), "the size in bytes must fit in 64 bits");
  refuses([](hid_t id) { make_dataset(id, "x", H5T_IEEE_F32LE, H5P_DEFAULT, false); }, "shape (2, 3) needs 24 bytes, got 0 stored");
  refuses(
      [](hid_t id) {  // 4,000 to one
        const hsize_t extents[]{64 << 20}, chunk[]{1 << 20};
        const hid_t space = H5Screate_simple(1, extents, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(creation, 1, chunk);
        H5Pset_deflate(creation, 9);
        const hid_t dataset = H5Dcreate2(id, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        const hsize_t start[]{0}, count[]{1};
        const float one = 1;
        const hid_t memory = H5Screate(H5S_SCALAR);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, &one);
        H5Sclose(memory);
        H5Dclose(dataset);
        H5Pclose(creation);
        H5Sclose(space);
      },
      "must not expand more than 100 times, got 268435456 bytes");
}

BOOST_AUTO_TEST_CASE(other_element_types_are_refused) {
  refuses([](hid_t id) { make_dataset(id, "x", H5Tcopy(H5T_C_S1), H5P_DEFAULT, false); }, "got type class string");
  refuses([](hid_t id) { make_dataset(id, "x", H5Tcreate(H5T_COMPOUND, 8), H5P_DEFAULT, false); }, "is missing");  // HDF5 makes none
  refuses(
      [](hid_t id) {
        const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
        H5Tinsert(type, "real", 0, H5T_NATIVE_FLOAT);
        make_dataset(id, "x", type, H5P_DEFAULT, false);
      },
      "got type class compound");
  refuses([](hid_t id) { make_dataset(id, "x", H5T_STD_REF_OBJ, H5P_DEFAULT, false); }, "got type class reference");
  refuses([](hid_t id) { make_dataset(id, "x", H5Tvlen_create(H5T_NATIVE_INT), H5P_DEFAULT, false); }, "got type class variable-length");
  refuses([](hid_t id) { make_dataset(id, "x", H5Tcreate(H5T_OPAQUE, 2), H5P_DEFAULT, false); }, "got type class opaque");
  refuses([](hid_t id) { make_dataset(id, "x", H5T_STD_B8LE, H5P_DEFAULT, false); }, "got type class bitfield");
  refuses([](hid_t id) { make_dataset(id, "x", H5T_NATIVE_LDOUBLE, H5P_DEFAULT, false); }, "a float must be IEEE with 16, 32 or 64 bits");
  refuses(
      [](hid_t id) {
        const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
        const std::int8_t value = 3;
        H5Tenum_insert(type, "RED", &value);
        make_dataset(id, "x", type, H5P_DEFAULT, false);
      },
      "an enumeration must be h5py's bool");
}

BOOST_AUTO_TEST_CASE(wide_integers_must_fit) {
  refuses(
      [](hid_t id) {
        const hsize_t extents[]{2, 3};
        const hid_t space = H5Screate_simple(2, extents, nullptr);
        const hid_t dataset = H5Dcreate2(id, "x", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        const long long values[]{1, 2, 3, 4, 5, 1LL << 31};
        H5Dwrite(dataset, H5T_NATIVE_LLONG, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        H5Dclose(dataset);
        H5Sclose(space);
      },
      "integers must fit in 32 bits, got 2147483648");
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

BOOST_AUTO_TEST_CASE(what_is_no_whole_file_is_refused) {
  const TemporaryDirectory directory;
  Hdf5Writer writer(directory / "a.h5");
  for (int i = 0; i < 20; ++i) writer.dataset("layer_" + std::to_string(i) + "/vars/0", two_by_three());
  writer.finish();
  const std::string whole = linnet::read_text(directory / "a.h5");
  std::int64_t refused = 0, cuts = 0;
  for (std::size_t size = 64; size < whole.size(); size += 64, ++cuts) {
    linnet::write_text(directory / "cut.h5", std::string_view(whole).substr(0, size));
    BOOST_CHECK_EXCEPTION(Hdf5File(directory / "cut.h5"), std::runtime_error, [&](const std::exception& error) {
      ++refused;
      return std::string(error.what()).find("cut.h5 is damaged or cut off: ") != std::string::npos;
    });
  }
  BOOST_TEST(cuts > 100);
  BOOST_TEST(refused == cuts);

  linnet::write_text(directory / "empty.h5", "");
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "empty.h5"), std::runtime_error, says("empty.h5 must begin with HDF5's signature"));
  linnet::write_text(directory / "text.h5", "not an HDF5 file at all");
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "text.h5"), std::runtime_error, says("text.h5 must begin with HDF5's signature"));
  std::string later = whole;
  later[8] = 99;
  linnet::write_text(directory / "later.h5", later);
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "later.h5"), std::runtime_error, says("the superblock's version must be 0 to 3, got 99"));
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "none.h5"), std::runtime_error, says("Hdf5File: cannot open", "none.h5: no such file"));
  BOOST_CHECK_EXCEPTION(Hdf5File(directory.path()), std::runtime_error, says("must be a regular file"));
  BOOST_CHECK_EXCEPTION(Hdf5File("/dev/zero"), std::runtime_error, says("/dev/zero must be a regular file"));
  ::mkfifo((directory / "fifo").c_str(), 0600);
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "fifo"), std::runtime_error, says("fifo must be a regular file"));
}

BOOST_AUTO_TEST_CASE(the_place_of_plain_floats_is_where_their_bytes_are) {
  const TemporaryDirectory directory;
  const auto file = directory / "a.h5";
  Hdf5Writer writer(file);
  writer.dataset("floats", Tensor::from<float>({1, 2, 4, 8}, {2, 2}));
  writer.dataset("doubles", Tensor::from<double>({1}, {1}));
  writer.finish();
  const Hdf5File opened(file);
  const std::uint64_t place = opened.describe("floats").place.value();
  const std::string bytes = linnet::read_text(file).substr(place, 16);
  BOOST_TEST((bytes == std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x80\x40\0\0\0\x41", 16)));
  BOOST_TEST((opened.describe("floats").shape == linnet::Shape{2, 2}));
  BOOST_TEST(opened.describe("doubles").dtype == DType::float64);
  BOOST_TEST(!opened.describe("doubles").place.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
