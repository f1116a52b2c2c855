#include "framework/config/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace linnet {
namespace {

/// "learning_rate" -> "--learning-rate"
std::string flag_name(std::string_view prefix, std::string_view name) {
  std::string flag = cat(prefix, name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

/// Adds an option to the parser for each field; CLI11 then writes into the fields themselves.
class FlagMaker : public FieldVisitor {
 public:
  explicit FlagMaker(CLI::App& app) : app_(app) {}

 private:
  void visit(std::string_view name, bool& value) override {
    const std::string flag = flag_name(prefix_, name);
    app_.add_flag(cat("--", flag, ",!--no-", flag), value, std::string(help_));
  }
  void visit(std::string_view name, std::int64_t& value) override { option(name, value)->capture_default_str(); }
  void visit(std::string_view name, double& value) override { option(name, value)->capture_default_str(); }
  void visit(std::string_view name, std::string& value) override {
    CLI::Option* made = option(name, value);
    if (!value.empty()) made->capture_default_str();
  }
  void visit(std::string_view name, std::optional<std::int64_t>& value) override { option(name, value); }
  void visit(std::string_view name, std::optional<double>& value) override { option(name, value); }
  void visit(std::string_view name, std::optional<std::string>& value) override { option(name, value); }
  void visit(std::string_view name, std::vector<std::int64_t>& value) override { option(name, value)->delimiter(','); }
  void visit(std::string_view name, std::vector<double>& value) override { option(name, value)->delimiter(','); }
  void visit(std::string_view name, std::vector<std::string>& value) override { option(name, value)->delimiter(','); }
  void visit(std::string_view name, DTypePolicy& value) override {
    const auto set = [&value](const std::string& text) { value = DTypePolicy(text); };
    app_.add_option_function<std::string>("--" + flag_name(prefix_, name), set, std::string(help_))->default_str(value.name());
  }
  void begin(std::string_view name) override { prefix_ += cat(name, "-"); }
  void end() override { prefix_.resize(prefix_.rfind('-', prefix_.size() - 2) + 1); }

  template <class T>
  CLI::Option* option(std::string_view name, T& value) {
    return app_.add_option("--" + flag_name(prefix_, name), value, std::string(help_));
  }

  CLI::App& app_;
  std::string prefix_;
};

}  // namespace

void read_flags(const std::string& program, const std::vector<std::string>& arguments, const FieldList& fields, const FlagsOptions& options) {
  CLI::App app(options.description, program);
  app.get_formatter()->column_width(38);
  FlagMaker maker(app);
  fields(maker);
  if (options.positional) app.add_option("text", *options.positional, options.positional_help);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::CallForHelp&) {
    throw FlagsEnd{0, app.help()};
  } catch (const CLI::ParseError& error) {
    throw FlagsEnd{2, cat(program, ": ", error.what(), " (see ", program, " --help)\n")};
  } catch (const std::invalid_argument& error) {
    throw FlagsEnd{2, cat(program, ": ", error.what(), " (see ", program, " --help)\n")};
  }
}

}  // namespace linnet
