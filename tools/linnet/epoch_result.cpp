#include "tools/linnet/epoch_result.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace linnet::tool {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Accuracy& accuracy) { return {{"accuracy", accuracy.value()}, {"correct", accuracy.correct}, {"total", accuracy.total}}; }

Json to_json(const Measures& measures) {
  Json row = measures.accuracy ? to_json(*measures.accuracy) : Json::object();
  if (measures.loss) row["loss"] = *measures.loss;
  if (measures.pearson) row["pearson"] = *measures.pearson;
  if (!measures.accuracy) row["total"] = measures.total;
  return row;
}

/// JSON has no NaN: it is null there.
double number(const Json& value) { return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>(); }

std::optional<double> optional_number(const Json& row, const char* name) {
  return row.contains(name) ? std::optional(number(row[name])) : std::nullopt;
}

Accuracy accuracy(const Json& row) { return {row.at("correct").get<std::int64_t>(), row.at("total").get<std::int64_t>()}; }

Measures measures(const Json& row) {
  Measures result{.loss = optional_number(row, "loss"), .pearson = optional_number(row, "pearson"), .total = row.at("total").get<std::int64_t>()};
  if (row.contains("correct")) result.accuracy = accuracy(row);
  return result;
}

EpochResult epoch_result(const Json& row) {
  EpochResult result{.seconds = number(row.at("seconds")),
                     .sentences_per_second = number(row.at("sentences_per_second")),
                     .train_loss = number(row.at("train_loss")),
                     .train_accuracy = optional_number(row, "train_accuracy")};
  if (row.contains("dev")) result.dev = measures(row["dev"]);
  return result;
}

}  // namespace

Json to_json(const EpochResult& result) {
  Json row{{"seconds", result.seconds}, {"sentences_per_second", result.sentences_per_second}, {"train_loss", result.train_loss}};
  if (result.train_accuracy) row["train_accuracy"] = *result.train_accuracy;
  if (result.dev) row["dev"] = to_json(*result.dev);
  return row;
}

EpochResult EpochTally::result(std::int64_t elements) const {
  EpochResult result{.seconds = seconds};
  if (seconds > 0) result.sentences_per_second = static_cast<double>(sentences) / seconds;
  if (elements > 0) result.train_loss = loss / static_cast<double>(elements);
  if (seen.total > 0) result.train_accuracy = seen.value();
  return result;
}

std::string to_text(const RunNotes& notes) {
  Json json{{"epochs", Json::array()}};
  for (const EpochResult& epoch : notes.epochs) json["epochs"].push_back(to_json(epoch));
  const EpochTally& running = notes.running;
  json["running"] = {{"seconds", running.seconds}, {"loss", running.loss}, {"seen", to_json(running.seen)}, {"sentences", running.sentences}};
  if (notes.best) json["best"] = to_json(*notes.best);
  json["best_step"] = notes.best_step;
  return json.dump();
}

RunNotes run_notes(const std::string& text) {
  RunNotes notes;
  if (text.empty()) return notes;
  const Json json = Json::parse(text);
  for (const Json& epoch : json.at("epochs")) notes.epochs.push_back(epoch_result(epoch));
  const Json& running = json.at("running");
  notes.running = {number(running.at("seconds")), number(running.at("loss")), accuracy(running.at("seen")),
                   running.at("sentences").get<std::int64_t>()};
  if (json.contains("best")) notes.best = measures(json["best"]);
  notes.best_step = json.at("best_step").get<std::int64_t>();
  return notes;
}

}  // namespace linnet::tool
