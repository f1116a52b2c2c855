#include "framework/train/checkpoint_file.h"

#include <boost/test/unit_test.hpp>

#include "framework/io/atomic_file.h"
#include "framework/io/checksum.h"
#include "framework/io/hdf5_writer.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

const std::string kSettings = R"({"a": 1})";

/// A checkpoint of one weight whose header has one member replaced.
class Written {
 public:
  Written(const std::string& from, const std::string& to) {
    Crc32 crc;
    const Tensor kernel = Tensor::full({2}, 1);
    const std::string path = "weights/kernel";
    crc.add(path.data(), path.size());
    crc.add(kernel.raw(), 8);
    std::string header =
        R"({"format": 1, "state": {"epoch": 1, "batch": 2, "step": 3, "finished": false, "best_score": null, "notes": ""}, "settings": "{\"a\": 1}",)"
        R"( "seed": "5", "random_step": 3, "random_op": 0, "initialized": 4, "crc32": )" +
        std::to_string(crc.value()) + "}";
    const std::size_t at = header.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    header.replace(at, from.size(), to);
    Hdf5Writer writer(file());
    writer.dataset(path, kernel);
    writer.attribute("/", "linnet_checkpoint", header);
    writer.finish();
  }
  std::filesystem::path file() const { return directory_ / "step_3.h5"; }

 private:
  TemporaryDirectory directory_;
};

void refuses(const std::string& from, const std::string& to, const std::string& text) {
  const Written written(from, to);
  BOOST_CHECK_EXCEPTION(CheckpointFile(written.file()), std::runtime_error, says("Checkpoint: ", "step_3.h5", text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_file)

BOOST_AUTO_TEST_CASE(a_checkpoint_by_the_description_is_read) {
  const Written written("5", "18446744073709551615");
  std::vector<Parameter> weights{{"kernel", Tensor::zeros({2})}}, slots;
  const TrainingState state = CheckpointFile(written.file()).restore(weights, slots, kSettings);
  BOOST_TEST(state.step == 3);
  BOOST_TEST(weights[0].tensor.to_vector() == (std::vector<double>{1, 1}), boost::test_tools::per_element());
  BOOST_TEST(random_state().seed == ~std::uint64_t{0});
}

BOOST_AUTO_TEST_CASE(numbers_that_no_run_has_are_refused) {
  refuses("\"format\": 1", "\"format\": 2", " must have format 1, got 2 (written by a newer Linnet?)");
  for (const std::string name : {"epoch", "batch", "step"})
    refuses("\"" + name + "\": ", "\"" + name + "\": -", ": epoch, batch and step must not be negative, got -");
  refuses("\"random_step\": 3", "\"random_step\": -3", ": random_step, random_op and initialized must fit in 32 bits, got -3");
  refuses("\"initialized\": 4", "\"initialized\": 4294967296", ": random_step, random_op and initialized must fit in 32 bits, got 4294967296");
  for (const std::string seed : {"", "x", "-1", "5 ", "18446744073709551616"})
    refuses("\"5\"", "\"" + seed + "\"", ": seed must be a number of 64 bits, got '" + seed + "'");
  refuses("\"crc32\": ", "\"crc32\": 1", " must have the checksum 1");
  refuses("\"seed\"", "\"sead\"", "unknown config key 'sead'");
}

BOOST_AUTO_TEST_CASE(what_is_no_checkpoint_or_of_another_model_is_refused) {
  const TemporaryDirectory directory;
  Hdf5Writer writer(directory / "weights.h5");
  writer.dataset("a", Tensor::zeros({1}));
  writer.finish();
  BOOST_CHECK_EXCEPTION(CheckpointFile(directory / "weights.h5"), std::runtime_error,
                        says("weights.h5", " must have the attribute linnet_checkpoint, got none (is it a checkpoint?)"));
  const Written written("5", "5");
  std::vector<Parameter> weights{{"kernel", Tensor::full({3}, 7)}}, slots{{"velocity", Tensor::zeros({2})}};
  BOOST_CHECK_EXCEPTION(CheckpointFile(written.file()).restore(weights, slots, kSettings), std::runtime_error,
                        says(" must be of this model and optimizer, got:\n  weights/kernel is float32 (2), not float32 (3)"));
  weights = {{"kernel", Tensor::full({2}, 7)}};
  BOOST_CHECK_EXCEPTION(CheckpointFile(written.file()).restore(weights, slots, kSettings), std::runtime_error,
                        says(" must be of this model and optimizer, got:\n  missing optimizer/velocity"));
  BOOST_TEST(weights[0].tensor.to_vector() == (std::vector<double>{7, 7}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_in_the_way_of_a_run_is_said) {
  const TemporaryDirectory directory;
  write_text(directory / "file", "");
  BOOST_CHECK_EXCEPTION(Checkpoint(directory / "file/run", {}, {}), std::runtime_error, says("Checkpoint: cannot make ", "file/run"));
}

BOOST_AUTO_TEST_SUITE_END()
