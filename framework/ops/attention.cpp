#include "framework/ops/attention.h"

#include <algorithm>
#include <array>
#include <vector>

#include "framework/autograd/tape.h"
#include "framework/core/parallel.h"
#include "framework/core/profile.h"
#include "framework/kernels/table.h"
#include "framework/ops/dropout.h"
#include "framework/ops/row_blocks.h"

namespace linnet::ops {
namespace {

constexpr std::string_view kNames[] = {"query", "key", "value"};

/// One checked call: what forward and backward share. The ranges are in the order of kNames, their columns resolved.
struct Call {
  std::array<ColumnRange, 3> ranges;
  SequenceLayout queries, keys;
  Tensor mask;
  AttentionOptions options;
  DropoutPlan dropout;

  const ColumnRange& query() const { return ranges[0]; }
  DType dtype() const { return query().tensor.dtype(); }
  std::int64_t heads() const { return queries.batch() * options.num_heads; }
};

/// Counted for every pair of a query and a key, hidden or not. Forward: two products of a head's width and five operations of the
/// softmax; backward: the scores again and four products, seven operations between them. Rows are read and written once, the
/// log-sum-exp if it is kept.
OpCost cost_of(const Call& call, bool kept) {
  double pairs = 0;
  for (std::int64_t i = 0; i < call.queries.batch(); ++i) pairs += static_cast<double>(call.queries.length(i) * call.keys.length(i));
  const auto heads = static_cast<double>(call.options.num_heads), key_dim = static_cast<double>(call.options.key_dim),
             value_dim = static_cast<double>(call.options.value_dim);
  const auto queries = static_cast<double>(call.queries.tokens()), keys = static_cast<double>(call.keys.tokens()),
             element = static_cast<double>(size_of(call.dtype()));
  const double inputs = element * heads * (queries * key_dim + keys * (key_dim + value_dim)), output = element * heads * queries * value_dim;
  const double lse = kept ? heads * queries * static_cast<double>(size_of(accumulator_of(call.dtype()))) : 0;
  return {{heads * pairs * (2 * key_dim + 2 * value_dim + 5), inputs + output + lse},
          {heads * pairs * (6 * key_dim + 4 * value_dim + 7), 2 * inputs + 2 * output + lse}};
}

ColumnRange resolve(const ColumnRange& range, std::string_view name, std::int64_t columns, const AttentionOptions& options) {
  check(!range.tensor.shape().empty(), "attention: ", name, " must have at least one axis, got a scalar");
  const std::int64_t width = range.tensor.dim(-1), count = range.columns == -1 ? width - range.begin : range.columns;
  check(range.begin >= 0 && count >= 0 && range.begin + count <= width, "attention: ", name, " must lie within the ", width,
        " columns of its tensor, got columns [", range.begin, ", ", range.begin + count, ")");
  check(count == columns, "attention: ", name, " must have ", columns, " columns, got ", count, " (num_heads ", options.num_heads, ", key_dim ",
        options.key_dim, ", value_dim ", options.value_dim, ")");
  return {range.tensor, range.begin, count};
}

void check_layout(const SequenceLayout& layout, const ColumnRange& range, std::string_view layout_name, std::string_view name) {
  check(layout.tokens() == range.tensor.rows(), "attention: the layout of the ", layout_name, " must cover the ", range.tensor.rows(), " rows of ",
        name, ", got ", layout.tokens());
}

/// All sequences have `length` rows.
bool all_of_length(const SequenceLayout& layout, std::int64_t length) {
  for (std::int64_t i = 0; i < layout.batch(); ++i)
    if (layout.length(i) != length) return false;
  return true;
}

Call check_call(const ColumnRange& query, const ColumnRange& key, const ColumnRange& value, const SequenceLayout& queries, const SequenceLayout& keys,
                const AttentionMask& mask, AttentionOptions options) {
  check(options.num_heads > 0, "attention: num_heads must be positive, got ", options.num_heads);
  check(options.key_dim > 0, "attention: key_dim must be positive, got ", options.key_dim);
  check(options.value_dim >= 0, "attention: value_dim must not be negative, got ", options.value_dim, " (0 stands for key_dim)");
  if (options.value_dim == 0) options.value_dim = options.key_dim;
  const std::int64_t key_columns = options.num_heads * options.key_dim, value_columns = options.num_heads * options.value_dim;
  Call call{{resolve(query, kNames[0], key_columns, options), resolve(key, kNames[1], key_columns, options),
             resolve(value, kNames[2], value_columns, options)},
            queries,
            keys,
            mask.visible,
            options,
            {}};
  for (std::size_t i = 1; i < 3; ++i)
    check(call.ranges[i].tensor.dtype() == call.dtype(), "attention: ", kNames[i], " must have the query's dtype ", call.dtype(), ", got ",
          call.ranges[i].tensor.dtype());
  check(queries.batch() == keys.batch(), "attention: queries and keys must have the same number of sequences, got ", queries.batch(), " and ",
        keys.batch());
  check_layout(queries, query, "queries", "query");
  check_layout(keys, key, "keys", "key");
  check_layout(keys, value, "keys", "value");
  check(keys.is_key.empty() || static_cast<std::int64_t>(keys.is_key.size()) == keys.tokens(), "attention: is_key must have one element a key, ",
        keys.tokens(), ", got ", keys.is_key.size());
  if (call.mask.defined()) {
    const Shape& shape = call.mask.shape();
    const std::size_t rank = shape.size();
    check((rank == 3 || (rank == 4 && shape[1] == options.num_heads)) && shape[0] == queries.batch() && all_of_length(queries, shape[rank - 2]) &&
              all_of_length(keys, shape[rank - 1]),
          "attention: mask must have shape (batch, queries, keys) or (batch, num_heads, queries, keys) of sequences of one length, got ", shape,
          " for ", queries.batch(), " sequences of up to ", queries.max_length(), " queries and ", keys.max_length(), " keys");
    check(call.mask.dtype() == DType::int32, "attention: mask must be int32, got ", call.mask.dtype());
  }
  constexpr std::int64_t kMostHeads = 1 << 16, kMostKeys = 1 << 18;  // what the counter of a dropout mask has room for
  check(options.dropout == 0 || (options.num_heads <= kMostHeads && keys.max_length() <= kMostKeys), "attention: dropout allows at most ", kMostHeads,
        " heads and ", kMostKeys, " keys a sequence, got ", options.num_heads, " and ", keys.max_length());
  call.dropout = plan_dropout(options.dropout, queries.tokens(), &queries);
  return call;
}

template <class T>
BlockReader<T> reader_of(const ColumnRange& range) {
  return {range.tensor, range.begin, range.tensor.dim(-1)};
}
template <class T>
BlockReader<T> reader_of(const Tensor& tensor) {
  return {tensor, 0, tensor.dim(-1)};
}

/// The kernel's view of each (sequence, head), items numbered with the heads innermost. The call must outlive it.
template <class T>
struct Heads {
  const Call& call;
  BlockReader<T> query = reader_of<T>(call.ranges[0]), key = reader_of<T>(call.ranges[1]), value = reader_of<T>(call.ranges[2]);
  const std::int32_t* mask = call.mask.defined() ? call.mask.data<std::int32_t>().data() : nullptr;
  const bool mask_by_head = mask && call.mask.shape().size() == 4;

