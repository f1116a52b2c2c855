#include "framework/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "framework/config/json_value.h"
#include "framework/core/error.h"

namespace linnet::safetensors {
namespace {

struct Type {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array kTypes{Type{"BOOL", 1}, Type{"U8", 1},  Type{"I8", 1},  Type{"I16", 2}, Type{"U16", 2}, Type{"F16", 2}, Type{"BF16", 2},
                            Type{"I32", 4},  Type{"U32", 4}, Type{"F32", 4}, Type{"I64", 8}, Type{"U64", 8}, Type{"F64", 8}};

/// Takes the header's JSON event by event: a header may have millions of entries, and nesting deeper than the format's is
/// refused where it begins. Any event that does not fit ends the parse with `problem` set.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Header header;
  std::string problem;

  bool null() override { return fail("must not hold null"); }
  bool boolean(bool) override { return fail("must not hold true or false"); }
  bool number_float(double, const std::string& text) override { return fail("numbers must be whole and fit in 64 bits, got ", text); }
  bool binary(binary_t&) override { return fail("must be text"); }
  bool number_integer(number_integer_t value) override { return fail("numbers must not be negative, got ", value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (!numbers_) return fail("a number must lie in shape or data_offsets, got ", value);
    if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return fail("numbers must fit in 63 bits, got ", value);
    if (numbers_->size() >= 64) return fail("a tensor must have at most 64 axes");
    numbers_->push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(std::string& text) override {
    if (in_metadata_ && depth_ == 2) {
      header.metadata[key_] = text;
      return true;
    }
    if (depth_ != 2 || field_ != kType || numbers_) return fail("a text must be a dtype or lie in __metadata__, got '", text, "'");
    entry_.type = text;
    return true;
  }
  bool start_object(std::size_t) override {
    if (numbers_ || (depth_ == 2)) return fail("must not nest deeper");
    if (depth_ == 1 && !in_metadata_) {
      entry_ = {name_, {}, {}, 0, 0};
      fields_ = 0;
    }
    ++depth_;
    return true;
  }
  bool key(std::string& text) override {
    if (depth_ == 1) {
      if (header.entries.size() >= kMostTensors) return fail("there must be at most ", kMostTensors, " tensors, got more");
      name_ = text;
      in_metadata_ = text == "__metadata__";
      if (in_metadata_ && std::exchange(had_metadata_, true)) return fail("a key must not be there twice, got '__metadata__'");
      return true;
    }
    if (in_metadata_) {
      if (header.metadata.contains(text)) return fail("a key must not be there twice, got '", text, "'");
      if (header.metadata.size() == kMostTexts) return fail("there must be at most ", kMostTexts, " texts, got more");
      key_ = text;
      return true;
    }
    field_ = text == "dtype" ? kType : text == "shape" ? kShape : text == "data_offsets" ? kOffsets : 0;
    if (field_ == 0) return fail("a tensor must not have the key '", text, "'");
    if ((fields_ & field_) != 0) return fail("a key must not be there twice, got '", text, "'");
    fields_ |= field_;
    return true;
  }
  bool end_object() override {
    --depth_;
    if (depth_ == 0 || in_metadata_) return true;
    if (entry_.type.empty() || fields_ != (kType | kShape | kOffsets)) return fail("a tensor must have dtype, shape and data_offsets, got less");
    if (offsets_.size() != 2) return fail("data_offsets must be two numbers, got ", offsets_.size());
    entry_.begin = offsets_[0];
    entry_.end = offsets_[1];
    header.entries.push_back(std::move(entry_));
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || numbers_ || field_ == kType) return fail("a list must be a shape or data_offsets");
    numbers_ = field_ == kShape ? &entry_.shape : &offsets_;
    numbers_->clear();
    return true;
  }
  bool end_array() override {
    numbers_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail("must be JSON in UTF-8, is not from byte ", position, " on");
  }

 private:
  template <class... Parts>
  bool fail(const Parts&... parts) {
    if (problem.empty()) problem = name_.empty() ? cat(parts...) : cat("'", name_.substr(0, 200), "': ", parts...);
    return false;
  }

  static constexpr unsigned kType = 1, kShape = 2, kOffsets = 4;

  int depth_ = 0;
  bool in_metadata_ = false, had_metadata_ = false;
  std::string name_, key_;
  HeaderEntry entry_;
  unsigned field_ = 0, fields_ = 0;    ///< the tensor's key that is read, and all of them so far
  std::vector<std::int64_t> offsets_;  ///< kept from tensor to tensor
  std::vector<std::int64_t>* numbers_ = nullptr;
};

void check_sizes(const Header& header, std::int64_t data_bytes, const std::string& file) {
  std::vector<const HeaderEntry*> by_place;
  by_place.reserve(header.entries.size());
  for (const HeaderEntry& entry : header.entries) {
    const auto require = [&](bool ok, const auto&... parts) { check_file(ok, "Safetensors: ", file, ": '", entry.name, "': ", parts...); };
    std::int64_t bytes = element_bytes(entry.type);
    require(bytes > 0, "the dtype must be one of BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, I64, U64 and F64, got ", entry.type);
    bool fits = true;
    for (const std::int64_t extent : entry.shape) fits = fits && !__builtin_mul_overflow(bytes, extent, &bytes);
    require(fits, "the size in bytes must fit in 64 bits, got shape ", entry.shape);
    require(entry.begin <= entry.end, "data_offsets must not decrease, got ", entry.begin, " and ", entry.end);
    require(entry.end - entry.begin == bytes, "shape ", entry.shape, " of ", entry.type, " needs ", bytes, " bytes, got ", entry.end - entry.begin);
    by_place.push_back(&entry);
  }
  const auto before = [](const HeaderEntry* a, const HeaderEntry* b) { return a->begin != b->begin ? a->begin < b->begin : a->end < b->end; };
  if (!std::ranges::is_sorted(by_place, before)) std::ranges::sort(by_place, before);
  std::int64_t covered = 0;
  for (const HeaderEntry* entry : by_place) {
    check_file(entry->begin <= covered, "Safetensors: ", file, ": tensors must leave no hole, got bytes ", covered, " to ", entry->begin, " before '",
               entry->name, "'");
    check_file(entry->begin == covered, "Safetensors: ", file, ": tensors must not overlap, '", entry->name, "' begins at byte ", entry->begin,
               ", another ends at ", covered);
    covered = entry->end;
  }
  check_file(covered <= data_bytes, "Safetensors: ", file, ": must have ", covered, " bytes of data, got ", data_bytes, " (is it cut off?)");
  check_file(covered == data_bytes, "Safetensors: ", file, ": must end with its last tensor, got ", data_bytes - covered, " more bytes");
}

}  // namespace

std::int64_t element_bytes(std::string_view type) {
  const auto* found = std::ranges::find(kTypes, type, &Type::name);
  return found == kTypes.end() ? 0 : found->bytes;
}

Header parse_header(std::string_view text, std::int64_t data_bytes, const std::string& file) {
  check_file(text.starts_with('{'), "Safetensors: ", file, ": the header must begin with '{'");
  HeaderReader reader;
  constexpr std::size_t kShortestEntry = std::string_view(R"("":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)").size();
  reader.header.entries.reserve(std::min(kMostTensors, text.size() / kShortestEntry + 1));  // pages that no entry reaches are never touched
  const bool parsed = nlohmann::json::sax_parse(text, &reader);
  check_file(parsed && reader.problem.empty(), "Safetensors: ", file, ": header: ", reader.problem);
  Header header = std::move(reader.header);
  std::ranges::sort(header.entries, {}, &HeaderEntry::name);
  const auto twice = std::ranges::adjacent_find(header.entries, {}, &HeaderEntry::name);
  check_file(twice == header.entries.end(), "Safetensors: ", file, ": header: a key must not be there twice, got '",
             twice == header.entries.end() ? "" : twice->name, "'");
  check_sizes(header, data_bytes, file);
  return header;
}

std::map<std::string, std::string> parse_index(std::string_view text, const std::string& file) {
  const JsonValue index = JsonValue::parse(text, "Safetensors: " + file);
  std::map<std::string, std::string> result;
  for (const auto& [name, place] : index.at("weight_map").members()) {
    const std::string& shard = place.text();
    const bool plain = !shard.empty() && shard != "." && shard != ".." && shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    check_file(plain, place.where(), " must be a file beside the index, got '", shard, "'");
    result.emplace(name, shard);
  }
  check_file(!result.empty(), index.at("weight_map").where(), " must name at least one tensor");
  return result;
}

}  // namespace linnet::safetensors
