#include "framework/train/checkpoint_file.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "framework/config/json.h"
#include "framework/config/json_value.h"
#include "framework/io/checksum.h"
#include "framework/io/hdf5_writer.h"
#include "framework/layers/finite.h"

namespace linnet {
namespace {

const std::string kHeader = "linnet_checkpoint";
constexpr int kMostGroups = 64;

bool by_path(const Parameter& a, const Parameter& b) { return a.path < b.path; }

std::vector<Parameter> gathered(const std::vector<Parameter>& weights, const std::vector<Parameter>& optimizer) {
  std::vector<Parameter> all;
  for (const Parameter& weight : weights) all.push_back({"weights/" + weight.path, weight.tensor});
  for (const Parameter& slot : optimizer) all.push_back({"optimizer/" + slot.path, slot.tensor});
  std::ranges::sort(all, by_path);
  return all;
}

std::int64_t checksum(const std::vector<Parameter>& entries) {
  Crc32 crc;
  for (const Parameter& entry : entries) {
    crc.add(entry.path.data(), entry.path.size());
    crc.add(entry.tensor.raw(), static_cast<std::size_t>(entry.tensor.size() * size_of(entry.tensor.dtype())));
  }
  return crc.value();
}

void collect(const Hdf5File& file, const std::string& group, int depth, std::vector<Parameter>& entries) {
  check_file(depth < kMostGroups, "groups must not be nested more than ", kMostGroups, " deep");
  for (const Hdf5File::Child& child : file.children(group)) {
    const std::string path = group.empty() ? child.name : group + "/" + child.name;
    if (child.kind == Hdf5File::Kind::group) collect(file, path, depth + 1, entries);
    else entries.push_back({path, file.read(path)});
  }
}

/// "\n  batch_size: 16 here, 32 there" for each member that the two objects do not share.
std::string differences(const std::string& here, const std::string& there) {
  const auto object = [](const std::string& text) { return text.empty() ? JsonValue::object() : JsonValue::parse(text, "settings"); };
  const auto brief = [](const JsonValue* value) { return value ? value->brief() : "nothing"; };
  const JsonValue ours = object(here), theirs = object(there);
  std::string lines;
  const auto compare = [&](const std::string& name) {
    const JsonValue *our = ours.find(name), *their = theirs.find(name);
    if (!our || !their || our->dump() != their->dump()) lines += cat("\n  ", name, ": ", brief(our), " here, ", brief(their), " there");
  };
  for (const auto& [name, value] : ours.members()) compare(name);
  for (const auto& [name, value] : theirs.members())
    if (!ours.find(name)) compare(name);
  return lines;
}

}  // namespace

void CheckpointFile::Header::fields(FieldVisitor& field) {
  field("format", format);
  field("state", state);
  field("settings", settings);
  field("seed", seed);
  field("random_step", random_step);
  field("random_op", random_op);
  field("initialized", initialized);
  field("crc32", crc32);
}

void CheckpointFile::write(const std::filesystem::path& file, const std::vector<Parameter>& weights, const std::vector<Parameter>& optimizer,
                           const TrainingState& state, const std::string& settings) {
  const std::vector<Parameter> entries = gathered(weights, optimizer);
  const std::optional<std::string> wrong = first_not_finite(entries);
  check_file(!wrong, "Checkpoint: ", file, " must hold finite numbers, got NaN or infinity in ", wrong.value_or(""), " at step ", state.step,
             " (nothing was saved)");
  const RandomState random = random_state();
  Header header;
  header.state = state;
  header.settings = settings;
  header.seed = std::to_string(random.seed);
  header.random_step = random.step;
  header.random_op = random.op;
  header.initialized = random.initialized;
  header.crc32 = checksum(entries);
  Hdf5Writer writer(file);
  for (const Parameter& entry : entries) writer.dataset(entry.path, entry.tensor);
  writer.attribute("/", kHeader, to_json(header));
  writer.finish([](const std::filesystem::path& written) { CheckpointFile{written}; });
}

CheckpointFile::CheckpointFile(const std::filesystem::path& file) : file_(file) {
  const Hdf5File in(file);
  const std::optional<std::string> header = in.attribute("", kHeader);
  check_file(header.has_value(), "Checkpoint: ", file, " must have the attribute ", kHeader, ", got none (is it a checkpoint?)");
  try {
    header_ = from_json<Header>(*header, kHeader);
    collect(in, "", 0, entries_);
  } catch (const std::exception& error) {
    throw std::runtime_error(cat("Checkpoint: ", file, ": ", error.what()));
  }
  check_file(header_.format == 1, "Checkpoint: ", file, " must have format 1, got ", header_.format, " (written by a newer Linnet?)");
  check_numbers();
  std::ranges::sort(entries_, by_path);
  const std::int64_t crc = checksum(entries_);
  check_file(crc == header_.crc32, "Checkpoint: ", file, " must have the checksum ", header_.crc32, ", got ", crc, " (it is damaged)");
}

void CheckpointFile::check_numbers() const {
  for (const std::int64_t count : {header_.state.epoch, header_.state.batch, header_.state.step})
    check_file(count >= 0, "Checkpoint: ", file_, ": epoch, batch and step must not be negative, got ", count);
  for (const std::int64_t count : {header_.random_step, header_.random_op, header_.initialized})
    check_file(count >= 0 && count <= std::numeric_limits<std::uint32_t>::max(), "Checkpoint: ", file_,
               ": random_step, random_op and initialized must fit in 32 bits, got ", count);
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(header_.seed.data(), header_.seed.data() + header_.seed.size(), seed);
  check_file(error == std::errc() && end == header_.seed.data() + header_.seed.size(), "Checkpoint: ", file_,
             ": seed must be a number of 64 bits, got '", header_.seed, "'");
}

void CheckpointFile::check_entries(const std::string& group, const std::vector<Parameter>& expected) const {
  std::string wrong;
  std::set<std::string> known;
  for (const Parameter& parameter : expected) {
    const std::string path = group + parameter.path;
    known.insert(path);
    const auto found = std::ranges::lower_bound(entries_, path, {}, &Parameter::path);
    if (found == entries_.end() || found->path != path) wrong += cat("\n  missing ", path);
    else if (found->tensor.shape() != parameter.tensor.shape() || found->tensor.dtype() != parameter.tensor.dtype())
      wrong += cat("\n  ", path, " is ", found->tensor.dtype(), ' ', found->tensor.shape(), ", not ", parameter.tensor.dtype(), ' ',
                   parameter.tensor.shape());
  }
  for (const Parameter& entry : entries_)
    if (entry.path.starts_with(group) && !known.contains(entry.path)) wrong += cat("\n  unexpected ", entry.path);
  check_file(wrong.empty(), "Checkpoint: ", file_, " must be of this model and optimizer, got:", wrong);
}

void CheckpointFile::assign(const std::string& group, std::vector<Parameter>& to) const {
  for (Parameter& parameter : to) parameter.tensor.assign(std::ranges::lower_bound(entries_, group + parameter.path, {}, &Parameter::path)->tensor);
}

TrainingState CheckpointFile::restore(std::vector<Parameter>& weights, std::vector<Parameter>& optimizer, const std::string& settings) const {
  const std::string other = differences(settings, header_.settings);
  check_file(other.empty(), "Checkpoint: ", file_, " must be of a run with the same settings, got:", other);
  check_entries("weights/", weights);
  check_entries("optimizer/", optimizer);
  assign("weights/", weights);
  assign("optimizer/", optimizer);
  set_random_state({.seed = std::stoull(header_.seed),
                    .step = static_cast<std::uint32_t>(header_.random_step),
                    .op = static_cast<std::uint32_t>(header_.random_op),
                    .initialized = static_cast<std::uint32_t>(header_.initialized)});
  return header_.state;
}

void CheckpointFile::restore_weights(std::vector<Parameter>& weights) const {
  check_entries("weights/", weights);
  assign("weights/", weights);
}

}  // namespace linnet
