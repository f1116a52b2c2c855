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
    bool trainable = true;  ///< false: set_trainable leaves it frozen: int8 values, and a weight that LoRA adapts
    bool in_files = true;   ///< false: LoRA's factors, which files hold merged into the weight that they adapt
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
  /// "int8": every Dense, EinsumDense, Embedding and ReversibleEmbedding in this layer, itself included, gets int8 weights, with
  /// a scale a column (a row of an embedding); products quantize their input a row at a time. From then on they are for inference.
  /// Throws std::invalid_argument, and changes nothing, for another mode, if there is no such layer, or one cannot be int8 or is.
  void quantize(const std::string& mode);
  /// What files hold for weights()[weight].
  virtual Tensor stored_value(std::size_t weight) const { return weights_[weight].tensor; }
  /// parameters() as files hold them: without LoRA's factors, which are merged into the weights that they adapt.
  std::vector<Parameter> stored_parameters() const;
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
  /// Replaces all own weights: for layers whose weights change their form.
  void set_weights(std::vector<Weight> weights) { weights_ = std::move(weights); }
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
