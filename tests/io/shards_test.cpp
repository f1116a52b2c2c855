#include "framework/io/shards.h"

#include <boost/test/unit_test.hpp>

#include "framework/core/error.h"
#include "framework/io/directory.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/throws.h"

using namespace linnet;
using linnet::testing::says;
using linnet::testing::TemporaryDirectory;

namespace {

struct Place {
  TemporaryDirectory directory;
  Place() {
    for (const char* name : {"index", "shard_0", "shard_1", "foreign"}) write_text(directory / name, "old");
  }
  /// Shards of a new model, which are written.
  void add(Shards& shards) const {
    for (const char* name : {"shard_2", "shard_3"}) write_text(shards.add(name), "new");
  }
  Shards shards() const {
    return Shards(directory / "index", [](const std::string& name) { return name.starts_with("shard_"); });
  }
  std::string names() const {
    std::string all;
    for (const std::string& name : names_in(directory.path())) all += name + " ";
    return all;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shards)

BOOST_AUTO_TEST_CASE(new_shards_replace_the_old_ones_when_the_index_is_in_place) {
  const Place place;
  Shards shards = place.shards();
  const std::vector<std::string> old{"shard_0", "shard_1"};
  BOOST_TEST(shards.old() == old, boost::test_tools::per_element());
  place.add(shards);
  BOOST_TEST(place.names() == "foreign index shard_0 shard_1 shard_2 shard_3 ");
  BOOST_TEST(read_text(place.directory / "index") == "old");
  shards.commit("new");
  BOOST_TEST(place.names() == "foreign index shard_2 shard_3 ");
  BOOST_TEST(read_text(place.directory / "index") == "new");
}

BOOST_AUTO_TEST_CASE(without_an_index_the_old_shards_stay) {
  const Place place;
  {
    Shards shards = place.shards();
    place.add(shards);
  }
  BOOST_TEST(place.names() == "foreign index shard_0 shard_1 ");
  {
    Shards shards = place.shards();
    place.add(shards);
    std::filesystem::remove(place.directory / "index");
    std::filesystem::create_directory(place.directory / "index");
    BOOST_CHECK_EXCEPTION(shards.commit("new"), std::runtime_error, says("write: ", "index\" must be replaceable, got: Is a directory"));
  }
  BOOST_TEST(place.names() == "foreign index shard_0 shard_1 ");
}

BOOST_AUTO_TEST_CASE(an_index_that_a_save_replaces_meanwhile_is_read_anew) {
  const Place place;
  std::string seen;
  const auto read = [&](const std::string& text) {
    seen += text + " ";
    if (text == "old") write_text(place.directory / "index", "new");
    check_file(text == "new", "the shards are gone");
  };
  read_through_index(place.directory / "index", kLargestText, read);
  BOOST_TEST(seen == "old new ");
  BOOST_CHECK_EXCEPTION(read_through_index(place.directory / "index", kLargestText, [](const std::string&) { check_file(false, "is damaged"); }),
                        std::runtime_error, says("is damaged"));  // as it was: not read for ever
}

BOOST_AUTO_TEST_SUITE_END()
