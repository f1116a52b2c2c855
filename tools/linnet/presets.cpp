#include <iomanip>
#include <iostream>

#include "framework/config/flags.h"
#include "models/preset_info.h"
#include "tools/linnet/commands.h"

namespace linnet::tool {
namespace {

struct Options {
  void fields(FieldVisitor&) {}
};

}  // namespace

int presets(const std::vector<std::string>& arguments) {
  Options options;
  read_flags("linnet presets", arguments, [&](FieldVisitor& field) { options.fields(field); },
             {.description = "Lists the presets that go by a name: name, parameters, handle, what it is."});
  for (const PresetInfo& preset : linnet::presets())
    std::cout << std::left << std::setw(30) << preset.name << std::right << std::setw(8) << std::fixed << std::setprecision(2)
              << static_cast<double>(preset.parameter_count) * 1e-6 << "M  " << preset.description << "  " << preset.handle << '\n';
  return 0;
}

}  // namespace linnet::tool
