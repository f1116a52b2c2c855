#include <framework/linnet.h>
#include <iostream>

int main() {
  linnet::Tensor x = linnet::Tensor::from(std::vector<float>{1, 2, 3, 4}, {2, 2});
  x.set_requires_grad(true);
  linnet::Tape tape;
  tape.backward(linnet::ops::sum(x * x));
  for (const double value : x.grad().to_vector()) std::cout << value << ' ';
}