  /// `buffer` as BlockReader::at wants it.
  kernels::AttentionHead<T> at(std::int64_t item, T*& buffer) const {
    const AttentionOptions& options = call.options;
    const std::int64_t sequence = item / options.num_heads, head = item % options.num_heads;
    const std::int64_t first_query = call.queries.begin(sequence), first_key = call.keys.begin(sequence);
    const std::int64_t queries = call.queries.length(sequence), keys = call.keys.length(sequence);
    const auto rows = [](const Block<const T>& block) { return kernels::HeadRows<const T>{block.data, block.ld}; };
    kernels::AttentionHead<T> result{.queries = queries,
                                     .keys = keys,
                                     .key_dim = options.key_dim,
                                     .value_dim = options.value_dim,
                                     .query = rows(query.at(first_query, queries, head * options.key_dim, options.key_dim, buffer)),
                                     .key = rows(key.at(first_key, keys, head * options.key_dim, options.key_dim, buffer)),
                                     .value = rows(value.at(first_key, keys, head * options.value_dim, options.value_dim, buffer)),
                                     .causal = options.causal,
                                     .uniform_without_keys = options.uniform_without_keys};
    if (!call.keys.is_key.empty()) result.is_key = call.keys.is_key.data() + first_key;
    if (mask) result.mask = mask + (mask_by_head ? item : sequence) * result.queries * result.keys;
    if (call.dropout.active) {
      result.dropout = &call.dropout.draw;
      result.global_rows = call.dropout.global_rows.data() + first_query;
      result.first_block = static_cast<std::uint32_t>(head << 16);
    }
    return result;
  }
};

/// Runs body(item, workspace, buffer) for each (sequence, head), several short ones a task; the buffer has room for the blocks of 16-bit
/// tensors that forward and backward take.
template <class T, class F>
void for_each_head(const Call& call, F&& body) {
  constexpr std::int64_t kFlopsPerTask = 1 << 16;
  const std::int64_t items = call.heads();
  std::int64_t flops = 0;
  for (std::int64_t i = 0; i < call.queries.batch(); ++i)
    flops += 2 * call.options.num_heads * call.queries.length(i) * call.keys.length(i) * (call.options.key_dim + call.options.value_dim);
  const std::int64_t tasks = std::clamp<std::int64_t>(flops / kFlopsPerTask, 1, std::max<std::int64_t>(items, 1));
  kernels::AttentionHead<T> largest{
      .queries = call.queries.max_length(), .keys = call.keys.max_length(), .key_dim = call.options.key_dim, .value_dim = call.options.value_dim};
  const std::int64_t elements = kernels::table<T>().attention.workspace(largest);
  const std::int64_t columns = call.options.key_dim + call.options.value_dim;
  const std::int64_t copies = is_half(call.dtype()) ? 2 * (largest.queries + largest.keys) * columns : 0;
  parallel_tasks(tasks, [&](std::int64_t task) {
    Tensor workspace = Tensor::empty({elements + copies}, dtype_of<T>);
    T* work = workspace.mutable_data<T>().data();
    for (std::int64_t item = items * task / tasks; item < items * (task + 1) / tasks; ++item) body(item, work, work + elements);
  });
}

/// The op's result, with lse (heads, Nq) and scores (batch, heads, Tq, Tk) written where they are defined.
Tensor forward(const Call& call, Tensor& lse, Tensor& scores) {
  Shape shape = call.query().tensor.shape();
  const std::int64_t value_dim = call.options.value_dim, num_heads = call.options.num_heads, width = num_heads * value_dim;
  shape.back() = width;
  Tensor out = Tensor::empty(shape, call.dtype());
  dispatch_real(call.dtype(), "attention", [&]<class T>() {
    const Heads<T> heads{call};
    const BlockWriter<T> result(out, 0, width);
    T* sums = lse.defined() ? lse.mutable_data<T>().data() : nullptr;
    T* probabilities = scores.defined() ? scores.mutable_data<T>().data() : nullptr;
    for_each_head<T>(call, [&](std::int64_t item, T* work, T* buffer) {
      const auto head = heads.at(item, buffer);
      const std::int64_t row = call.queries.begin(item / num_heads), number = item % num_heads;
      const Block<T> to = result.at(row, head.queries, number * value_dim, value_dim, buffer);
      kernels::table<T>().attention.forward(head, {to.data, to.ld}, sums ? sums + number * call.queries.tokens() + row : nullptr,
                                            probabilities ? probabilities + item * head.queries * head.keys : nullptr, work);
      result.put(to, row, head.queries, number * value_dim, value_dim);
    });
  });
  return out;
}

/// Which tensors get a gradient of their own: ranges of one tensor that do not overlap share it. The mask stands last, a constant.
struct GradientPlan {
  std::vector<Tensor> tensors;
  std::array<std::size_t, 3> owner{};  ///< of each range, in `tensors`
};

bool overlap(const ColumnRange& a, const ColumnRange& b) { return a.begin < b.begin + b.columns && b.begin < a.begin + a.columns; }

GradientPlan plan_gradients(const std::array<ColumnRange, 3>& ranges, const Tensor& mask) {
  GradientPlan plan;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t owner = 0;
    for (; owner < plan.tensors.size(); ++owner) {
      const Tensor& tensor = plan.tensors[owner];
      bool fits = tensor.requires_grad() && tensor.grad_slot() == ranges[i].tensor.grad_slot();
      for (std::size_t j = 0; j < i; ++j) fits &= plan.owner[j] != owner || !overlap(ranges[i], ranges[j]);
      if (fits) break;
    }
    if (owner == plan.tensors.size()) plan.tensors.push_back(ranges[i].tensor);
    plan.owner[i] = owner;
  }
  plan.tensors.push_back(mask);
  return plan;
}

/// Uninitialised where the ranges cover every column, else zeros; undefined for a constant.
Gradients allocate(const GradientPlan& plan, const std::array<ColumnRange, 3>& ranges) {
  Gradients gradients;
  for (std::size_t owner = 0; owner < plan.tensors.size(); ++owner) {
    const Tensor& tensor = plan.tensors[owner];
    std::int64_t covered = 0;
    for (std::size_t i = 0; i < 3; ++i)
      if (plan.owner[i] == owner) covered += ranges[i].columns;
    gradients.push_back(!tensor.requires_grad()     ? Tensor()
                        : covered == tensor.dim(-1) ? Tensor::like(tensor)
                                                    : Tensor::zeros(tensor.shape(), tensor.dtype()));
  }
  return gradients;
}

/// dout may be undefined (zeros), dscores too.
Gradients backward(const Call& call, const GradientPlan& plan, const Tensor& out, const Tensor& lse, const Tensor& dout_or_none,
                   const Tensor& dscores) {
  Gradients gradients = allocate(plan, call.ranges);
  const Tensor dout = dout_or_none.defined() ? dout_or_none : Tensor::zeros(out.shape(), out.dtype());
  const std::int64_t num_heads = call.options.num_heads;
  dispatch_real(call.dtype(), "attention", [&]<class T>() {
    const Heads<T> heads{call};
    std::array<BlockWriter<T>, 3> to{};
    for (std::size_t i = 0; i < 3; ++i)
      if (Tensor& gradient = gradients[plan.owner[i]]; gradient.defined()) to[i] = {gradient, call.ranges[i].begin, gradient.dim(-1)};
    const BlockReader<T> result = reader_of<T>(out), dresult = reader_of<T>(dout);
    const T* sums = lse.data<T>().data();
    const T* dprobabilities = dscores.defined() ? dscores.data<T>().data() : nullptr;
    for_each_head<T>(call, [&](std::int64_t item, T* work, T* buffer) {
      const auto head = heads.at(item, buffer);
      const std::int64_t sequence = item / num_heads, number = item % num_heads, query = call.queries.begin(sequence);
      const std::int64_t rows[] = {query, call.keys.begin(sequence), call.keys.begin(sequence)}, counts[] = {head.queries, head.keys, head.keys};
      const std::int64_t columns[] = {head.key_dim, head.key_dim, head.value_dim};
      const Block<const T> own = result.at(query, head.queries, number * head.value_dim, head.value_dim, buffer);
      const Block<const T> down = dresult.at(query, head.queries, number * head.value_dim, head.value_dim, buffer);
      std::array<Block<T>, 3> blocks;
      for (std::size_t i = 0; i < 3; ++i) blocks[i] = to[i].at(rows[i], counts[i], number * columns[i], columns[i], buffer);
      kernels::table<T>().attention.backward(head,
                                             {.out = {own.data, own.ld},
                                              .dout = {down.data, down.ld},
                                              .lse = sums + number * call.queries.tokens() + query,
                                              .dprobabilities = dprobabilities ? dprobabilities + item * head.queries * head.keys : nullptr,
                                              .dquery = {blocks[0].data, blocks[0].ld},
                                              .dkey = {blocks[1].data, blocks[1].ld},
                                              .dvalue = {blocks[2].data, blocks[2].ld}},
                                             work);
      for (std::size_t i = 0; i < 3; ++i) to[i].put(blocks[i], rows[i], counts[i], number * columns[i], columns[i]);
    });
  });
  return gradients;
}

Tensor lse_if(bool recorded, const Call& call) {
  return recorded ? Tensor::empty({call.options.num_heads, call.queries.tokens()}, accumulator_of(call.dtype())) : Tensor();
}

bool recorded(const Call& call) { return recording({call.ranges[0].tensor, call.ranges[1].tensor, call.ranges[2].tensor}); }

}  // namespace

