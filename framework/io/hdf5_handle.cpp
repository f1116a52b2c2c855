#include "framework/io/hdf5_handle.h"

#include <hdf5.h>

#include <type_traits>

namespace linnet::hdf5 {
static_assert(std::is_same_v<Id, hid_t>);

std::unique_lock<std::mutex> lock() {
  static std::mutex mutex;
  std::unique_lock guard(mutex);
  static const bool ready = [] {
    H5open();
    H5PLset_loading_state(0);
    return true;
  }();
  static_cast<void>(ready);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return guard;
}

std::string last_error() {
  std::string text = "unknown reason";
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* error, void* result) -> herr_t {
        if (error->desc && *error->desc) *static_cast<std::string*>(result) = error->desc;
        return 1;
      },
      &text);
  return text;
}

Handle float16_type() {
  Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

Handle bfloat16_type() { return {H5Tcreate(H5T_OPAQUE, 2), H5Tclose}; }

}  // namespace linnet::hdf5
