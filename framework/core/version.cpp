#include "framework/core/version.h"

namespace linnet {

std::string_view version() { return LINNET_VERSION; }

}  // namespace linnet
