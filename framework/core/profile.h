#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

/// What a piece of work has to do at least: floating-point operations (an addition, a multiplication and a function of one element
/// count one each), and bytes of what it reads and writes, each operand and result once.
struct Cost {
  double flops = 0, bytes = 0;
};

/// Of an op, and of its part in backward.
struct OpCost {
  Cost forward = {}, backward = {};
};

/// Where in a step a piece of work was done.
enum class ProfilePass : std::uint8_t {
  forward,   ///< ops as they are called, and all other work
  backward,  ///< gradients of ops
  part,      ///< a part of ops whose rows hold it as well: matrix products
};

/// One line of a profile. Its seconds are its own: those of ops that it called are in their rows.
struct ProfileRow {
  std::string name;
  ProfilePass pass = ProfilePass::forward;
  bool own_thread = true;  ///< the profile's; false: beside it, on other threads
  std::int64_t calls = 0;
  double seconds = 0;
  Cost cost = {};
};

/// A stretch of time on one thread, for a trace.
struct ProfileEvent {
  const ProfileRow* row = nullptr;  ///< name and pass
  std::int64_t start = 0, end = 0;  ///< nanoseconds since the profile began
  std::int32_t thread = 0;          ///< 0 is the profile's own
  bool share = false;               ///< a worker's share of the row's work
  Cost cost = {};
};

/// While one is alive, ops, gradients, optimizers and loaders on all threads note what they do and how long that takes.
///
///     linnet::Profile profile;
///     train_some_steps();
///     std::cerr << profile.table();
///
/// Without one an op pays for the look whether there is one. At most one is alive at a time, and it goes on the thread that made it.
class Profile {
 public:
  struct Config {
    bool trace = false;                   ///< keep every event, for save_trace in io/profile_trace.h
    std::int64_t max_events = 1'000'000;  ///< of 56 bytes; later ones are counted in the rows alone
  };
  Profile() : Profile(Config()) {}
  /// Throws std::invalid_argument if another profile is alive, or max_events is negative.
  explicit Profile(const Config& config);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Time since the profile began.
  double seconds() const;
  /// So far, those that took longest first.
  std::vector<ProfileRow> rows() const;
  /// In order of their ends; valid while the profile lives and no other thread works.
  const std::vector<ProfileEvent>& events() const;
  /// Config::trace.
  bool traces() const;
  /// Events that max_events left out.
  std::int64_t dropped_events() const;
  /// The rows as a table for people: calls, time, share of the whole time, GFLOP/s and GB/s.
  std::string table() const;

 private:
  friend class ProfileScope;
};

/// A piece of work from construction to destruction, noted by the profile that is alive, if there is one. Ops begin with one;
/// a user's op and a user's loop may have some too. A scope within a scope has a row of its own, but within backward it is part of that.
class ProfileScope {
 public:
  /// `name` must outlive the scope. `cost()` returns an OpCost, or the Cost of forward; it is called only while a profile is alive.
  template <class F>
  ProfileScope(std::string_view name, F&& cost) {
    if (!profiling()) return;
    const OpCost whole{cost()};
    begin(name, ProfilePass::forward, whole);
  }
  explicit ProfileScope(std::string_view name) {
    if (profiling()) begin(name, ProfilePass::forward, {});
  }
  /// What it costs, where that is known only on the way.
  template <class F>
  void set_cost(F&& cost) {
    if (active_) cost_ = OpCost{cost()};
  }
  /// For the tape: the gradient of an op whose scope said that it would cost this.
  ProfileScope(std::string_view name, ProfilePass pass, const Cost& cost) {
    if (profiling()) begin(name, pass, {cost, {}});
  }
  ~ProfileScope() {
    if (active_) end();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

  /// A profile is alive.
  static bool profiling() { return alive.load(std::memory_order_relaxed); }
  /// The innermost scope of this thread; null if there is none.
  static const ProfileScope* current();
  std::string_view name() const { return name_; }
  ProfilePass pass() const { return pass_; }
  const Cost& backward_cost() const { return cost_.backward; }
  /// More of forward than was known when it began.
  static void add_cost(const Cost& cost);

 private:
  friend class Profile;
  friend class ProfileShare;
  static inline std::atomic<bool> alive{false};
  void begin(std::string_view name, ProfilePass pass, const OpCost& cost);
  void end() noexcept;

  bool active_ = false;
  bool in_backward_ = false;  ///< is a gradient's, or within one
  ProfilePass pass_ = ProfilePass::forward;
  std::string_view name_;
  OpCost cost_;
  std::uint64_t profile_ = 0;
  ProfileScope* outer_ = nullptr;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::duration inner_{};  ///< of scopes within that have rows of their own
};

/// A worker's share of another thread's scope, for the trace.
class ProfileShare {
 public:
  /// `of` must outlive the share; null: nothing is noted.
  explicit ProfileShare(const ProfileScope* of);
  ~ProfileShare() {
    if (of_) end();
  }
  ProfileShare(const ProfileShare&) = delete;
  ProfileShare& operator=(const ProfileShare&) = delete;

 private:
  void end() noexcept;

  const ProfileScope* of_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace linnet
