#include "framework/autograd/tape.h"

#include <algorithm>
#include <utility>

#include "framework/core/buffer_pool.h"
#include "framework/core/random.h"

namespace linnet {
namespace {

thread_local Tape* current_tape = nullptr;

/// Nothing is recorded while one is alive.
struct Suspension {
  Tape* tape = current_tape;
  Suspension() { current_tape = nullptr; }
  ~Suspension() { current_tape = tape; }
};

}  // namespace

Used::Used(const Tensor& tensor) {
  if (!tensor.defined()) return;
  memory_ = tensor.memory();
  version_ = tensor.version();
}

bool Used::was_written() const {
  const std::shared_ptr<const Buffer> memory = memory_.lock();
  return memory && memory->version != version_;
}

Tape::Tape(TapeOptions options) : options_(options), previous_(current_tape) {
  if (!previous_) restart_random_ops();
  current_tape = this;
}

Tape::Tape(TapeOptions options, Observed& observed) : Tape(options) { observed_ = &observed; }

Tape::~Tape() {
  current_tape = previous_;
  for (const Node& node : nodes_)
    for (const auto& slot : node.outputs) slot->live = false;
}

Tape* Tape::current() { return current_tape; }

void Tape::push(std::string_view op, std::span<const Tensor> inputs, std::span<const Tensor> outputs, Backward backward) {
  Slots slots;
  for (const Tensor& input : inputs) slots.push_back(input.requires_grad() ? input.grad_slot() : nullptr);
  push(op, {std::move(slots), {inputs.begin(), inputs.end()}}, outputs, std::move(backward));
}

void Tape::push(std::string_view op, Observed observed, std::span<const Tensor> outputs, Backward backward) {
  check(!consumed_, op, ": the tape has run backward already; start a new Tape for the next step");
  Node node{op, std::move(observed.inputs), {}, std::move(observed.used), std::move(backward), {}};
  if (const ProfileScope* scope = ProfileScope::current(); scope && scope->name() == op) node.cost = scope->backward_cost();
  for (const Tensor& output : outputs) {
    check(!output.requires_grad(), op, ": an op must return new tensors, got one that is recorded already");
    output.set_grad_slot(std::make_shared<GradSlot>());
    node.outputs.push_back(output.grad_slot());
    node.used.emplace_back(output);
  }
  nodes_.push_back(std::move(node));
}

void Tape::backward(const Tensor& loss) {
  check(loss.size() == 1, "backward: the loss must have one element, got shape ", loss.shape(), " (or pass a grad_output)");
  backward(loss, Tensor::full(loss.shape(), 1, loss.dtype()));
}

void Tape::backward(const Tensor& output, const Tensor& grad_output) { backward({&output, 1}, {&grad_output, 1}); }

void Tape::backward(std::span<const Tensor> outputs, std::span<const Tensor> grad_outputs) {
  check(!consumed_, "backward: a tape runs backward once; record the step again under a new Tape");
  check(outputs.size() == grad_outputs.size(), "backward: each output needs a grad_output, got ", outputs.size(), " and ", grad_outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check(outputs[i].requires_grad(),
          "backward: the output must have been recorded on this tape from a tensor that requires a gradient, got a constant");
    check(outputs[i].shape() == grad_outputs[i].shape() && outputs[i].dtype() == grad_outputs[i].dtype(),
          "backward: grad_output must have the output's shape ", outputs[i].shape(), " and dtype ", outputs[i].dtype(), ", got ",
          grad_outputs[i].shape(), " and ", grad_outputs[i].dtype());
  }
  consumed_ = true;
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].grad_slot()->accumulate(grad_outputs[i]);
  const Suspension suspension;
  while (!nodes_.empty()) {
    Node node = std::move(nodes_.back());
    nodes_.pop_back();
    run(node);
  }
}

void Tape::run(Node& node) {
  std::vector<Tensor> grads;
  for (const auto& slot : node.outputs) {
    grads.push_back(std::move(slot->grad));
    slot->clear();
    slot->live = false;
  }
  if (std::ranges::none_of(grads, &Tensor::defined)) return;
  for (std::size_t i = 0; i < node.used.size(); ++i)
    check(!node.used[i].was_written(), node.op, ": tensors that an op used must stay as they are until backward, got a write to its ",
          i < node.inputs.size() ? cat("input ", i) : "result", " (write before the op, after backward, or into a clone)");
  std::optional<ProfileScope> profiled;
  if (node.cost) profiled.emplace(node.op, ProfilePass::backward, *node.cost);
  Gradients gradients = node.backward(grads);
  if (gradients.empty()) return;
  check(gradients.size() == node.inputs.size(), node.op, ": backward must return ", node.inputs.size(), " gradients, got ", gradients.size());
  grads.clear();
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (node.inputs[i] && gradients[i].defined()) node.inputs[i]->accumulate(std::exchange(gradients[i], {}));
}

bool Tape::wants(std::span<const Tensor> inputs, std::string_view op) {
  if (const auto found = std::ranges::find_if(inputs, &Tensor::is_gradient); !consumed_ && found != inputs.end())
    throw std::invalid_argument(
        cat(op, ": gradients of gradients are not computed, got a gradient of shape ", found->shape(), " as input (detach() makes it a constant)"));
  if (std::ranges::none_of(inputs, &Tensor::requires_grad)) return false;
  if (!observed_) return true;
  Slots& slots = observed_->inputs;
  for (const Tensor& input : inputs) {
    if (input.requires_grad() && std::ranges::find(slots, input.grad_slot()) == slots.end()) slots.push_back(input.grad_slot());
    observed_->used.emplace_back(input);
  }
  return false;
}

bool recording(std::span<const Tensor> inputs, std::string_view op) { return current_tape && current_tape->wants(inputs, op); }
bool recording(std::initializer_list<Tensor> inputs) { return recording(std::span<const Tensor>(inputs.begin(), inputs.size())); }

}  // namespace linnet
