// Files that must be refused, each with its own error, quickly and with little memory; and files that are damaged in every place.

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <set>

#include "framework/io/atomic_file.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/weights.h"
#include "framework/layers/dense.h"
#include "tests/support/hdf5_files.h"
#include "tests/support/measured.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using linnet::Hdf5File;
using linnet::Tensor;
using namespace linnet::testing;

namespace {

void read_group(const Hdf5File& file, const std::string& group) {
  for (const Hdf5File::Child& child : file.children(group)) {
    const std::string path = group + "/" + child.name;
    file.attribute(path, "name");
    if (child.kind == Hdf5File::Kind::group) read_group(file, path);
    else if (file.read(path).shape() != file.shape(path)) throw std::logic_error("a tensor must have its dataset's shape");
  }
}

/// Everything that is in the file.
void read_all(const std::filesystem::path& path) { read_group(Hdf5File(path), ""); }

/// Most memory of this process, in bytes, since it was forgotten.
std::int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  return 0;
}
void forget_peak_memory() { std::ofstream("/proc/self/clear_refs") << 5; }

/// Without waiting for the disk, as write_text would: there are many.
void write(const std::filesystem::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::vector<HostileFile> all_hostile_files() {
  std::vector<HostileFile> files = hostile_structures();
  for (HostileFile& file : hostile_datasets()) files.push_back(std::move(file));
  return files;
}

/// A small file as Keras writes them, in the older or the newer encoding.
std::string small_file(bool newest) {
  return hdf5_bytes(
      [](hid_t id) {
        const hid_t group = H5Gcreate2(id, "vars", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        make_attribute(group, "name", "dense");
        make_dataset(group, "0", H5T_IEEE_F32LE);
        const hid_t creation = chunked({1, 3});
        H5Pset_shuffle(creation);
        H5Pset_deflate(creation, 9);
        make_dataset(group, "1", H5T_IEEE_F32LE, creation);
        H5Pclose(creation);
        H5Gclose(group);
      },
      {.newest = newest});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_hdf5)

BOOST_AUTO_TEST_CASE(what_memory_is_taken_is_noticed) {
  constexpr std::size_t kTaken = 80 << 20;
  forget_peak_memory();
  const std::int64_t before = peak_memory();
  { const std::vector<char> taken(kTaken, 1); }
  BOOST_TEST(peak_memory() - before > (64 << 20));
}

BOOST_AUTO_TEST_CASE(each_is_refused_with_its_own_error_in_a_second_and_64_megabytes) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "a.h5";
  std::set<std::string> messages;
  double slowest = 0;
  std::int64_t count = 0, most = 0;
  for (const HostileFile& file : all_hostile_files()) {
    BOOST_TEST_CONTEXT(file.name) {
      write(path, file.bytes());
      const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path));
      forget_peak_memory();
      const std::int64_t before = peak_memory();
      const auto start = std::chrono::steady_clock::now();
      BOOST_CHECK_EXCEPTION(read_all(path), std::runtime_error, says("Hdf5File: " + path.string() + ": ", file.error));
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (is_memory_measurable()) {  // sanitizers keep memory of their own, and are slow
        BOOST_TEST(peak_memory() - before < size + (64 << 20));
        BOOST_TEST(seconds < 1);
      }
      slowest = std::max(slowest, seconds);
      most = std::max(most, peak_memory() - before - size);
      messages.insert(file.error);
      ++count;
    }
  }
  std::cout << "hostile_hdf5: " << count << " files refused, " << messages.size() << " different errors, at most " << slowest << " s and "
            << (most >> 20) << " MB beyond the file\n";
  BOOST_TEST(count >= 100);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
  const TemporaryDirectory directory;
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "none.h5"), std::runtime_error, says("cannot open", "none.h5: No such file"));
  BOOST_CHECK_EXCEPTION(Hdf5File(directory.path()), std::runtime_error, says("must be a regular file"));
  BOOST_CHECK_EXCEPTION(Hdf5File("/dev/zero"), std::runtime_error, says("/dev/zero must be a regular file"));
  ::mkfifo((directory / "fifo").c_str(), 0600);
  BOOST_CHECK_EXCEPTION(Hdf5File(directory / "fifo"), std::runtime_error, says("fifo must be a regular file"));
}

