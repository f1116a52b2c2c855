#pragma once

// The one header a user includes.

#include "framework/autograd/checkpoint.h"                  // IWYU pragma: export
#include "framework/autograd/gradcheck.h"                   // IWYU pragma: export
#include "framework/autograd/tape.h"                        // IWYU pragma: export
#include "framework/config/flags.h"                         // IWYU pragma: export
#include "framework/config/json.h"                          // IWYU pragma: export
#include "framework/core/buffer_pool.h"                     // IWYU pragma: export
#include "framework/core/half.h"                            // IWYU pragma: export
#include "framework/core/parallel.h"                        // IWYU pragma: export
#include "framework/core/random.h"                          // IWYU pragma: export
#include "framework/core/tensor.h"                          // IWYU pragma: export
#include "framework/core/version.h"                         // IWYU pragma: export
#include "framework/core/warning.h"                         // IWYU pragma: export
#include "framework/data/data_loader.h"                     // IWYU pragma: export
#include "framework/data/text_lines.h"                      // IWYU pragma: export
#include "framework/data/tsv.h"                             // IWYU pragma: export
#include "framework/hub/repository.h"                       // IWYU pragma: export
#include "framework/io/safetensors.h"                       // IWYU pragma: export
#include "framework/io/weights.h"                           // IWYU pragma: export
#include "framework/layers/activation.h"                    // IWYU pragma: export
#include "framework/layers/add.h"                           // IWYU pragma: export
#include "framework/layers/autocast.h"                      // IWYU pragma: export
#include "framework/layers/dense.h"                         // IWYU pragma: export
#include "framework/layers/dropout.h"                       // IWYU pragma: export
#include "framework/layers/einsum_dense.h"                  // IWYU pragma: export
#include "framework/layers/embedding.h"                     // IWYU pragma: export
#include "framework/layers/global_average_pooling1d.h"      // IWYU pragma: export
#include "framework/layers/layer_normalization.h"           // IWYU pragma: export
#include "framework/layers/masked_lm_head.h"                // IWYU pragma: export
#include "framework/layers/multi_head_attention.h"          // IWYU pragma: export
#include "framework/layers/position_embedding.h"            // IWYU pragma: export
#include "framework/layers/registry.h"                      // IWYU pragma: export
#include "framework/layers/residual.h"                      // IWYU pragma: export
#include "framework/layers/reversible_embedding.h"          // IWYU pragma: export
#include "framework/layers/rms_normalization.h"             // IWYU pragma: export
#include "framework/layers/sequential.h"                    // IWYU pragma: export
#include "framework/layers/sine_position_encoding.h"        // IWYU pragma: export
#include "framework/layers/softmax.h"                       // IWYU pragma: export
#include "framework/layers/summary.h"                       // IWYU pragma: export
#include "framework/layers/token_and_position_embedding.h"  // IWYU pragma: export
#include "framework/layers/transformer_encoder.h"           // IWYU pragma: export
#include "framework/ops/activations.h"                      // IWYU pragma: export
#include "framework/ops/axes.h"                             // IWYU pragma: export
#include "framework/ops/broadcast.h"                        // IWYU pragma: export
#include "framework/ops/cast.h"                             // IWYU pragma: export
#include "framework/ops/cross_entropy.h"                    // IWYU pragma: export
#include "framework/ops/dense.h"                            // IWYU pragma: export
#include "framework/ops/dropout.h"                          // IWYU pragma: export
#include "framework/ops/einsum.h"                           // IWYU pragma: export
#include "framework/ops/elementwise.h"                      // IWYU pragma: export
#include "framework/ops/embedding.h"                        // IWYU pragma: export
#include "framework/ops/indexing.h"                         // IWYU pragma: export
#include "framework/ops/layer_norm.h"                       // IWYU pragma: export
#include "framework/ops/loss_reduction.h"                   // IWYU pragma: export
#include "framework/ops/losses.h"                           // IWYU pragma: export
#include "framework/ops/matmul.h"                           // IWYU pragma: export
#include "framework/ops/normalize.h"                        // IWYU pragma: export
#include "framework/ops/pooling.h"                          // IWYU pragma: export
#include "framework/ops/reductions.h"                       // IWYU pragma: export
#include "framework/ops/slicing.h"                          // IWYU pragma: export
#include "framework/ops/softmax.h"                          // IWYU pragma: export
#include "framework/ops/transpose.h"                        // IWYU pragma: export
#include "framework/ops/unary.h"                            // IWYU pragma: export
#include "framework/ops/views.h"                            // IWYU pragma: export
#include "framework/optim/adadelta.h"                       // IWYU pragma: export
#include "framework/optim/adafactor.h"                      // IWYU pragma: export
#include "framework/optim/adagrad.h"                        // IWYU pragma: export
#include "framework/optim/adam.h"                           // IWYU pragma: export
#include "framework/optim/adamax.h"                         // IWYU pragma: export
#include "framework/optim/adamw.h"                          // IWYU pragma: export
#include "framework/optim/lamb.h"                           // IWYU pragma: export
#include "framework/optim/lion.h"                           // IWYU pragma: export
#include "framework/optim/loss_scale_optimizer.h"           // IWYU pragma: export
#include "framework/optim/nadam.h"                          // IWYU pragma: export
#include "framework/optim/optimizer.h"                      // IWYU pragma: export
#include "framework/optim/rms_prop.h"                       // IWYU pragma: export
#include "framework/optim/schedules.h"                      // IWYU pragma: export
#include "framework/optim/sgd.h"                            // IWYU pragma: export
#include "framework/text/masked_lm_mask_generator.h"        // IWYU pragma: export
#include "framework/train/checkpoint.h"                     // IWYU pragma: export
#include "framework/train/confusion_metrics.h"              // IWYU pragma: export
#include "framework/train/correlation_metrics.h"            // IWYU pragma: export
#include "framework/train/evaluate.h"                       // IWYU pragma: export
#include "framework/train/f_score.h"                        // IWYU pragma: export
#include "framework/train/mean_metrics.h"                   // IWYU pragma: export
#include "framework/train/metric.h"                         // IWYU pragma: export
#include "framework/train/metrics.h"                        // IWYU pragma: export
#include "framework/train/stop_signal.h"                    // IWYU pragma: export
#include "models/backbone.h"                                // IWYU pragma: export
#include "models/bert/bert_export.h"                        // IWYU pragma: export
#include "models/bert/bert_masked_lm.h"                     // IWYU pragma: export
#include "models/bert/bert_masked_lm_preprocessor.h"        // IWYU pragma: export
#include "models/bert/bert_text_classifier.h"               // IWYU pragma: export
#include "models/bert/bert_text_embedder.h"                 // IWYU pragma: export
#include "models/bert/bert_text_embedder_preprocessor.h"    // IWYU pragma: export
#include "models/preset_info.h"                             // IWYU pragma: export

/// All of Linnet: tensors, the tape, layers, optimizers, files, texts, models.
namespace linnet {
/// Functions of tensors that know their gradient: docs/gradients.md lists them.
namespace ops {}
}  // namespace linnet
