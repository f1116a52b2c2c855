#include "models/preset_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "framework/core/error.h"
#include "framework/io/atomic_file.h"
#include "framework/io/zip_file.h"
#include "models/keras_config.h"
#include "models/preset_files.h"

namespace linnet::preset {
namespace {

std::filesystem::path make_temporary_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "linnet-XXXXXX").string();
  const bool made = ::mkdtemp(name.data()) != nullptr;  // before the reason is asked for
  check_file(made, "from_preset: cannot make the directory ", name, ": ", std::strerror(errno));
  return name;
}

}  // namespace

PresetDirectory::PresetDirectory(std::string_view preset, PresetPart part) {
  const std::filesystem::path file(preset);
  std::error_code error;
  if (file.extension() != ".keras" || !std::filesystem::is_regular_file(file, error)) {
    path_ = resolve_preset(preset, part);
    return;
  }
  temporary_ = make_temporary_directory();
  path_ = temporary_ / file.filename();  // so that messages name the file
  try {
    unpack(file);
  } catch (...) {
    std::filesystem::remove_all(temporary_, error);
    throw;
  }
}

PresetDirectory::~PresetDirectory() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

void PresetDirectory::unpack(const std::filesystem::path& file) {
  constexpr const char* kVocabulary = "tokenizer/vocabulary.txt";
  const ZipFile archive(file);
  const JsonValue root = JsonValue::parse(archive.read("config.json"), file.string() + ": config.json");
  make_directory(path_);
  if (keras::hub_class_of(root).ends_with("Backbone")) {
    write_text(path_ / "config.json", root.dump());
    archive.extract("model.weights.h5", path_ / "model.weights.h5");
    return;
  }
  const JsonValue& task = root.at("config");
  write_text(path_ / "task.json", root.dump());
  write_text(path_ / "config.json", task.at("backbone").dump());
  archive.extract("model.weights.h5", path_ / kWholeWeights);
  const JsonValue* preprocessor = task.find("preprocessor");
  if (!preprocessor || preprocessor->is_null()) return;
  write_text(path_ / "preprocessor.json", preprocessor->dump());
  write_text(path_ / "tokenizer.json", preprocessor->at("config").at("tokenizer").dump());
  make_directory(path_ / "assets" / "tokenizer");
  archive.extract(std::string("assets/preprocessor/") + kVocabulary, path_ / "assets" / kVocabulary);
}

}  // namespace linnet::preset
