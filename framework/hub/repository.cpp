#include "framework/hub/repository.h"

#include "framework/hub/hugging_face.h"
#include "framework/hub/kaggle.h"

namespace linnet::hub {

std::unique_ptr<Repository> open_repository(const Handle& handle, const Settings& settings) {
  if (const auto* kaggle = std::get_if<KaggleHandle>(&handle)) return open_kaggle(*kaggle, settings);
  return open_hugging_face(std::get<HuggingFaceHandle>(handle), settings);
}

}  // namespace linnet::hub
