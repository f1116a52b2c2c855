#pragma once

#include <filesystem>

#include "framework/layers/layer.h"

namespace linnet {

/// Writes LoRA's factors of every layer below `model`, in the form of keras_hub's Backbone.save_lora_weights: lora/vars/rank, and
/// lora/N/vars/lora_kernel_a and _b for the layer N among those with weights, counted as flattened_layers has them. Factors of
/// embeddings are named lora_embeddings_a and _b. The name must end in .lora.h5. Throws std::invalid_argument if it does not, if no
/// layer is adapted, or if ranks differ or an alpha is not the rank, for which the file has no place; std::runtime_error if
/// writing fails.
void save_lora_weights(const Layer& model, const std::filesystem::path& file);
/// Reads such a file. A model without LoRA gets it, as by enable_lora, for the layers of the file. Throws std::runtime_error, and
/// leaves the model as it was, if the file is damaged, or its rank, layers or shapes are not the model's.
void load_lora_weights(Layer& model, const std::filesystem::path& file);

}  // namespace linnet
