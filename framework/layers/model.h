#pragma once

#include "framework/layers/layer.h"

namespace linnet {

/// A layer that Keras builds as a functional model: files address its children by class and count, in the order of
/// declaration ("layers/transformer_encoder_1"), not by attribute; a model inside a model adds nothing to variable paths.
class Model : public Layer {};

}  // namespace linnet
