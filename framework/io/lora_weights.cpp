#include "framework/io/lora_weights.h"

#include <algorithm>
#include <charconv>

#include "framework/io/convert.h"
#include "framework/io/hdf5_file.h"
#include "framework/io/hdf5_writer.h"
#include "framework/layers/flattened_layers.h"
#include "framework/layers/lora.h"

namespace linnet {
namespace {

constexpr const char* kRank = "lora/vars/rank";

/// A layer with weights: what files count.
struct Place {
  std::string path;
  AdaptableLayer* adaptable;  // null if it is none
};
std::vector<Place> places_of(const Layer& model) {
  std::vector<Place> places;
  for (const LayerPlace& place : flattened_layers(model))
    if (!place.layer->parameters().empty()) places.push_back({place.path, dynamic_cast<AdaptableLayer*>(place.layer)});
  return places;
}

bool adapted(const Place& place) { return place.adaptable && place.adaptable->lora_enabled(); }

/// Where the file has the factor 'a' or 'b' of a layer.
std::string path_of(std::size_t number, const AdaptableLayer& layer, char factor) {
  for (const Layer::Weight& weight : layer.weights())
    if (weight.name == "embeddings") return cat("lora/", number, "/vars/lora_embeddings_", factor);
  return cat("lora/", number, "/vars/lora_kernel_", factor);
}

std::int64_t read_rank(const Hdf5File& file) {
  const Tensor rank = file.read(kRank);
  check_file(rank.size() == 1 && rank.dtype() == DType::int32 && rank.item() > 0, "load_lora_weights: ", file.path().string(), ": ", kRank,
             " must be a positive integer");
  return static_cast<std::int64_t>(rank.item());
}

/// The numbers of the layers in the file.
std::vector<std::size_t> numbers_in(const Hdf5File& file) {
  std::vector<std::size_t> numbers;
  for (const Hdf5File::Child& child : file.children("lora")) {
    if (child.name == "vars") continue;
    std::size_t number = 0;
    const char* end = child.name.data() + child.name.size();
    const auto [stop, error] = std::from_chars(child.name.data(), end, number);
    check_file(error == std::errc() && stop == end, "load_lora_weights: ", file.path().string(), ": lora/", child.name,
               " must be the number of a layer");
    numbers.push_back(number);
  }
  check_file(!numbers.empty(), "load_lora_weights: ", file.path().string(), ": must hold factors of at least one layer, got none");
  return numbers;
}

/// Both factors of one layer, checked against its weight.
struct Factors {
  AdaptableLayer* layer;
  Tensor a, b;
};
Factors read_factors(const Hdf5File& file, std::size_t number, const Place& place, std::int64_t rank) {
  const std::string a = path_of(number, *place.adaptable, 'a'), b = path_of(number, *place.adaptable, 'b');
  Shape shape_a = place.adaptable->weights()[0].tensor.shape();
  const Shape shape_b{rank, shape_a.back()};
  shape_a.back() = rank;
  for (const auto& [path, shape] : {std::pair{a, shape_a}, std::pair{b, shape_b}})
    check_file(file.shape(path) == shape, "load_lora_weights: ", file.path().string(), ": ", path, " must have shape ", shape, " for ", place.path,
               ", got ", file.shape(path));
  return {place.adaptable, file.read(a), file.read(b)};
}

}  // namespace

void save_lora_weights(const Layer& model, const std::filesystem::path& file) {
  check(file.filename().string().ends_with(".lora.h5"), "save_lora_weights: the file's name must end in .lora.h5, got ", file.string());
  const std::vector<Place> places = places_of(model);
  const auto first = std::ranges::find_if(places, adapted);
  check(first != places.end(), "save_lora_weights: lora must be enabled in at least one layer of ", model.class_name(),
        ", got none (see enable_lora)");
  const std::int64_t rank = first->adaptable->lora().rank;
  for (const Place& place : places)
    check(!adapted(place) || (place.adaptable->lora().rank == rank && place.adaptable->lora().alpha == static_cast<double>(rank)),
          "save_lora_weights: every layer must have the rank and alpha ", rank, " of ", first->path, ", got ",
          adapted(place) ? place.adaptable->lora().rank : 0, " and ", adapted(place) ? place.adaptable->lora().alpha : 0, " for ", place.path);
  Hdf5Writer writer(file);
  writer.integer(kRank, rank);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!adapted(places[i])) continue;
    writer.dataset(path_of(i, *places[i].adaptable, 'a'), places[i].adaptable->lora().a);
    writer.dataset(path_of(i, *places[i].adaptable, 'b'), places[i].adaptable->lora().b);
  }
  writer.finish();
}

void load_lora_weights(Layer& model, const std::filesystem::path& path) {
  const Hdf5File file(path);
  const std::string what = "load_lora_weights: " + path.string();
  const std::int64_t rank = read_rank(file);
  const std::vector<Place> places = places_of(model);
  const bool enabled = std::ranges::any_of(places, adapted);
  std::vector<Factors> factors;
  for (const std::size_t number : numbers_in(file)) {
    check_file(number < places.size() && places[number].adaptable, what, ": lora/", number, " must be a layer that LoRA can adapt, got ",
               number < places.size() ? places[number].path : cat("one of ", places.size(), " in the model"));
    const Place& place = places[number];
    check_file(!enabled || adapted(place), what, ": every layer of the file must be adapted in the model, got ", place.path, ", which is not");
    if (enabled)
      check_file(place.adaptable->lora().rank == rank, what, ": the rank must be the model's ", place.adaptable->lora().rank, ", got ", rank);
    factors.push_back(read_factors(file, number, place, rank));
  }
  for (const Place& place : places) {
    const bool found = std::ranges::any_of(factors, [&](const Factors& one) { return one.layer == place.adaptable; });
    check_file(!adapted(place) || found, what, ": must hold factors of ", place.path, ", got none");
  }
  if (!enabled) {
    std::vector<AdaptableLayer*> layers;
    for (const Factors& one : factors) layers.push_back(one.layer);
    enable_lora(model, rank, layers);
  }
  for (const Factors& one : factors) {
    Tensor a = one.layer->lora().a, b = one.layer->lora().b;
    a.assign(convert(one.a, a.dtype()));
    b.assign(convert(one.b, b.dtype()));
  }
}

}  // namespace linnet