BOOST_AUTO_TEST_CASE(a_cut_at_any_64_bytes_is_noticed) {
  const TemporaryDirectory directory;
  for (const bool newest : {false, true}) {
    const std::string whole = small_file(newest);
    for (std::size_t size = 0; size < whole.size(); size += 64) {
      write(directory / "cut.h5", std::string_view(whole).substr(0, size));
      const bool cut = size >= 128;  // else there is not even a superblock
      BOOST_CHECK_EXCEPTION(read_all(directory / "cut.h5"), std::runtime_error, says("cut.h5: ", cut ? "(is it cut off?)" : "must"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_refused_or_changes_values_alone) {
  const TemporaryDirectory directory;
  for (const bool newest : {false, true}) {
    const std::string whole = small_file(newest);
    write(directory / "flipped.h5", whole);
    // In place: a file system may bring a file to the disk each time that it is cut and written again.
    std::fstream file(directory / "flipped.h5", std::ios::in | std::ios::out | std::ios::binary);
    const auto set = [&](std::size_t at, int byte) { file.seekp(static_cast<std::streamoff>(at)).put(static_cast<char>(byte)).flush(); };
    std::int64_t refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        set(at, whole[at] ^ flip);
        try {
          read_all(directory / "flipped.h5");
        } catch (const std::runtime_error& error) {
          BOOST_TEST(std::string_view(error.what()).starts_with("Hdf5File: "));
          ++refused;
        }
      }
      set(at, whole[at]);
    }
    BOOST_TEST(file.good());
    std::cout << "hostile_hdf5: " << refused << " of " << 3 * whole.size() << " flipped bytes refused\n";
    BOOST_TEST(refused > 0);
  }
}

BOOST_AUTO_TEST_CASE(weights_that_do_not_fit_are_refused) {
  const TemporaryDirectory directory;
  const auto refuses = [&](const std::string& text, const std::function<void(hid_t)>& fill) {
    linnet::write_text(directory / "a.weights.h5", hdf5_bytes([&](hid_t id) {
                         H5Gclose(H5Gcreate2(id, "vars", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
                         fill(id);
                       }));
    linnet::Dense layer({.input_dim = 2, .units = 3, .use_bias = false});
    BOOST_CHECK_EXCEPTION(linnet::load_weights(layer, directory / "a.weights.h5"), std::runtime_error, says("does not fit Dense: ", text));
  };
  refuses("missing kernel", [](hid_t) {});
  refuses("unexpected Vars/0", [](hid_t id) {  // the same name but for its case
    make_dataset(id, "vars/0", H5T_IEEE_F32LE);
    H5Gclose(H5Gcreate2(id, "Vars", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    make_dataset(id, "Vars/0", H5T_IEEE_F32LE);
  });
  refuses("unexpected more/0", [](hid_t id) {
    make_dataset(id, "vars/0", H5T_IEEE_F32LE);
    H5Gclose(H5Gcreate2(id, "more", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    make_dataset(id, "more/0", H5T_IEEE_F32LE);
  });
  refuses("missing kernel", [](hid_t id) {  // a group where the dataset should be
    H5Gclose(H5Gcreate2(id, "vars/0", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  });
  refuses("shape of kernel (3, 2) in the file, (2, 3) in the model", [](hid_t id) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    make_empty_dataset(id, "vars/0", {3, 2}, creation);
  });
  refuses("dtype of kernel int32 in the file, float32 in the model", [](hid_t id) { make_dataset(id, "vars/0", H5T_STD_I32LE); });
}

BOOST_AUTO_TEST_SUITE_END()
