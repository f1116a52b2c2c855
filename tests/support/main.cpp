#define BOOST_TEST_MODULE linnet
#include <boost/test/unit_test.hpp>
