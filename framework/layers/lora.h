#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/layers/adaptable_layer.h"

namespace linnet {

/// Freezes every weight below `model`, then adapts each layer whose name is one of `targets` and that LoRA can adapt: its own
/// weights but the main one (a bias) become trainable again, and it gets factors of this rank. Throws std::invalid_argument,
/// before anything changes, unless rank is positive, a layer is found, and none of those found is adapted already.
/// As enable_lora of keras_hub.models.Backbone.
void enable_lora(Layer& model, std::int64_t rank, const std::vector<std::string>& targets);
/// The same for layers in hand, none of them adapted yet.
void enable_lora(Layer& model, std::int64_t rank, std::span<AdaptableLayer* const> layers);

}  // namespace linnet
