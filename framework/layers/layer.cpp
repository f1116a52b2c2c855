#include "framework/layers/layer.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <typeinfo>

#include "framework/layers/model.h"

namespace linnet {
namespace {

/// Keras names the variables of a model inside a model as if they were the outer one's.
std::string path_prefix(const Layer::Child& child) { return dynamic_cast<const Model*>(child.layer.get()) ? "" : child.name + "/"; }

}  // namespace

std::vector<Parameter> Layer::parameters() const {
  std::vector<Parameter> all;
  for (const Weight& weight : weights_) all.push_back({weight.name, weight.tensor});
  for (const Child& child : children_) {
    const std::string prefix = path_prefix(child);
    for (Parameter& parameter : child.layer->parameters()) all.push_back({prefix + parameter.path, std::move(parameter.tensor)});
  }
  return all;
}

std::vector<Parameter> Layer::stored_parameters() const {
  std::vector<Parameter> all;
  for (std::size_t i = 0; i < weights_.size(); ++i)
    if (weights_[i].in_files) all.push_back({weights_[i].name, stored_value(i)});
  for (const Child& child : children_) {
    const std::string prefix = path_prefix(child);
    for (Parameter& parameter : child.layer->stored_parameters()) all.push_back({prefix + parameter.path, std::move(parameter.tensor)});
  }
  return all;
}

std::int64_t Layer::parameter_count() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters()) count += parameter.tensor.size();
  return count;
}

void Layer::set_trainable(bool trainable) {
  for (Weight& weight : weights_)
    if (weight.trainable) weight.tensor.set_requires_grad(trainable);
  for (Child& child : children_) child.layer->set_trainable(trainable);
}

void Layer::set_checkpointing(bool on) {
  checkpointing_ = on;
  for (Child& child : children_) child.layer->set_checkpointing(on);
}

std::string Layer::class_name() const {
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, nullptr), &std::free);
  const std::string full = text ? text.get() : typeid(*this).name();
  const std::size_t scope = full.rfind("::");
  return scope == std::string::npos ? full : full.substr(scope + 2);
}

Tensor Layer::add_weight(std::string name, const Shape& shape, const Initializer& initializer, DType dtype) {
  check(!name.empty() && name.find('/') == std::string::npos, class_name(), ": a weight's name must not be empty or hold '/', got '", name, "'");
  check(std::ranges::none_of(weights_, [&](const Weight& weight) { return weight.name == name; }), class_name(),
        ": a weight's name must be new, got '", name, "' twice");
  Tensor tensor = initializer.make(shape, dtype);
  tensor.set_requires_grad(true);
  weights_.push_back({.name = std::move(name), .tensor = tensor});
  return tensor;
}

Layer& Layer::adopt(std::string attribute, std::string name, std::unique_ptr<Layer> layer) {
  if (name.empty()) name = attribute;
  check(!name.empty() && name.find('/') == std::string::npos, class_name(), ": a child's name must not be empty or hold '/', got '", name, "'");
  check(std::ranges::none_of(children_, [&](const Child& child) { return child.name == name; }), class_name(), ": a child's name must be new, got '",
        name, "' twice");
  children_.push_back({std::move(attribute), std::move(name), std::move(layer)});
  return *children_.back().layer;
}

}  // namespace linnet