Tensor attention(const ColumnRange& query, const ColumnRange& key, const ColumnRange& value, const SequenceLayout& queries,
                 const SequenceLayout& keys, const AttentionMask& mask, const AttentionOptions& options) {
  const Call call = check_call(query, key, value, queries, keys, mask, options);
  const ProfileScope profiled("attention", [&] { return cost_of(call, recorded(call)); });
  Tensor lse = lse_if(recorded(call), call), none;
  const Tensor out = forward(call, lse, none);
  if (!recorded(call)) return out;
  const GradientPlan plan = plan_gradients(call.ranges, call.mask);
  return record("attention", plan.tensors, out,
                [=, saved = out.detach()](std::span<const Tensor> grad_outputs) { return backward(call, plan, saved, lse, grad_outputs[0], {}); });
}

AttentionWithScores attention_with_scores(const ColumnRange& query, const ColumnRange& key, const ColumnRange& value, const SequenceLayout& queries,
                                          const SequenceLayout& keys, const AttentionMask& mask, const AttentionOptions& options) {
  const Call call = check_call(query, key, value, queries, keys, mask, options);
  const std::int64_t query_length = queries.max_length(), key_length = keys.max_length();
  check(all_of_length(queries, query_length) && all_of_length(keys, key_length), "attention_with_scores: sequences must be of one length, got up to ",
        query_length, " queries and ", key_length, " keys (pad them)");
  const ProfileScope profiled("attention_with_scores", [&] {
    const OpCost cost = cost_of(call, recorded(call));
    const double scores = static_cast<double>(call.heads() * query_length * key_length * size_of(call.dtype()));
    return OpCost{{cost.forward.flops, cost.forward.bytes + scores}, {cost.backward.flops, cost.backward.bytes + scores}};
  });
  Tensor lse = lse_if(recorded(call), call);
  Tensor scores = Tensor::empty({queries.batch(), options.num_heads, query_length, key_length}, call.dtype());
  const Tensor out = forward(call, lse, scores);
  if (recorded(call)) {
    const GradientPlan plan = plan_gradients(call.ranges, call.mask);
    const Tensor outputs[] = {out, scores};
    Tape::current()->push("attention_with_scores", plan.tensors, outputs, [=, saved = out.detach()](std::span<const Tensor> grad_outputs) {
      return backward(call, plan, saved, lse, grad_outputs[0], grad_outputs[1]);
    });
  }
  return {out, scores};
}

}  // namespace linnet::ops
