#include "framework/autograd/checkpoint.h"

#include "framework/core/random.h"

namespace linnet {
namespace {

/// Randomness as it was before, however the scope is left.
struct RandomPosition {
  RandomState before = random_state();
  RandomPosition() = default;
  RandomPosition(const RandomPosition&) = delete;
  RandomPosition& operator=(const RandomPosition&) = delete;
  ~RandomPosition() { set_random_state(before); }
};

}  // namespace

std::vector<Tensor> checkpoint_all(const std::function<std::vector<Tensor>()>& f) {
  Tape* tape = Tape::current();
  if (!tape || tape->observes()) return f();  // a checkpoint inside of another: the outer one runs both again
  const RandomState start = random_state();
  Tape::Observed observed;
  std::vector<Tensor> outputs;
  {
    const Tape observer(tape->options(), observed);
    outputs = f();
  }
  if (observed.inputs.empty()) return outputs;
  std::erase_if(observed.used, &Used::is_gone);
  std::vector<Shape> shapes;
  for (Tensor& output : outputs) {
    output = output.detach();  // f may have returned what it was given
    shapes.push_back(output.shape());
  }
  tape->push("checkpoint", observed, outputs, [f, start, shapes, options = tape->options()](std::span<const Tensor> dy) -> Gradients {
    const RandomPosition restore;
    Tape again(options);
    set_random_state(start);  // after the tape, which counts from 0
    const std::vector<Tensor> recomputed = f();
    check(recomputed.size() == shapes.size(), "checkpoint: f must return as many tensors as at first, ", shapes.size(), ", got ", recomputed.size());
    std::vector<Tensor> tracked, grads;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      check(recomputed[i].shape() == shapes[i], "checkpoint: f must return the shapes of its first run, ", shapes[i], ", got ",
            recomputed[i].shape());
      if (!dy[i].defined() || !recomputed[i].requires_grad()) continue;
      tracked.push_back(recomputed[i]);
      grads.push_back(dy[i]);
    }
    again.backward(tracked, grads);
    return {};  // added straight to the slots
  });
  return outputs;
}

}  // namespace linnet
