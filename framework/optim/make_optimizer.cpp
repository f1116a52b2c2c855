#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "framework/config/json.h"
#include "framework/core/error.h"
#include "framework/optim/adadelta.h"
#include "framework/optim/adafactor.h"
#include "framework/optim/adagrad.h"
#include "framework/optim/adamax.h"
#include "framework/optim/adamw.h"
#include "framework/optim/lamb.h"
#include "framework/optim/lion.h"
#include "framework/optim/nadam.h"
#include "framework/optim/rms_prop.h"
#include "framework/optim/sgd.h"

namespace linnet {
namespace {

using Make = std::function<std::unique_ptr<Optimizer>(const std::vector<Parameter>&, std::string_view)>;

template <class O>
std::pair<const std::string, Make> entry(const std::string& name) {
  return {name, [name](const std::vector<Parameter>& parameters, std::string_view json) -> std::unique_ptr<Optimizer> {
            OptimizerConfig common;
            typename O::Config config;
            read_json(json, name, [&](FieldVisitor& field) {
              common.fields(field);
              config.fields(field);
            });
            return std::make_unique<O>(parameters, common, config);
          }};
}

const std::map<std::string, Make>& makers() {
  static const std::map<std::string, Make> instance{
      entry<Adadelta>("Adadelta"), entry<Adafactor>("Adafactor"), entry<Adagrad>("Adagrad"), entry<Adam>("Adam"),
      entry<AdamW>("AdamW"),       entry<Adamax>("Adamax"),       entry<Lamb>("Lamb"),       entry<Lion>("Lion"),
      entry<Nadam>("Nadam"),       entry<RMSprop>("RMSprop"),     entry<SGD>("SGD")};
  return instance;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](unsigned char c) { return std::tolower(c); }, [](unsigned char c) { return std::tolower(c); });
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : makers()) names.push_back(name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Parameter>& parameters, std::string_view config) {
  for (const auto& [known, make] : makers())
    if (same_name(known, name)) return make(parameters, config);
  std::string list;
  for (const std::string& known : optimizer_names()) list += (list.empty() ? "" : ", ") + known;
  throw std::invalid_argument(cat("make_optimizer: name must be one of ", list, ", got '", name, "'"));
}

}  // namespace linnet
