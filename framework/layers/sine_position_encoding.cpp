#include "framework/layers/sine_position_encoding.h"

#include <cmath>

#include "framework/layers/registry.h"

namespace linnet {
namespace {
const bool registered = register_layer<SinePositionEncoding>("SinePositionEncoding");
}

void SinePositionEncoding::Config::fields(FieldVisitor& field) {
  field("output_dim", output_dim);
  field("max_wavelength", max_wavelength);
  field("dtype", dtype);
}

SinePositionEncoding::SinePositionEncoding(const Config& config) : config_(config) {
  check(config.output_dim > 0, "SinePositionEncoding: output_dim must be positive, got ", config.output_dim);
  check(config.max_wavelength > 0, "SinePositionEncoding: max_wavelength must be positive, got ", config.max_wavelength);
}

Tensor SinePositionEncoding::forward(const SequenceLayout& layout, std::int64_t start_index) const {
  const std::int64_t columns = config_.output_dim;
  Tensor y = Tensor::empty({layout.tokens(), columns}, config_.dtype.compute);
  dispatch_real(y.dtype(), "SinePositionEncoding", [&]<class T>() {
    T* to = y.mutable_data<T>().data();
    for (std::int64_t i = 0; i < layout.batch(); ++i)
      for (std::int64_t j = 0; j < layout.length(i); ++j)
        for (std::int64_t c = 0; c < columns; ++c, ++to) {
          const double scale = std::pow(config_.max_wavelength, -static_cast<double>(c / 2 * 2) / static_cast<double>(columns));
          const double angle = static_cast<double>(start_index + j) * scale;
          *to = static_cast<T>(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
        }
  });
  return y;
}

}  // namespace linnet
