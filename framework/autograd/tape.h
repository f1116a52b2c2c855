#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "framework/core/grad_slot.h"
#include "framework/core/profile.h"
#include "framework/core/tensor.h"

namespace linnet {

/// Gradients with respect to an op's inputs, in input order; an undefined Tensor means "none". Empty: the op has already
/// added them to the inputs' slots itself.
using Gradients = std::vector<Tensor>;
/// Receives one gradient per output of the op; undefined where nothing flowed back.
using Backward = std::function<Gradients(std::span<const Tensor> grad_outputs)>;

/// A tensor that an op has used, without keeping its memory alive.
class Used {
 public:
  explicit Used(const Tensor& tensor);
  /// True if somebody still has the memory, and it has been written since.
  bool was_written() const;
  bool is_gone() const { return memory_.expired(); }

 private:
  std::weak_ptr<const Buffer> memory_;
  std::uint64_t version_ = 0;
};

/// How a tape records.
struct TapeOptions {
  bool dropout = true;  ///< false: dropout is the identity, as for gradients of a model in inference mode
};

/// Records ops on this thread from construction to destruction; no tape alive is inference: nothing is kept, dropout is
/// the identity. Nodes lie in execution order, so backward is one reverse walk. Gradients of gradients are out of scope:
/// nothing is recorded while backward runs. A nested tape suspends the outer one. Tensors made under a tape are constants
/// once it has run backward or is gone.
class Tape {
 public:
  explicit Tape(TapeOptions options = {});
  /// Gradient slots, each once.
  using Slots = std::vector<std::shared_ptr<GradSlot>>;
  /// What ops took, for those who run them again.
  struct Observed {
    Slots inputs;
    std::vector<Used> used;
  };
  /// A tape that observes, for checkpoint: ops run as if recorded, but `observed` gathers their inputs instead.
  Tape(TapeOptions options, Observed& observed);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The innermost tape that records on this thread; nullptr in inference and during backward.
  static Tape* current();
  const TapeOptions& options() const { return options_; }
  std::size_t size() const { return nodes_.size(); }
  bool observes() const { return observed_ != nullptr; }

  /// Adds d loss / d p to p.grad() of every reached leaf p. Throws unless loss.size() == 1 and loss was recorded here.
  void backward(const Tensor& loss);
  /// As above for any output, with grad_output = d L / d output, of the output's shape and dtype.
  void backward(const Tensor& output, const Tensor& grad_output);
  /// As above for several outputs. Consumes the nodes; a second call throws, and so does a write to a tensor that an op used.
  void backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs);

  /// Called by `record`: notes that `outputs` came from `inputs`.
  void push(std::string_view op, std::span<const Tensor> inputs, std::span<const Tensor> outputs, Backward backward);
  /// The same for what another tape observed.
  void push(std::string_view op, Observed observed, std::span<const Tensor> outputs, Backward backward);
  /// What linnet::recording asks.
  bool wants(std::span<const Tensor> inputs, std::string_view op);

 private:
  /// Nodes hold gradient slots, never the tensors: what the lambda captures is all that stays alive.
  struct Node {
    std::string_view op;
    Slots inputs, outputs;
    std::vector<Used> used;
    Backward backward;
    std::optional<Cost> cost;  ///< of backward, if a profile listens and the op said so
  };
  void run(Node& node);

  std::vector<Node> nodes_;
  TapeOptions options_;
  Tape* previous_;
  Observed* observed_ = nullptr;
  bool consumed_ = false;
};

/// A tape is alive and one of the inputs requires a gradient: the op that asks will be recorded. To be asked with every
/// differentiable input. Throws std::invalid_argument if an input is a gradient: there are no gradients of gradients.
bool recording(std::span<const Tensor> inputs, std::string_view op = "tape");
bool recording(std::initializer_list<Tensor> inputs);

/// Returns `output`; when recording(inputs), notes on the tape how to send its gradient back. `op` must be a literal. `inputs` are
/// all tensors that `backward` reads, constants too: the tape notices when they are written before it runs.
template <class F>
Tensor record(std::string_view op, std::span<const Tensor> inputs, Tensor output, F&& backward) {
  if (recording(inputs, op)) Tape::current()->push(op, inputs, {&output, 1}, std::forward<F>(backward));
  return output;
}
template <class F>
Tensor record(std::string_view op, std::initializer_list<Tensor> inputs, Tensor output, F&& backward) {
  return record(op, std::span<const Tensor>(inputs.begin(), inputs.size()), std::move(output), std::forward<F>(backward));
}
/// The same for an op with several outputs.
template <class F>
std::vector<Tensor> record(std::string_view op, std::initializer_list<Tensor> inputs, std::vector<Tensor> outputs, F&& backward) {
  const std::span<const Tensor> all(inputs.begin(), inputs.size());
  if (recording(all, op)) Tape::current()->push(op, all, outputs, std::forward<F>(backward));
  return outputs;
}

}  // namespace linnet
