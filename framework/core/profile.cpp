#include "framework/core/profile.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <mutex>
#include <new>
#include <sstream>
#include <tuple>

#include "framework/core/error.h"

namespace linnet {
namespace {

using Clock = std::chrono::steady_clock;

/// Of the profile that is alive. One lock for all threads: it is held for less than a microsecond an op.
struct State {
  std::mutex mutex;
  std::uint64_t number = 0;  ///< of the profile; scopes that began under another one are left out
  Profile::Config config;
  Clock::time_point start;
  std::int32_t thread = 0;
  std::map<std::tuple<std::string, ProfilePass, bool>, ProfileRow> rows;  // events point to them: they stay where they are
  std::vector<ProfileEvent> events;
  std::int64_t dropped = 0;
};

/// Never destroyed: threads may outlive static storage.
State& state() {
  static State* instance = new State;
  return *instance;
}

std::int32_t this_thread() {
  static std::atomic<std::int32_t> count{0};
  thread_local const std::int32_t number = ++count;
  return number;
}

thread_local ProfileScope* innermost = nullptr;

ProfileRow& row_of(std::string_view name, ProfilePass pass) {
  State& s = state();
  const bool own = this_thread() == s.thread;
  ProfileRow& row = s.rows[{std::string(name), pass, own}];
  if (row.calls == 0) {
    row.name = name;
    row.pass = pass;
    row.own_thread = own;
  }
  return row;
}

std::int64_t nanoseconds(Clock::duration time) { return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count(); }

void add_event(const ProfileRow& row, Clock::time_point from, Clock::time_point to, bool share, const Cost& cost) {
  State& s = state();
  if (!s.config.trace) return;
  if (static_cast<std::int64_t>(s.events.size()) >= s.config.max_events) {
    ++s.dropped;
    return;
  }
  const std::int32_t thread = this_thread();
  s.events.push_back({&row, nanoseconds(from - s.start), nanoseconds(to - s.start), thread == s.thread ? 0 : thread, share, cost});
}

std::string with_places(double value, int places) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(places) << value;
  return text.str();
}

}  // namespace

Profile::Profile(const Config& config) {
  check(config.max_events >= 0, "Profile: max_events must not be negative, got ", config.max_events);
  State& s = state();
  const std::lock_guard lock(s.mutex);
  check(!ProfileScope::profiling(), "Profile: at most one may be alive, got a second one");
  ++s.number;
  s.config = config;
  s.thread = this_thread();
  s.start = Clock::now();
  ProfileScope::alive = true;
}

Profile::~Profile() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  ProfileScope::alive = false;
  ++s.number;
  s.rows.clear();
  s.events = {};
  s.dropped = 0;
}

double Profile::seconds() const { return std::chrono::duration<double>(Clock::now() - state().start).count(); }

std::vector<ProfileRow> Profile::rows() const {
  std::vector<ProfileRow> rows;
  const std::lock_guard lock(state().mutex);
  for (const auto& [key, row] : state().rows)
    if (row.calls > 0) rows.push_back(row);
  std::ranges::stable_sort(rows, [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return rows;
}

const std::vector<ProfileEvent>& Profile::events() const { return state().events; }

bool Profile::traces() const { return state().config.trace; }

std::int64_t Profile::dropped_events() const {
  const std::lock_guard lock(state().mutex);
  return state().dropped;
}

std::string Profile::table() const {
  const double whole = seconds();
  std::ostringstream text;
  const auto line = [&](const std::string& name, const std::string& calls, double time, const Cost& cost) {
    text << std::left << std::setw(36) << name << std::right << std::setw(9) << calls << std::setw(10) << with_places(time, 3) << std::setw(8)
         << with_places(100 * time / whole, 1) << std::setw(10) << (cost.flops > 0 ? with_places(cost.flops / 1e9, 2) : "") << std::setw(10)
         << (cost.flops > 0 && time > 0 ? with_places(cost.flops / time / 1e9, 1) : "") << std::setw(9)
         << (cost.bytes > 0 ? with_places(cost.bytes / 1e9, 2) : "") << std::setw(8)
         << (cost.bytes > 0 && time > 0 ? with_places(cost.bytes / time / 1e9, 1) : "") << '\n';
  };
  text << std::left << std::setw(36) << "" << std::right << std::setw(9) << "calls" << std::setw(10) << "seconds" << std::setw(8) << "%"
       << std::setw(10) << "GFLOP" << std::setw(10) << "GFLOP/s" << std::setw(9) << "GB" << std::setw(8) << "GB/s" << '\n';
  const std::vector<ProfileRow> all = rows();
  double known = 0;
  Cost cost;
  for (const ProfileRow& row : all) {
    if (!row.own_thread || row.pass == ProfilePass::part) continue;
    line(row.name + (row.pass == ProfilePass::backward ? " (backward)" : ""), std::to_string(row.calls), row.seconds, row.cost);
    known += row.seconds;
    cost.flops += row.cost.flops;
    cost.bytes += row.cost.bytes;
  }
  line("other", "", whole - known, {});
  line("all", "", whole, cost);
  for (const ProfileRow& row : all) {
    if (row.own_thread && row.pass != ProfilePass::part) continue;
    line((row.pass == ProfilePass::part ? "in them: " : "beside it: ") + row.name + (row.pass == ProfilePass::backward ? " (backward)" : ""),
         std::to_string(row.calls), row.seconds, row.cost);
  }
  return text.str();
}

const ProfileScope* ProfileScope::current() { return innermost; }

void ProfileScope::add_cost(const Cost& cost) {
  if (!innermost) return;
  innermost->cost_.forward.flops += cost.flops;
  innermost->cost_.forward.bytes += cost.bytes;
}

void ProfileScope::begin(std::string_view name, ProfilePass pass, const OpCost& cost) {
  active_ = true;
  name_ = name;
  pass_ = pass;
  cost_ = cost;
  outer_ = innermost;
  in_backward_ = pass == ProfilePass::backward || (outer_ && outer_->in_backward_);
  innermost = this;
  {
    const std::lock_guard lock(state().mutex);
    profile_ = state().number;
  }
  start_ = Clock::now();
}

void ProfileScope::end() noexcept try {
  const Clock::time_point now = Clock::now();
  innermost = outer_;
  if (in_backward_ && pass_ == ProfilePass::forward) return;
  if (outer_ && pass_ != ProfilePass::part) outer_->inner_ += now - start_;
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (profile_ != s.number) return;  // its profile is gone
  ProfileRow& row = row_of(name_, pass_);
  ++row.calls;
  row.seconds += std::chrono::duration<double>(now - start_ - inner_).count();
  row.cost.flops += cost_.forward.flops;
  row.cost.bytes += cost_.forward.bytes;
  add_event(row, start_, now, false, cost_.forward);
} catch (const std::bad_alloc&) {  // a note less
}

ProfileShare::ProfileShare(const ProfileScope* of) : of_(of), start_(of ? Clock::now() : Clock::time_point()) {}

void ProfileShare::end() noexcept try {
  const Clock::time_point now = Clock::now();
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (of_->profile_ == s.number) add_event(row_of(of_->name_, of_->pass_), start_, now, true, {});
} catch (const std::bad_alloc&) {
}

}  // namespace linnet
