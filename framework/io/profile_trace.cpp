#include "framework/io/profile_trace.h"

#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <set>

#include "framework/core/error.h"

namespace linnet {
namespace {

std::string_view category(ProfilePass pass) { return pass == ProfilePass::forward ? "forward" : pass == ProfilePass::backward ? "backward" : "part"; }

}  // namespace

void save_trace(const Profile& profile, const std::filesystem::path& file) {
  check(profile.traces(), "save_trace: the profile must have been made with trace, got one without");
  std::ofstream out(file);
  out << std::fixed << std::setprecision(3) << "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
  std::set<std::int32_t> threads{0};
  for (const ProfileEvent& event : profile.events()) {
    threads.insert(event.thread);
    const double start = static_cast<double>(event.start) / 1e3, duration = static_cast<double>(event.end - event.start) / 1e3;
    out << R"({"ph": "X", "pid": 1, "tid": )" << event.thread << R"(, "ts": )" << start << R"(, "dur": )" << duration << R"(, "cat": ")"
        << (event.share ? "share" : category(event.row->pass)) << R"(", "name": )"
        << nlohmann::json(event.row->name + (event.row->pass == ProfilePass::backward ? " (backward)" : "")).dump();
    if (event.cost.flops > 0 || event.cost.bytes > 0)
      out << R"(, "args": {"flops": )" << event.cost.flops << R"(, "bytes": )" << event.cost.bytes << '}';
    out << "},\n";
  }
  for (const std::int32_t thread : threads)
    out << R"({"ph": "M", "pid": 1, "tid": )" << thread << R"(, "name": "thread_name", "args": {"name": ")"
        << (thread == 0 ? "main" : cat("thread ", thread)) << "\"}},\n";
  out << R"({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "linnet"}})"
      << "\n]}\n";
  out.close();
  check_file(!out.fail(), "save_trace: cannot write ", file.string());
}

}  // namespace linnet
