#include <array>
#include <exception>
#include <iostream>
#include <string_view>

#include "framework/config/flags.h"
#include "framework/core/version.h"
#include "tools/linnet/bus_error.h"
#include "tools/linnet/commands.h"

namespace {

using linnet::tool::bench;
using linnet::tool::convert;
using linnet::tool::embed;
using linnet::tool::evaluate;
using linnet::tool::fetch;
using linnet::tool::finetune;
using linnet::tool::inspect;
using linnet::tool::predict;
using linnet::tool::presets;
using linnet::tool::pretrain;
using linnet::tool::quantize;

struct Command {
  std::string_view name;
  int (*run)(const std::vector<std::string>& arguments);
  std::string_view help;
};
constexpr std::array kCommands{
    Command{"presets", presets, "list the presets that go by a name"},
    Command{"fetch", fetch, "fetch presets from Kaggle or Hugging Face into the cache"},
    Command{"inspect", inspect, "list the variables of weight files and presets, or compare two"},
    Command{"convert", convert, "write a preset in KerasHub's or Hugging Face's form"},
    Command{"finetune", finetune, "train a text classifier from a preset on labelled sentences or pairs"},
    Command{"evaluate", evaluate, "measure a classifier on labelled sentences"},
    Command{"predict", predict, "classify sentences"},
    Command{"embed", embed, "turn sentences into vectors"},
    Command{"pretrain", pretrain, "train a masked language model on texts"},
    Command{"bench", bench, "measure speed"},
    Command{"quantize", quantize, "make a preset's backbone int8: smaller, and faster to run"},
};

int usage(std::ostream& out, int code) {
  out << "linnet " << linnet::version() << ": fine-tunes and serves BERT models\n\nUsage: linnet COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command& command : kCommands) out << "  " << command.name << std::string(12 - command.name.size(), ' ') << command.help << '\n';
  out << "\n'linnet COMMAND --help' lists the options of a command; 'linnet --version' prints the version.\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h") return usage(std::cout, 0);
  if (name == "--version") {
    std::cout << "linnet " << linnet::version() << '\n';
    return 0;
  }
  for (const Command& command : kCommands) {
    if (command.name != name) continue;
    linnet::tool::report_cut_files();
    try {
      return command.run({argv + 2, argv + argc});
    } catch (const linnet::FlagsEnd& end) {
      (end.code == 0 ? std::cout : std::cerr) << end.text;
      return end.code;
    } catch (const std::exception& error) {
      std::cerr << "linnet " << name << ": " << error.what() << '\n';
      return 1;
    }
  }
  if (!name.empty()) std::cerr << "linnet: the command must be one of those below, got '" << name << "'\n\n";
  return usage(std::cerr, 2);
}
