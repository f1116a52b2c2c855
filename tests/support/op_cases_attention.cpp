#include <cmath>

#include "framework/ops/attention.h"
#include "tests/support/op_families.h"

namespace linnet::testing {
namespace {

using ops::AttentionOptions;

SequenceLayout ragged(const std::vector<std::int32_t>& lengths) { return SequenceLayout::ragged(lengths); }

/// Layouts, masks and options of one case. Inputs are query, key, value, or one buffer (query | key | value) when `packed`.
struct Setup {
  SequenceLayout queries, keys;
  AttentionOptions options;
  std::vector<double> mask;  ///< (batch, Tq, Tk), or (batch, A, Tq, Tk) when `by_head`; empty for none
  bool packed = false;
  std::int64_t gap = 0;  ///< unused columns at the end of the buffer
  bool scores = false;   ///< attention_with_scores
  bool by_head = false;

  std::int64_t query_columns() const { return options.num_heads * options.key_dim; }
  std::int64_t value_columns() const { return options.num_heads * options.value_dim; }
};

/// The probabilities that query `i` of sequence `s` gives to the sequence's keys.
std::vector<double> probabilities(const Setup& setup, const Array& query, const Array& key, std::int64_t s, std::int64_t head, std::int64_t i) {
  const std::int64_t count = setup.keys.length(s), first = setup.keys.begin(s), dim = setup.options.key_dim;
  std::vector<double> p(static_cast<std::size_t>(count));
  std::vector<bool> visible(p.size());
  double sum = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const auto at = static_cast<std::size_t>(j);
    visible[at] =
        (setup.keys.is_key.empty() || setup.keys.is_key[static_cast<std::size_t>(first + j)]) && (!setup.options.causal || j <= i) &&
        (setup.mask.empty() ||
         setup.mask[static_cast<std::size_t>(((setup.by_head ? s * setup.options.num_heads + head : s) * setup.queries.length(s) + i) * count + j)] !=
             0);
    double score = 0;
    for (std::int64_t c = 0; c < dim; ++c) score += query(setup.queries.begin(s) + i, head * dim + c) * key(first + j, head * dim + c);
    p[at] = visible[at] ? std::exp(score / std::sqrt(static_cast<double>(dim))) : 0;
    sum += p[at];
  }
  for (double& value : p) value = sum > 0 ? value / sum : setup.options.uniform_without_keys ? 1 / static_cast<double>(count) : 0;
  return p;
}

Arrays plain_attention(const Setup& setup, const Array& query, const Array& key, const Array& value) {
  const auto& [num_heads, key_dim, value_dim, causal, uniform, dropout] = setup.options;
  Array out = Array::zeros({setup.queries.tokens(), setup.value_columns()});
  Array scores = Array::zeros({setup.queries.batch(), num_heads, setup.queries.max_length(), setup.keys.max_length()});
  for (std::int64_t s = 0; s < setup.queries.batch(); ++s)
    for (std::int64_t head = 0; head < num_heads; ++head)
      for (std::int64_t i = 0; i < setup.queries.length(s); ++i) {
        const std::vector<double> p = probabilities(setup, query, key, s, head, i);
        for (std::int64_t j = 0; j < setup.keys.length(s); ++j) {
          const double probability = p[static_cast<std::size_t>(j)];
          const std::int64_t global_row = setup.queries.first_row[static_cast<std::size_t>(s)] + i;
          const double factor = dropout > 0 ? dropout_factor(dropout, global_row, (head << 18) + j) : 1;
          scores(s, head, i, j) = probability;
          for (std::int64_t c = 0; c < value_dim; ++c)
            out(setup.queries.begin(s) + i, head * value_dim + c) += probability * factor * value(setup.keys.begin(s) + j, head * value_dim + c);
        }
      }
  if (setup.scores) return {out, scores};
  return {out};
}

Array columns(const Array& from, std::int64_t begin, std::int64_t count) {
  Array result = Array::zeros({from.dim(0), count});
  for (std::int64_t r = 0; r < from.dim(0); ++r)
    for (std::int64_t c = 0; c < count; ++c) result(r, c) = from(r, begin + c);
  return result;
}

OpCase attend(const std::string& name, Setup setup) {
  if (setup.options.value_dim == 0) setup.options.value_dim = setup.options.key_dim;
  const std::int64_t q = setup.query_columns(), v = setup.value_columns(), nq = setup.queries.tokens(), nk = setup.keys.tokens();
  OpCase result;
  result.name = name;
  if (setup.packed) result.inputs = {normal({nk, 2 * q + v + setup.gap})};
  else result.inputs = {normal({nq, q}), normal({nk, q}), normal({nk, v})};
  result.call = [=](const Tensors& x) -> Tensors {
    ops::AttentionMask mask;
    if (!setup.mask.empty()) {
      Shape shape{setup.queries.batch(), setup.queries.max_length(), setup.keys.max_length()};
      if (setup.by_head) shape.insert(shape.begin() + 1, setup.options.num_heads);
      mask = Tensor::from(setup.mask, shape).cast(DType::int32);
    }
    using ops::ColumnRange;
    const ColumnRange query = setup.packed ? ColumnRange(x[0], 0, q) : x[0], key = setup.packed ? ColumnRange(x[0], q, q) : x[1],
                      value = setup.packed ? ColumnRange(x[0], 2 * q, v) : x[2];
    if (!setup.scores) return {ops::attention(query, key, value, setup.queries, setup.keys, mask, setup.options)};
    const auto both = ops::attention_with_scores(query, key, value, setup.queries, setup.keys, mask, setup.options);
    return {both.output, both.scores};
  };
  result.reference = [=](const Arrays& x) -> Arrays {
    if (setup.packed) return plain_attention(setup, columns(x[0], 0, q), columns(x[0], q, q), columns(x[0], 2 * q, v));
    return plain_attention(setup, x[0], x[1], x[2]);
  };
  result.terms = std::max({setup.options.key_dim, setup.options.value_dim, setup.keys.max_length(), setup.queries.max_length()});
  result.amplification = 4;  // exp passes on the rounding of scores of size sqrt(key_dim)
  result.random = setup.options.dropout > 0;
  return result;
}

/// Self-attention over sequences of these lengths.
Setup self(const std::vector<std::int32_t>& lengths, const AttentionOptions& options) {
  return {.queries = ragged(lengths), .keys = ragged(lengths), .options = options, .mask = {}};
}

Setup with_keys(Setup setup, std::vector<std::uint8_t> is_key) {
  setup.keys.is_key = std::move(is_key);
  return setup;
}

Setup with_mask_by_head(Setup setup, std::vector<double> mask) {
  setup.mask = std::move(mask);
  setup.by_head = true;
  return setup;
}
Setup with_mask(Setup setup, std::vector<double> mask) {
  setup.mask = std::move(mask);
  return setup;
}

Setup in_one_buffer(Setup setup, std::int64_t gap) {
  setup.packed = true;
  setup.gap = gap;
  return setup;
}

Setup with_scores(Setup setup) {
  setup.scores = true;
  return setup;
}

Setup cross(const std::vector<std::int32_t>& queries, const std::vector<std::int32_t>& keys, const AttentionOptions& options) {
  return {.queries = ragged(queries), .keys = ragged(keys), .options = options, .mask = {}};
}

Setup first_rows_of(const SequenceLayout& layout, const AttentionOptions& options) {
  return {.queries = layout.first_rows(), .keys = layout, .options = options, .mask = {}};
}

/// The two sequences of `lengths` lie at other rows of a larger batch.
Setup moved(Setup setup, std::vector<std::int64_t> first_row) {
  setup.queries.first_row = first_row;
  setup.keys.first_row = std::move(first_row);
  return setup;
}

/// Query, key and value all columns of the same tensor: their ranges overlap, and gradients add up.
OpCase same_columns() {
  const Setup setup = self({2, 3}, {.num_heads = 2, .key_dim = 2, .value_dim = 2});
  OpCase result = attend("query, key and value the same columns", setup);
  result.inputs = {normal({5, 4})};
  result.call = [=](const Tensors& x) -> Tensors { return {ops::attention(x[0], x[0], x[0], setup.queries, setup.keys, {}, setup.options)}; };
  result.reference = [=](const Arrays& x) -> Arrays { return plain_attention(setup, x[0], x[0], x[0]); };
  return result;
}

/// Inputs of rank 3, of which the keys are constants.
OpCase padded_batch() {
  const Setup setup = with_keys(self({3, 3}, {.num_heads = 2, .key_dim = 2, .value_dim = 1}), {1, 1, 0, 1, 0, 0});
  OpCase result = attend("rank 3, constant keys", setup);
  result.inputs = {normal({2, 3, 4}), constant({2, 3, 4}), normal({2, 3, 2})};
  result.reference = [=](const Arrays& x) -> Arrays {
    Arrays y = plain_attention(setup, {{6, 4}, x[0].values}, {{6, 4}, x[1].values}, {{6, 2}, x[2].values});
    y[0].shape = {2, 3, 2};
    return y;
  };
  return result;
}

std::vector<OpCase> small_cases() {
  const AttentionOptions two_heads{.num_heads = 2, .key_dim = 3, .value_dim = 2};
  const AttentionOptions causal{.num_heads = 2, .key_dim = 2, .causal = true};
  const AttentionOptions uniform{.num_heads = 2, .key_dim = 2, .uniform_without_keys = true};
  const AttentionOptions dropout{.num_heads = 2, .key_dim = 2, .dropout = 0.4};
  const AttentionOptions dropout_of_all{.num_heads = 1, .key_dim = 2, .dropout = 1};
  const AttentionOptions uniform_dropout{.num_heads = 2, .key_dim = 2, .uniform_without_keys = true, .dropout = 0.5};
  const std::vector<std::uint8_t> holes{0, 1, 1, 0, 1}, without{1, 1, 0, 0, 0};  // `without`: the second sequence has no key
  const std::vector<double> mask{1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0};            // (2, 2, 3), a row of zeros among them
  const SequenceLayout three = ragged({2, 1, 3});
  return {attend("self", self({2, 3}, two_heads)),
          attend("cross", cross({2, 1}, {3, 4}, two_heads)),
          attend("all extents one", self({1}, {.num_heads = 1, .key_dim = 1})),
          attend("a sequence of length one", self({1, 3, 1}, two_heads)),
          attend("empty sequences", self({0, 2, 0}, two_heads)),
          attend("queries without keys, keys without queries", cross({2, 0, 1}, {0, 2, 2}, two_heads)),
          attend("no sequences", self({}, two_heads)),
          attend("in one buffer", in_one_buffer(self({2, 3}, two_heads), 0)),
          attend("in one buffer with unused columns", in_one_buffer(self({2, 2}, two_heads), 2)),
          same_columns(),
          padded_batch(),
          attend("a key mask with holes", with_keys(self({2, 3}, two_heads), holes)),
          attend("a sequence without keys", with_keys(self({2, 3}, two_heads), without)),
          attend("a sequence without keys, uniform", with_keys(self({2, 3}, uniform), without)),
          attend("causal", self({3, 4}, causal)),
          attend("causal with a hidden first key", with_keys(self({2, 3}, causal), holes)),
          attend("causal, more keys than queries", cross({2}, {4}, causal)),
          attend("a mask", with_mask(cross({2, 2}, {3, 3}, two_heads), mask)),
          attend("a mask by head", with_mask_by_head(cross({2}, {3}, two_heads), mask)),
          attend("a mask, uniform", with_mask(cross({2, 2}, {3, 3}, uniform), mask)),
          attend("a mask and a key mask", with_mask(with_keys(cross({2, 2}, {3, 3}, two_heads), {1, 0, 1, 1, 1, 0}), mask)),
          attend("first rows as queries", first_rows_of(three, two_heads)),
          attend("dropout", self({2, 3}, dropout)),
          attend("dropout at other rows", moved(self({2, 3}, dropout), {9, 4})),
          attend("dropout of everything", self({2, 2}, dropout_of_all)),
          attend("dropout, first rows as queries", first_rows_of(three, dropout)),
          attend("dropout, a sequence without keys, uniform", with_keys(self({2, 3}, uniform_dropout), without))};
}

std::vector<OpCase> large_cases() {
  const AttentionOptions wide{.num_heads = 3, .key_dim = 32}, odd{.num_heads = 2, .key_dim = 19, .value_dim = 37};
  const AttentionOptions dropout{.num_heads = 2, .key_dim = 16, .dropout = 0.1};
  return {attend("heads of 32", in_one_buffer(self({13, 25, 5, 13}, wide), 0)),
          attend("odd widths", self({17, 33, 64, 9}, odd)),
          attend("several blocks of queries", self({150, 67}, odd)),
          attend("several blocks of queries with dropout", self({135, 21}, dropout)),
          attend("blocks of different heights", cross({70, 40}, {2000, 1030}, {.num_heads = 1, .key_dim = 1})),
          attend("longer than a block", cross({70}, {300}, {.num_heads = 1, .key_dim = 8}))};
}

}  // namespace

