#pragma once

namespace linnet {

/// While one lives, SIGINT and SIGTERM ask the program to stop instead of stopping it: a training loop looks at requested(), saves
/// and leaves. A second signal stops at once. One at a time in a process; the former handlers come back at its end.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const;
};

}  // namespace linnet
