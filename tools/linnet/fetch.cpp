#include <iostream>

#include "framework/config/flags.h"
#include "framework/core/error.h"
#include "framework/hub/repository.h"
#include "framework/hub/terminal.h"
#include "models/preset.h"
#include "models/preset_info.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  bool texts = false, whole = false;
  void fields(FieldVisitor& field) {
    field("texts", texts, "configs and vocabulary only, no weights");
    field("whole", whole, "every file that the hub has, not only those that from_preset reads");
  }
};

std::filesystem::path fetch_whole(const std::string& name) {
  const PresetInfo* known = find_preset(name);
  const auto handle = hub::parse_handle(known ? known->handle : std::string_view(name));
  check(handle.has_value(), "fetch: --whole must be given with a preset's name or a handle, got '", name, "'");
  hub::Settings settings = hub::Settings::from_environment();
  settings.progress = hub::progress_on_terminal();
  const auto repository = hub::open_repository(*handle, settings);
  repository->fetch_all();
  return repository->directory();
}

}  // namespace

int fetch(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> names;
  read_flags("linnet fetch", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Fetches presets into the cache and prints their directories.",
              .positional = &names,
              .positional_help = "names of presets, or handles"});
  check(!names.empty(), "fetch: there must be names or handles of presets, got none");
  check(!options.texts || !options.whole, "fetch: --texts and --whole must not be given together");
  for (const std::string& name : names) {
    const auto directory = options.whole ? fetch_whole(name) : resolve_preset(name, options.texts ? PresetPart::texts : PresetPart::all);
    std::cout << directory.string() << '\n';
  }
  return 0;
}

}  // namespace linnet::tool
