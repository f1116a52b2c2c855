#pragma once

#include <sys/resource.h>

#include <csignal>

namespace linnet::testing {

/// Lowers one of the process' limits for a scope: what a full disk or too many open files do, without either. The scope should hold
/// nothing but the call: sanitizers open files as well.
class Limit {
 public:
  /// No file can be opened: EMFILE.
  static Limit no_more_files() { return {RLIMIT_NOFILE, 0}; }
  /// No file can grow beyond `bytes`: EFBIG.
  static Limit file_size(rlim_t bytes) { return {RLIMIT_FSIZE, bytes}; }
  ~Limit() {
    ::setrlimit(resource_, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  Limit(__rlimit_resource resource, rlim_t value) : resource_(resource), handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(resource_, &before_);
    const rlimit lowered{value, before_.rlim_max};
    ::setrlimit(resource_, &lowered);
  }

  __rlimit_resource resource_;
  rlimit before_ = {};
  void (*handler_)(int);
};

}  // namespace linnet::testing
