#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "framework/layers/initializer.h"
#include "framework/layers/parameter.h"

namespace linnet {

/// Owns named weights and named child layers. Forward is not virtual here: each layer's signature says what it takes.
/// A layer is complete when its constructor ends: all weights are there and have values.
class Layer {
 public:
  struct Weight {
    std::string name;  ///< "kernel"
    Tensor tensor;
  };
  /// `attribute` addresses the child in files: Keras' attribute. One that ends in '/' is a list even of one child. `name` is
  /// the child's part of variable paths.
  struct Child {
    std::string attribute, name;
    std::unique_ptr<Layer> layer;
  };

  Layer() = default;
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// Own weights first, then children, in declaration order.
  std::vector<Parameter> parameters() const;
  /// Elements of all parameters together.
  std::int64_t parameter_count() const;
  /// Freezes (false) or trains (true) every weight of this layer and its children.
  void set_trainable(bool trainable);
  /// Trades time for memory in training, here and in all children: blocks that know how (TransformerEncoder, Sequential) keep
  /// nothing but their inputs and run forward again in backward (autograd/checkpoint.h). Results and gradients stay the same bits.
  void set_checkpointing(bool on);
  bool checkpointing() const { return checkpointing_; }
  /// The C++ class without its namespace, "TransformerEncoder": Keras' class name for the layers that Keras has.
  std::string class_name() const;
  std::span<const Weight> weights() const { return weights_; }
  std::span<const Child> children() const { return children_; }

 protected:
  /// A trainable weight. Throws std::invalid_argument if the name is taken or holds a slash, or on a negative extent.
  Tensor add_weight(std::string name, const Shape& shape, const Initializer& initializer, DType dtype);
  /// A child of class L, named like its attribute unless `name` is given. Several children may share an attribute: a
  /// list.
  template <class L>
  L& add(std::string attribute, const typename L::Config& config, std::string name = {}) {
    return static_cast<L&>(adopt(std::move(attribute), std::move(name), std::make_unique<L>(config)));
  }
  Layer& adopt(std::string attribute, std::string name, std::unique_ptr<Layer> layer);

 private:
  std::vector<Weight> weights_;
  std::vector<Child> children_;
  bool checkpointing_ = false;
};

/// A layer of one tensor, for Sequential and generic tests.
class UnaryLayer : public Layer {
 public:
  /// What the class says. Const and thread-safe.
  virtual Tensor forward(const Tensor& x) const = 0;
  Tensor operator()(const Tensor& x) const { return forward(x); }
};

}  // namespace linnet
