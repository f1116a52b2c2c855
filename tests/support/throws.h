#pragma once

#include <boost/test/unit_test.hpp>
#include <string>

namespace linnet::testing {

/// For BOOST_CHECK_EXCEPTION: the message holds all of the texts; reports it when it does not.
template <class... Texts>
auto says(const Texts&... texts) {
  return [=](const std::exception& error) {
    const std::string message = error.what();
    const bool all = ((message.find(texts) != std::string::npos) && ...);
    if (!all) BOOST_TEST_MESSAGE("got: " << message);
    BOOST_TEST(all, "unexpected message: " << message);
    return all;
  };
}

}  // namespace linnet::testing
