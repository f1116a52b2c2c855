// Gradients and optimizer steps of whole models against Keras: fixtures/training.
#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/autograd/tape.h"
#include "framework/config/json.h"
#include "framework/core/error.h"
#include "framework/core/grad_slot.h"
#include "framework/io/hdf5_file.h"
#include "framework/ops/cross_entropy.h"
#include "framework/ops/views.h"
#include "framework/optim/optimizer.h"
#include "models/bert/bert_masked_lm.h"
#include "models/bert/bert_text_classifier.h"
#include "tests/support/golden.h"
#include "tests/support/golden_schedule.h"

using namespace linnet;
using namespace linnet::testing;
using Json = nlohmann::json;

namespace {

enum class Form { padded, packed };

/// One task of the fixtures in one dtype: its file, and one of the two models.
struct Task {
  std::string row;  // of the parity table
  Hdf5File file;
  DType dtype;
  std::unique_ptr<BertTextClassifier> classifier;
  std::unique_ptr<BertMaskedLM> masked_lm;
  std::vector<Parameter> parameters;
};

Task make_task(const std::string& name, DType dtype, const Json& spec) {
  const std::string stem = cat(name, '_', dtype);
  Task task{"training/" + stem, Hdf5File(fixtures() / "training" / (stem + ".h5")), dtype, {}, {}, {}};
  BertTextClassifier::Config config;
  config.backbone = from_json<BertBackbone::Config>(spec.at("backbone").dump(), "training/index.json");
  config.backbone.dropout = 0;
  config.backbone.dtype = DTypePolicy(std::string(name_of(dtype)));
  if (name == "masked_lm") {
    task.masked_lm = std::make_unique<BertMaskedLM>(BertMaskedLM::Config{config.backbone});
    task.parameters = task.masked_lm->parameters();
    return task;
  }
  config.num_classes = spec.at("num_classes").get<std::int64_t>();
  config.dropout = 0;
  task.classifier = std::make_unique<BertTextClassifier>(config);
  task.parameters = task.classifier->parameters();
  return task;
}

bool is_key_bias(const std::string& path) { return path.ends_with("key/bias"); }

/// One batch of (steps, batch, length).
Tensor batch_of(const Tensor& steps, std::int64_t step) {
  Shape shape = steps.shape();
  shape.erase(shape.begin());
  return steps.slice_rows(step, step + 1).reshape(shape);
}

/// The inputs without their padding; the mask must be a prefix of each row.
PackedTokens pack(const BertInputs& inputs) {
  const std::int64_t batch = inputs.token_ids.dim(0), length = inputs.token_ids.dim(1);
  const auto mask = inputs.padding_mask.data<std::int32_t>(), ids = inputs.token_ids.data<std::int32_t>(),
             segments = inputs.segment_ids.data<std::int32_t>();
  std::vector<std::int32_t> token_ids, segment_ids, lengths(static_cast<std::size_t>(batch));
  for (std::int64_t i = 0; i < batch * length; ++i) {
    const auto at = static_cast<std::size_t>(i), row = static_cast<std::size_t>(i / length);
    if (mask[at] == 0) continue;
    BOOST_REQUIRE(lengths[row] == i % length);
    ++lengths[row];
    token_ids.push_back(ids[at]);
    segment_ids.push_back(segments[at]);
  }
  const auto tokens = static_cast<std::int64_t>(token_ids.size());
  return {Tensor::from(token_ids, {tokens}), Tensor::from(segment_ids, {tokens}), SequenceLayout::ragged(lengths)};
}

/// Rows of the packed tokens for positions (batch, masked) within the sequences.
Tensor rows_of(const Tensor& positions, const SequenceLayout& layout) {
  std::vector<std::int32_t> rows(positions.data<std::int32_t>().begin(), positions.data<std::int32_t>().end());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += static_cast<std::int32_t>(layout.begin(static_cast<std::int64_t>(i) / positions.dim(1)));
  return Tensor::from(rows, {positions.size()});
}

Tensor logits_of(const Task& task, std::int64_t step, Form form) {
  const auto input = [&](const std::string& name) { return batch_of(task.file.read("inputs/" + name), step); };
  const BertInputs inputs{input("token_ids"), input("segment_ids"), input("padding_mask")};
  if (task.classifier) return form == Form::padded ? task.classifier->forward(inputs) : task.classifier->forward(pack(inputs));
  const Tensor positions = input("mask_positions");
  if (form == Form::padded) return task.masked_lm->forward(inputs, positions);
  const PackedTokens tokens = pack(inputs);
  const Tensor logits = task.masked_lm->forward(tokens, rows_of(positions, tokens.layout));
  return ops::reshape(logits, {positions.dim(0), positions.dim(1), logits.dim(-1)});
}

/// Leaves the gradients at the parameters.
double backward(const Task& task, std::int64_t step, Form form, Tensor sample_weight = {}) {
  if (!sample_weight.defined() && task.file.exists("sample_weight")) sample_weight = batch_of(task.file.read("sample_weight"), step);
  Tape tape;
  const Tensor labels = batch_of(task.file.read("labels"), step);
  const Tensor loss = ops::cross_entropy(logits_of(task, step, form), labels, {.sample_weight = sample_weight});
  tape.backward(loss);
  for (const Parameter& parameter : task.parameters)  // as the fixtures' loop does for the pooler, which a masked LM does not use
    if (!parameter.tensor.grad_slot()->has_grad()) parameter.tensor.grad_slot()->accumulate(Tensor::zeros(parameter.tensor.shape(), task.dtype));
  return loss.item();
}

void set_initial(Task& task) {
  for (Parameter& parameter : task.parameters) task.file.read_into("initial/" + parameter.path, parameter.tensor);
}

void compare_first_batch(Task& task, Form form) {
  const std::string suffix = form == Form::packed ? " packed" : "";
  const double forward = task.dtype == DType::float64 ? 1e-10 : 3e-5, gradient = task.dtype == DType::float64 ? 1e-10 : 2e-5;
  const auto compare = [&](const std::string& path, const std::vector<double>& actual, double tolerance) {
    golden_compare(task.row, path + suffix, task.file.read(path).to_vector(), actual, {.absolute = tolerance, .relative = 0});
  };
  set_initial(task);
  compare("first_batch/logits", logits_of(task, 0, form).to_vector(), forward);
  for (const std::string group : {"first_batch", "first_batch_weighted"}) {
    if (!task.file.exists(group)) continue;
    const std::string weight = group + "/sample_weight";
    compare(group + "/loss", {backward(task, 0, form, task.file.exists(weight) ? task.file.read(weight) : Tensor())}, forward);
    for (Parameter& parameter : task.parameters)
      compare(cat(group, "/gradients/", parameter.path), parameter.tensor.take_grad().to_vector(), gradient);
  }
}

/// What fixtures/README.md allows after some steps.
double tolerance_after_steps(const Task& task, const std::string& optimizer) {
  if (task.dtype == DType::float64) return 1e-7;
  return optimizer == "SGD" ? 5e-5 : 2e-4;
}

/// Of each step's loss, which hardly feels the noise of the weights; SGD's large steps double it. Half of it grows with the loss.
Tolerance loss_tolerance(const Task& task, const std::string& optimizer) {
  const double of_one = task.dtype == DType::float64 ? 1e-7 : optimizer == "SGD" ? 2e-5 : 1e-5;
  return {.absolute = of_one / 2, .relative = of_one / 2};
}

/// Rounding noise is all that a key's bias learns from, and these optimizers blow it up.
bool leaves_key_biases_out(const Task& task, const std::string& optimizer) {
  if (optimizer == "Lion" || optimizer == "Lamb" || optimizer == "Adafactor") return true;
  return task.dtype == DType::float32 && optimizer != "SGD";
}

void compare_slots(const Task& task, const std::string& group, const Optimizer& optimizer, double last_rate, double tolerance) {
  std::map<std::string, Tensor> state{{"learning_rate", Tensor::full({}, last_rate, DType::float64)}};
  for (const Parameter& slot : optimizer.state()) state[slot.path.substr(slot.path.find('/') + 1)] = slot.tensor;
  for (const Hdf5File::Child& name : task.file.children(group))
    for (const Hdf5File::Child& slot : task.file.children(group + "/" + name.name)) {
      BOOST_REQUIRE_MESSAGE(state.count(slot.name) == 1, task.row << ": no slot " << slot.name);
      const std::string path = cat(group, '/', name.name, '/', slot.name);
      golden_compare(task.row, path, task.file.read(path).to_vector(), state[slot.name].to_vector(), {.absolute = tolerance, .relative = 0});
    }
}

void compare_run(Task& task, const Json& entry, Form form) {
  const std::string name = entry.at("class").get<std::string>(), group = "optimizers/" + entry.at("name").get<std::string>();
  const std::string suffix = form == Form::packed ? " packed" : "";
  const double tolerance = tolerance_after_steps(task, name);
  Json config = entry.at("config");
  const Json rate = config.at("learning_rate");
  config.erase("learning_rate");
  const Schedule schedule = rate.is_object() ? golden_schedule(rate, task.dtype) : Schedule([&](std::int64_t) { return rate.get<double>(); });

  set_initial(task);
  const auto optimizer = make_optimizer(name, task.parameters, config.dump());
  std::vector<double> losses, rates;
  const std::int64_t steps = task.file.shape(group + "/losses")[0];
  for (std::int64_t step = 0; step < steps; ++step) {
    losses.push_back(backward(task, step, form));
    rates.push_back(schedule(optimizer->calls()));
    optimizer->step(rates.back());
    const std::string snapshot = cat(group, "/step_", step + 1);
    if (!task.file.exists(snapshot)) continue;
    for (const Parameter& parameter : task.parameters) {
      if (is_key_bias(parameter.path) && leaves_key_biases_out(task, name)) continue;
      golden_compare(task.row, cat(snapshot, '/', parameter.path, suffix), task.file.read(cat(snapshot, '/', parameter.path)).to_vector(),
                     parameter.tensor.to_vector(), {.absolute = tolerance, .relative = 0});
    }
  }
  golden_compare(task.row, group + "/losses" + suffix, task.file.read(group + "/losses").to_vector(), losses, loss_tolerance(task, name));
  const Tolerance rate_tolerance =
      task.dtype == DType::float64 ? Tolerance{.absolute = 1e-10, .relative = 0} : Tolerance{.absolute = 0, .relative = 1e-6};
  golden_compare(task.row, group + "/learning_rates" + suffix, task.file.read(group + "/learning_rates").to_vector(), rates, rate_tolerance);
  if (task.file.exists(group + "/slots")) compare_slots(task, group + "/slots", *optimizer, rates.back(), tolerance);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(training)

BOOST_AUTO_TEST_CASE(gradients_and_optimizer_steps_of_whole_models_are_those_of_keras) {
  if (!have_fixture("training/index.json")) return;
  const Json spec = read_json(fixtures() / "training/index.json").at("spec");
  for (const char* name : {"classifier", "masked_lm"})
    for (const DType dtype : {DType::float64, DType::float32}) {
      Task task = make_task(name, dtype, spec);
      for (const Form form : {Form::padded, Form::packed}) {
        compare_first_batch(task, form);
        for (const Json& entry : spec.at("optimizers"))
          if (task.file.exists("optimizers/" + entry.at("name").get<std::string>())) compare_run(task, entry, form);
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
