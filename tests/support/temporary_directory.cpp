#include "tests/support/temporary_directory.h"

#include <cstdlib>

#include "framework/core/error.h"

namespace linnet::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "linnet-test-XXXXXX";
  check_file(::mkdtemp(name.data()) != nullptr, "TemporaryDirectory: cannot make ", name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace linnet::testing
