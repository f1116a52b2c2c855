#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#include "framework/core/shape.h"

namespace linnet {

/// The parts printed one after the other.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream text;
  text.exceptions(std::ios::badbit);  // or a text would be cut, and nobody told, where memory ends
  (text << ... << parts);
  return std::move(text).str();
}

/// Throws std::invalid_argument (the caller's mistake) with the parts joined, unless `ok`; the parts are formatted only on
/// failure. Form: `<op or class>: <what must hold>, got <value> (<what helps>)`.
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) throw std::invalid_argument(cat(parts...));
}

/// As `check`, but throws std::runtime_error: files, their contents and the environment.
template <class... Parts>
void check_file(bool ok, const Parts&... parts) {
  if (!ok) throw std::runtime_error(cat(parts...));
}

}  // namespace linnet
