#include "tools/linnet/run_record.h"

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "framework/core/parallel.h"
#include "framework/core/version.h"
#include "framework/io/atomic_file.h"
#include "framework/kernels/gemm.h"
#include "framework/kernels/table.h"
#include "tools/linnet/peak_memory.h"

namespace linnet::tool {
namespace {

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

void save_run_record(const std::filesystem::path& directory, const FieldList& flags, const std::vector<EpochResult>& epochs) {
  nlohmann::ordered_json record;
  record["linnet"] = version();
  record["finished"] = utc_now();
  record["flags"] = nlohmann::ordered_json::parse(write_json(flags));
  record["cpu"] = {{"kernels", kernels::isa_name()},
                   {"gemm", kernels::gemm_backend().name()},
                   {"gemm_core", kernels::gemm_backend().core_name()},
                   {"threads", num_threads()}};
  record["peak_memory_bytes"] = peak_memory_bytes();
  record["epochs"] = nlohmann::ordered_json::array();
  for (const EpochResult& epoch : epochs) record["epochs"].push_back(to_json(epoch));
  write_text(directory / "run.json", record.dump(2) + "\n");
}

}  // namespace linnet::tool
