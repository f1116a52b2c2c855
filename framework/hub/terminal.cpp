#include "framework/hub/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <memory>
#include <sstream>

namespace linnet::hub {
namespace {

using Clock = std::chrono::steady_clock;

double megabytes(std::int64_t bytes) { return static_cast<double>(bytes) * 1e-6; }

struct Bar {
  std::string file;
  Clock::time_point start = {};
  std::int64_t first = 0;
  std::size_t width = 0;

  void draw(const Transfer& transfer) {
    if (transfer.file != file) *this = {transfer.file, Clock::now(), transfer.done};
    std::string line = progress_line(transfer, first, std::chrono::duration<double>(Clock::now() - start).count());
    const std::size_t columns = line.size();
    line.append(width - std::min(width, columns), ' ');
    width = columns;
    std::cerr << '\r' << line << std::flush;
    if (transfer.done != transfer.total) return;
    std::cerr << '\n';
    *this = {};
  }
};

}  // namespace

std::string progress_line(const Transfer& transfer, std::int64_t first, double seconds) {
  constexpr std::int64_t kWidth = 24;
  std::ostringstream text;
  text << transfer.file << ' ';
  if (transfer.total > 0) {
    const auto filled = static_cast<std::size_t>(std::clamp<std::int64_t>(transfer.done * kWidth / transfer.total, 0, kWidth));
    text << '[' << std::string(filled, '#') << std::string(kWidth - filled, '.') << "] ";
  }
  text << std::fixed << std::setprecision(1) << megabytes(transfer.done);
  if (transfer.total > 0) text << '/' << megabytes(transfer.total);
  text << " MB";
  const double rate = seconds > 0 ? megabytes(transfer.done - first) / seconds : 0;
  if (rate > 0) text << "  " << rate << " MB/s";
  if (rate > 0 && transfer.total > transfer.done)
    text << "  " << std::setprecision(0) << megabytes(transfer.total - transfer.done) / rate << "s left";
  return text.str();
}

std::function<void(const Transfer&)> progress_on_terminal() {
  const char* off = std::getenv("HF_HUB_DISABLE_PROGRESS_BARS");
  if (isatty(STDERR_FILENO) != 1 || (off && std::string_view(off) == "1")) return {};
  return [bar = std::make_shared<Bar>()](const Transfer& transfer) { bar->draw(transfer); };
}

}  // namespace linnet::hub