OpFamily attention_family() {
  const auto call = [](const Shape& query, const Shape& key, const Shape& value, const std::vector<std::int32_t>& queries,
                       const std::vector<std::int32_t>& keys, const AttentionOptions& options, const Tensor& mask = {}) {
    ops::attention(Tensor::zeros(query), Tensor::zeros(key), Tensor::zeros(value), ragged(queries), ragged(keys), mask, options);
  };
  const AttentionOptions two{.num_heads = 2, .key_dim = 2};
  OpFamily family{.op = "attention", .cases = small_cases(), .bad_calls = {}};
  for (OpCase& large : large_cases()) family.cases.push_back(std::move(large));
  family.bad_calls = {{[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {3}, {.num_heads = 0, .key_dim = 2});
                       },
                       "attention: num_heads must be positive, got 0"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {3}, {.num_heads = 2});
                       },
                       "attention: key_dim must be positive, got 0"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {3}, {.num_heads = 2, .key_dim = 2, .value_dim = -1});
                       },
                       "attention: value_dim must not be negative, got -1 (0 stands for key_dim)"},
                      {[=] {
                         call({}, {3, 4}, {3, 4}, {3}, {3}, two);
                       },
                       "attention: query must have at least one axis, got a scalar"},
                      {[=] {
                         call({3, 4}, {3, 6}, {3, 4}, {3}, {3}, two);
                       },
                       "attention: key must have 4 columns, got 6 (num_heads 2, key_dim 2, value_dim 2)"},
                      {[=] {
                         const Tensor x = Tensor::zeros({3, 6});
                         ops::attention({x, 0, 4}, {x, 4, 4}, {x, 0, 4}, ragged({3}), ragged({3}), {}, two);
                       },
                       "attention: key must lie within the 6 columns of its tensor, got columns [4, 8)"},
                      {[=] {
                         const Tensor x = Tensor::zeros({3, 4});
                         ops::attention(x, x, Tensor::zeros({3, 4}, DType::float64), ragged({3}), ragged({3}), {}, two);
                       },
                       "attention: value must have the query's dtype float32, got float64"},
                      {[=] {
                         const Tensor x = Tensor::zeros({3, 4}, DType::int32);
                         ops::attention(x, x, x, ragged({3}), ragged({3}), {}, two);
                       },
                       "attention: dtype must be float32, float64, bfloat16 or float16, got int32"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {2, 1}, two);
                       },
                       "attention: queries and keys must have the same number of sequences, got 1 and 2"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {2}, {3}, two);
                       },
                       "attention: the layout of the queries must cover the 3 rows of query, got 2"},
                      {[=] {
                         call({3, 4}, {3, 4}, {4, 4}, {3}, {3}, two);
                       },
                       "attention: the layout of the keys must cover the 4 rows of value, got 3"},
                      {[=] {
                         const Tensor x = Tensor::zeros({3, 4});
                         SequenceLayout keys = ragged({3});
                         keys.is_key = {1, 1};
                         ops::attention(x, x, x, ragged({3}), keys, {}, two);
                       },
                       "attention: is_key must have one element a key, 3, got 2"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {1, 2}, {1, 2}, two, Tensor::zeros({2, 2, 2}, DType::int32));
                       },
                       "attention: mask must have shape (batch, queries, keys) or (batch, num_heads, queries, keys) of sequences of one length, got "
                       "(2, 2, 2) for 2 sequences of up to 2 queries and 2 keys"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {3}, two, Tensor::zeros({1, 3, 3}));
                       },
                       "attention: mask must be int32, got float32"},
                      {[=] {
                         call({3, 4}, {3, 4}, {3, 4}, {3}, {3}, {.num_heads = 2, .key_dim = 2, .dropout = 2});
                       },
                       "dropout: rate must lie in [0, 1], got 2"},
                      {[=] {
                         call({1, 65537}, {1, 65537}, {1, 65537}, {1}, {1}, {.num_heads = 65537, .key_dim = 1, .dropout = 0.1});
                       },
                       "attention: dropout allows at most 65536 heads and 262144 keys a sequence, got 65537 and 1"}};
  return family;
}

