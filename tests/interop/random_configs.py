#!/usr/bin/env python3
"""Random encoders against real Keras: outputs and the gradients of every variable.
Usage: random_configs.py LINNET_INTEROP float32|float64 [SEED]
LINNET_RANDOM_CONFIGS is how many; 30 by default."""
import json
import os
import pathlib
import sys
import tempfile

os.environ["JAX_ENABLE_X64"] = "1"
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # most of the time is compiling

from support import datasets, h5py, keras_hub, linnet, np, randomize

import jax
import keras
from keras.src.backend.common import dtypes

dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # as shipped, Keras demotes float64 in most ops
jax.config.update("jax_default_matmul_precision", "highest")
# Weights are drawn below; JAX would compile an initializer for every shape.
keras.initializers.TruncatedNormal.__call__ = lambda self, shape, dtype=None, **_: np.zeros(shape, dtype)

COUNT = int(os.environ.get("LINNET_RANDOM_CONFIGS", 30))
DTYPE = sys.argv[2]
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
# Of values above 1 relative to the largest of their array; gradients are longer sums.
TOLERANCES = {"float32": {"outputs": 1e-5, "gradients": 1e-4}, "float64": {"outputs": 1e-12, "gradients": 1e-12}}[DTYPE]


def random_mask(random, batch, length):
    """Every kind that a user may pass, rows without a single token among them."""
    kind = random.choice(["full", "prefix", "left", "holes"])
    if kind == "full":
        return np.ones((batch, length), "int32")
    if kind == "holes":
        return random.integers(0, 2, (batch, length)).astype("int32")
    prefix = (np.arange(length) < random.integers(0, length + 1, (batch, 1))).astype("int32")
    return prefix if kind == "prefix" else np.ascontiguousarray(prefix[:, ::-1])


def random_case(random):
    heads = int(random.integers(1, 7))
    config = dict(vocabulary_size=int(random.integers(1, 40)), num_layers=int(random.integers(0, 4)), num_heads=heads,
                  # The norm of two columns is 1 and -1: its gradient is what is left of a difference of equals.
                  hidden_dim=int(random.integers(max(4, heads), 8 * heads + 2)), intermediate_dim=int(random.integers(1, 50)),
                  max_sequence_length=int(random.integers(1, 65)), num_segments=int(random.integers(1, 4)),
                  # Not 0: Keras' attention without dropout is another one, which JAX computes in float32.
                  dropout=float(random.choice([0.1, 0.5])))
    shape = int(random.integers(1, 5)), int(random.integers(1, config["max_sequence_length"] + 1))
    inputs = {"token_ids": random.integers(0, config["vocabulary_size"], shape).astype("int32"),
              "segment_ids": random.integers(0, config["num_segments"], shape).astype("int32"), "padding_mask": random_mask(random, *shape)}
    return {"config": config, "dtype": DTYPE, "normalize_first": bool(random.integers(0, 2))}, inputs


def keras_results(case, inputs, cotangents, seed):
    """Weights, outputs and gradients of sum(outputs * cotangents), by path."""
    keras.utils.clear_session()
    model = keras_hub.models.BertBackbone(**case["config"], dtype=DTYPE)
    randomize(model, seed)
    for layer in model.transformer_layers:
        layer.normalize_first = case["normalize_first"]

    def objective(values):
        with keras.StatelessScope(state_mapping=list(zip(model.trainable_variables, values))):
            outputs = model(inputs, training=False)
        return sum((outputs[key] * cotangents[key]).sum() for key in cotangents), outputs

    values = [variable.value for variable in model.trainable_variables]
    gradients, outputs = jax.jit(jax.grad(objective, has_aux=True))(values)
    named = lambda arrays: {variable.path: np.asarray(array) for variable, array in zip(model.trainable_variables, arrays)}
    return named(values), {key: np.asarray(outputs[key]) for key in cotangents}, named(gradients)


with tempfile.TemporaryDirectory() as name:
    folder, random = pathlib.Path(name), np.random.default_rng(SEED)
    cases, expected = [], []
    with h5py.File(folder / "cases.h5", "w") as file:
        for i in range(COUNT):
            case, inputs = random_case(random)
            shape = inputs["token_ids"].shape
            hidden = case["config"]["hidden_dim"]
            cotangents = {output: random.normal(0, 1, of_output).astype(DTYPE)
                          for output, of_output in (("sequence_output", (*shape, hidden)), ("pooled_output", (shape[0], hidden)))}
            weights, outputs, gradients = keras_results(case, inputs, cotangents, i)
            for group, values in (("inputs", inputs), ("cotangents", cotangents), ("weights", weights)):
                for path, value in values.items():
                    file[f"{i}/{group}/{path}"] = value
            cases.append(case)
            expected.append({**{f"outputs/{k}": v for k, v in outputs.items()}, **{f"gradients/{k}": v for k, v in gradients.items()}})
            if i % 50 == 49:
                print(f"Keras ran {i + 1} of {COUNT} configurations", flush=True)
    (folder / "cases.json").write_text(json.dumps(cases))
    linnet("run-encoders", folder / "cases.json", folder / "cases.h5", folder / "results.h5")
    actual = datasets(folder / "results.h5")
    worst, arrays = dict.fromkeys(TOLERANCES, 0.0), 0
    for i, arrays_of_case in enumerate(expected):
        for path, value in arrays_of_case.items():
            ours = actual.pop(f"{i}/{path}")
            assert ours.shape == value.shape, f"configuration {i} {cases[i]}: {path}: shapes {value.shape} and {ours.shape}"
            assert ours.dtype == value.dtype == DTYPE, f"configuration {i} {cases[i]}: {path}: {value.dtype} and {ours.dtype}"
            kind = path.split("/")[0]
            difference = np.abs(ours - value).max() / max(1, np.abs(value).max())
            assert difference <= TOLERANCES[kind], f"configuration {i} {cases[i]}: {path} differs by {difference}, at most {TOLERANCES[kind]} is allowed"
            worst[kind], arrays = max(worst[kind], difference), arrays + 1
    assert not actual, f"unexpected results: {sorted(actual)[:5]}"
    print(f"reached: {COUNT} configurations, {arrays} outputs and gradients in {DTYPE}: equal within "
          + " and ".join(f"{value:.1e} ({kind})" for kind, value in worst.items()))
