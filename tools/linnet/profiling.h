#pragma once

#include <memory>
#include <string>

#include "framework/config/fields.h"
#include "framework/core/profile.h"

namespace linnet::tool {

/// What commands that compute take to show where time goes.
struct ProfilingOptions {
  bool profile = false;
  std::string trace;
  void fields(FieldVisitor& field);
};

/// Profiles from construction to finish() if the options say so.
class Profiling {
 public:
  explicit Profiling(const ProfilingOptions& options);
  /// Prints the table to stderr, and writes the trace.
  void finish();

 private:
  ProfilingOptions options_;
  std::unique_ptr<Profile> profile_;
};

}  // namespace linnet::tool
