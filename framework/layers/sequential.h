#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// Layers one behind the other, each of one tensor.   x -> last(… (first(x)))
/// As keras.Sequential, whose layers it saves under `layers/<class>[_k]`.
class Sequential : public UnaryLayer {
 public:
  struct Config {
    std::vector<std::string> layers = {};  ///< each as layer_to_json writes it
    std::vector<std::string> names = {};   ///< one a layer; Keras' automatic names unless given
    void fields(FieldVisitor& field);
  };
  Sequential() = default;
  /// Throws std::invalid_argument as layer_from_json does, for a layer that is none of one tensor, and unless there are as many
  /// names as layers.
  explicit Sequential(const Config& config);
  /// Of the layers as they are now. Throws std::invalid_argument if one has a class that is not registered.
  Config config() const;

  /// Appends a layer; its name is that of its class, numbered, unless given.
  template <class L>
  L& append(const typename L::Config& config, std::string name = {}) {
    return static_cast<L&>(append(std::make_unique<L>(config), std::move(name)));
  }
  UnaryLayer& append(std::unique_ptr<UnaryLayer> layer, std::string name = {});
  Tensor forward(const Tensor& x) const override;

 private:
  std::vector<const UnaryLayer*> layers_;
};

}  // namespace linnet
