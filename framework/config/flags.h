#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/json.h"

namespace linnet {

/// How a command line ended that does not go on: --help (code 0) or a mistake (code 2), with the text for the user.
struct FlagsEnd {
  int code = 0;
  std::string text;
};

/// What read_flags takes besides the fields.
struct FlagsOptions {
  std::string description;                         ///< first line of --help
  std::vector<std::string>* positional = nullptr;  ///< where arguments without a flag go; null: there are none
  std::string positional_help = {};
};
/// Sets the fields from --field-name VALUE flags (underscores become dashes, bools are --field or --no-field). `arguments`
/// are those behind the program's name. Throws FlagsEnd.
void read_flags(const std::string& program, const std::vector<std::string>& arguments, const FieldList& fields, const FlagsOptions& options);

/// For main(): the flags of argv as an Options struct; prints the help or the mistake and exits when the command line says so.
template <HasFields Options>
Options parse_flags(int argc, char** argv, const std::string& description = {}) {
  Options options;
  try {
    read_flags(argv[0], {argv + 1, argv + argc}, [&](FieldVisitor& field) { options.fields(field); }, {.description = description});
  } catch (const FlagsEnd& end) {
    (end.code == 0 ? std::cout : std::cerr) << end.text;
    std::exit(end.code);
  }
  return options;
}

}  // namespace linnet
