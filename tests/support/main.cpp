#define BOOST_TEST_MODULE linnet
#include <boost/test/unit_test.hpp>

#include "framework/kernels/gemm.h"
#include "framework/kernels/table.h"

/// LINNET_ISA and LINNET_BLAS name what is there, or no test runs: one message instead of one a test, and none from a thread.
struct KernelsAreThere {
  KernelsAreThere() {
    linnet::kernels::table<float>();
    linnet::kernels::gemm_backend();
  }
};
BOOST_TEST_GLOBAL_FIXTURE(KernelsAreThere);
