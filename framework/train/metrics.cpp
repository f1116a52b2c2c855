#include "framework/train/metrics.h"

#include <functional>
#include <map>

#include "framework/config/json.h"
#include "framework/core/error.h"

namespace linnet {
namespace {

using Make = std::function<std::unique_ptr<Metric>(std::string_view config)>;

template <class M>
std::pair<const std::string, Make> entry(const std::string& name) {
  return {name,
          [name](std::string_view config) -> std::unique_ptr<Metric> { return std::make_unique<M>(from_json<typename M::Config>(config, name)); }};
}

const std::map<std::string, Make, std::less<>>& makers() {
  static const std::map<std::string, Make, std::less<>> instance{entry<AUC>("AUC"),
                                                                 entry<BinaryAccuracy>("BinaryAccuracy"),
                                                                 entry<CategoricalAccuracy>("CategoricalAccuracy"),
                                                                 entry<F1Score>("F1Score"),
                                                                 entry<FBetaScore>("FBetaScore"),
                                                                 entry<FalseNegatives>("FalseNegatives"),
                                                                 entry<FalsePositives>("FalsePositives"),
                                                                 entry<MatthewsCorrelation>("MatthewsCorrelation"),
                                                                 entry<Mean>("Mean"),
                                                                 entry<MeanAbsoluteError>("MeanAbsoluteError"),
                                                                 entry<MeanSquaredError>("MeanSquaredError"),
                                                                 entry<PearsonCorrelation>("PearsonCorrelation"),
                                                                 entry<Precision>("Precision"),
                                                                 entry<Recall>("Recall"),
                                                                 entry<SparseCategoricalAccuracy>("SparseCategoricalAccuracy"),
                                                                 entry<SparseCategoricalCrossentropy>("SparseCategoricalCrossentropy"),
                                                                 entry<SparseTopKCategoricalAccuracy>("SparseTopKCategoricalAccuracy"),
                                                                 entry<TrueNegatives>("TrueNegatives"),
                                                                 entry<TruePositives>("TruePositives")};
  return instance;
}

}  // namespace

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : makers()) names.push_back(name);
  return names;
}

std::unique_ptr<Metric> make_metric(std::string_view class_name, std::string_view config) {
  const auto found = makers().find(class_name);
  std::string list;
  for (const std::string& name : metric_names()) list += (list.empty() ? "" : ", ") + name;
  check(found != makers().end(), "make_metric: class_name must be one of ", list, ", got '", class_name, "'");
  return found->second(config);
}

}  // namespace linnet
