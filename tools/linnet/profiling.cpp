#include "tools/linnet/profiling.h"

#include <iostream>

#include "framework/core/warning.h"
#include "framework/io/profile_trace.h"

namespace linnet::tool {

void ProfilingOptions::fields(FieldVisitor& field) {
  field("profile", profile, "print at the end where time went: seconds, FLOPs and bytes of each op, forward and backward");
  field("trace", trace, "write what each thread did when, for ui.perfetto.dev or chrome://tracing: a .json file");
}

Profiling::Profiling(const ProfilingOptions& options) : options_(options) {
  if (options_.profile || !options_.trace.empty()) profile_ = std::make_unique<Profile>(Profile::Config{.trace = !options_.trace.empty()});
}

void Profiling::finish() {
  if (!profile_) return;
  if (options_.profile) std::cerr << profile_->table();
  if (!options_.trace.empty()) {
    save_trace(*profile_, options_.trace);
    if (const std::int64_t dropped = profile_->dropped_events(); dropped > 0)
      warn(cat("--trace: holds the first ", profile_->events().size(), " events, ", dropped, " came later"));
  }
  profile_.reset();
}

}  // namespace linnet::tool
