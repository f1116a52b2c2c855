#include "framework/hub/handle.h"

#include "tests/fuzz/fuzz.h"

using namespace linnet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::accepts<std::invalid_argument>([&] {
    const std::optional<hub::Handle> handle = hub::parse_handle(text);
    if (!handle) return;
    const std::string written = to_string(*handle);
    fuzz::require(to_string(*hub::parse_handle(written)) == written, "a handle that is written is read again");
    if (const auto* kaggle = std::get_if<hub::KaggleHandle>(&*handle))
      for (const std::string& part : {kaggle->owner, kaggle->model, kaggle->framework, kaggle->variation})
        fuzz::require(hub::is_safe_path(part) && part.find('/') == std::string::npos, "no part leads out of the cache");
    if (const auto* face = std::get_if<hub::HuggingFaceHandle>(&*handle))
      fuzz::require(hub::is_safe_path(face->repository) && hub::is_safe_path(face->revision), "no part leads out of the cache");
  });
  if (hub::is_safe_path(text)) {
    const std::filesystem::path root = "/cache/root", inside = (root / text).lexically_normal();
    const auto [end, rest] = std::mismatch(root.begin(), root.end(), inside.begin());
    fuzz::require(end == root.end() && inside != root, "a safe path stays inside");
  }
  return 0;
}
