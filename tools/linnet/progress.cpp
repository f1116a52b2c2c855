#include "tools/linnet/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace linnet::tool {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainLine = std::chrono::seconds(10);

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string duration_text(double seconds) {
  const auto total = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0)));
  std::ostringstream text;
  text << std::setfill('0');
  if (total >= 3600) text << total / 3600 << ':' << std::setw(2) << total / 60 % 60 << ':' << std::setw(2) << total % 60;
  else if (total >= 60) text << total / 60 << ':' << std::setw(2) << total % 60;
  else text << total << 's';
  return text.str();
}

Progress::Progress(std::string title, std::int64_t total, std::string unit, std::int64_t before, std::ostream& out)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      before_(before),
      out_(out),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {
  const int descriptor = &out == &std::cerr ? STDERR_FILENO : &out == &std::cout ? STDOUT_FILENO : -1;
  terminal_ = descriptor >= 0 && isatty(descriptor) == 1;
}

Progress::~Progress() { finish(); }

double Progress::seconds() const { return std::max(0.0, seconds_between(start_, std::chrono::steady_clock::now())); }

void Progress::update(std::int64_t done, const std::string& details) {
  if (finished_) return;
  done_ = done;
  const auto now = std::chrono::steady_clock::now();
  if (done < total_ && now - last_ < (terminal_ ? kRedraw : std::chrono::milliseconds(kPlainLine))) return;
  last_ = now;
  std::string text = line(details);
  if (!terminal_) {
    out_ << text << std::endl;
    return;
  }
  const std::size_t columns = text.size();
  if (columns < width_) text.append(width_ - columns, ' ');
  width_ = columns;
  out_ << '\r' << text << std::flush;
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (terminal_ && width_ > 0) out_ << std::endl;
}

std::string Progress::line(const std::string& details) const {
  const double share = total_ == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(total_);
  const double spent = seconds();
  std::ostringstream text;
  text << title_ << ' ';
  if (terminal_) {
    constexpr int kWidth = 24;
    const auto filled = static_cast<int>(share * kWidth);
    text << '[' << std::string(static_cast<std::size_t>(filled), '#') << std::string(static_cast<std::size_t>(kWidth - filled), '.') << "] ";
  }
  text << done_ << '/' << total_ << "  " << details << (details.empty() ? "" : "  ");
  if (spent > 0) text << std::fixed << std::setprecision(0) << static_cast<double>(done_ - before_) / spent << ' ' << unit_ << "/s  ";
  if (done_ >= total_) text << duration_text(spent);
  else if (done_ > before_) text << duration_text(spent * static_cast<double>(total_ - done_) / static_cast<double>(done_ - before_)) << " left";
  return text.str();
}

}  // namespace linnet::tool