OpFamily attention_with_scores_family() {
  const AttentionOptions two{.num_heads = 2, .key_dim = 2}, dropout{.num_heads = 2, .key_dim = 2, .dropout = 0.4};
  const AttentionOptions uniform{.num_heads = 2, .key_dim = 2, .uniform_without_keys = true};
  const std::vector<std::uint8_t> without{1, 0, 1, 0, 0, 0};
  return {.op = "attention_with_scores",
          .cases = {attend("self", with_scores(self({3, 3}, two))), attend("cross", with_scores(cross({2, 2}, {3, 3}, two))),
                    attend("in one buffer", with_scores(in_one_buffer(self({2, 2}, two), 1))), attend("dropout", with_scores(self({3, 3}, dropout))),
                    attend("a sequence without keys", with_scores(with_keys(self({3, 3}, two), without))),
                    attend("a sequence without keys, uniform", with_scores(with_keys(self({3, 3}, uniform), without))),
                    attend("several blocks of queries", with_scores(self({70}, two))), attend("no sequences", with_scores(self({}, two))),
                    attend("one token and head", with_scores(self({1}, {.num_heads = 1, .key_dim = 1})))},
          .bad_calls = {{[=] {
                           const Tensor x = Tensor::zeros({3, 4});
                           ops::attention_with_scores(x, x, x, ragged({1, 2}), ragged({1, 2}), {}, two);
                         },
                         "attention_with_scores: sequences must be of one length, got up to 2 queries and 2 keys (pad them)"}}};
}

}  // namespace linnet::testing
