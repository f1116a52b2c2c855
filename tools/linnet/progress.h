#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <iostream>
#include <numeric>
#include <string>

namespace linnet::tool {

/// "1:04:09", "4:09", "9s".
std::string duration_text(double seconds);

/// The mean of the last values: a loss curve that the eye can follow.
class RunningMean {
 public:
  void add(double value) {
    if (last_.size() == kWindow) last_.pop_front();
    last_.push_back(value);
  }
  double value() const { return std::accumulate(last_.begin(), last_.end(), 0.0) / static_cast<double>(std::max<std::size_t>(1, last_.size())); }

 private:
  static constexpr std::size_t kWindow = 100;
  std::deque<double> last_;
};

/// How far a long job is. On a terminal a bar that is drawn over itself, elsewhere a plain line every ten seconds.
class Progress {
 public:
  /// `total` and later `done` count what `unit` names ("sentences"); `before` of them were done earlier.
  Progress(std::string title, std::int64_t total, std::string unit, std::int64_t before = 0, std::ostream& out = std::cerr);
  ~Progress();
  /// `details` is what else there is to say: "loss 0.312  accuracy 0.871".
  void update(std::int64_t done, const std::string& details);
  /// Ends the line on a terminal; later updates do nothing.
  void finish();
  double seconds() const;

 private:
  std::string line(const std::string& details) const;

  std::string title_, unit_;
  std::int64_t total_, before_, done_ = before_;
  std::ostream& out_;
  bool terminal_, finished_ = false;
  std::size_t width_ = 0;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace linnet::tool
