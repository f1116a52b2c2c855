#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/train/confusion_metrics.h"
#include "framework/train/correlation_metrics.h"
#include "framework/train/f_score.h"
#include "framework/train/mean_metrics.h"

namespace linnet {

/// A metric by Keras' class name, with `config` as JSON. Throws std::invalid_argument that lists the names, or names the key
/// and value.
std::unique_ptr<Metric> make_metric(std::string_view class_name, std::string_view config = "{}");
/// The names, sorted.
std::vector<std::string> metric_names();

}  // namespace linnet
