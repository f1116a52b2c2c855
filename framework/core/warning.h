#pragma once

#include <functional>
#include <string>

namespace linnet {

/// Receives what a user should know though it is no error, one sentence each.
using WarningHandler = std::function<void(const std::string& message)>;

/// Replaces the process's handler and returns the one before. At first, and for an empty one, a warning is a line on standard
/// error. Handlers may be called from several threads, one call at a time, and must not warn themselves.
WarningHandler set_warning_handler(WarningHandler handler);
/// Hands the message to the handler.
void warn(const std::string& message);

}  // namespace linnet
