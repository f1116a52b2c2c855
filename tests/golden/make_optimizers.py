#!/usr/bin/env python3
"""Makes optimizers.json beside this file: steps of Keras' optimizers on four small weights, for tests/optim/optimizer_golden_test.cpp.

Needs Keras 3 on JAX:  KERAS_BACKEND=jax JAX_ENABLE_X64=1 python make_optimizers.py

  weights     path -> shape; initial: path -> values
  gradients   a list, one entry per step: path -> values
  cases       name, class, config (without learning_rate), learning_rates (one per step), missing (step -> paths without a
              gradient); float64 and float32: the weights after each snapshot step and, if slots, the optimizer's variables
"""

import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import keras
import numpy as np
from keras.src.backend.common import dtypes

dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # Keras would compute in float32 under a float64 policy

STEPS, SNAPSHOTS = 6, (1, 6)
WEIGHTS = {"table/embeddings": (4, 3), "block/query/kernel": (2, 2, 2), "dense/kernel": (3, 2), "dense/bias": (2,)}
ALL = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Adam", "AdamW", "Lion", "Lamb", "Adafactor")


def cases():
    for name in ALL:
        yield {"name": name.lower(), "class": name, "config": {}, "slots": True}
        yield {"name": name.lower() + "_decay", "class": name, "config": {"weight_decay": 0.05}}
    for name, cls, config in (
        ("sgd_momentum", "SGD", {"momentum": 0.9}),
        ("sgd_nesterov", "SGD", {"momentum": 0.8, "nesterov": True}),
        ("rmsprop_momentum", "RMSprop", {"rho": 0.8, "momentum": 0.7, "epsilon": 1e-4}),
        ("rmsprop_centered", "RMSprop", {"centered": True, "momentum": 0.5}),
        ("adagrad_options", "Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-3}),
        ("adadelta_options", "Adadelta", {"rho": 0.8, "epsilon": 1e-3}),
        ("adamax_options", "Adamax", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
        ("nadam_options", "Nadam", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
        ("adam_options", "Adam", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
        ("adam_amsgrad", "Adam", {"amsgrad": True, "beta_2": 0.5}),
        ("adamw_exclude", "AdamW", {"weight_decay": 0.1, "exclude_from_weight_decay": ["bias", "embed"]}),
        ("adamw_clipnorm", "AdamW", {"clipnorm": 0.3}),
        ("adamw_clipvalue", "AdamW", {"clipvalue": 0.2}),
        ("adamw_global_clipnorm", "AdamW", {"global_clipnorm": 0.5}),
        ("sgd_clipnorm", "SGD", {"clipnorm": 0.3}),
        ("sgd_clipvalue", "SGD", {"clipvalue": 0.2}),
        ("sgd_global_clipnorm", "SGD", {"global_clipnorm": 0.5}),
        ("sgd_global_clipnorm_loose", "SGD", {"global_clipnorm": 500.0}),
        ("sgd_loss_scale", "SGD", {"loss_scale_factor": 8.0, "clipnorm": 0.05}),
        ("adam_loss_scale", "Adam", {"loss_scale_factor": 1024.0}),
        ("sgd_accumulate", "SGD", {"gradient_accumulation_steps": 3, "global_clipnorm": 0.4, "momentum": 0.9}),
        ("adam_accumulate", "Adam", {"gradient_accumulation_steps": 2, "weight_decay": 0.1}),
        ("sgd_ema", "SGD", {"use_ema": True, "ema_momentum": 0.8}),
        ("adam_ema_overwrite", "Adam", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2}),
        ("sgd_ema_accumulate", "SGD", {"use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2}),
        ("lion_options", "Lion", {"beta_1": 0.7, "beta_2": 0.5}),
        ("lamb_options", "Lamb", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
        ("adafactor_options", "Adafactor", {"beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 0.1, "clip_threshold": 0.5}),
        ("adafactor_absolute", "Adafactor", {"relative_step": False}),
    ):
        yield {"name": name, "class": cls, "config": config, "slots": "ema" in name or "accumulate" in name}
    for name in ("SGD", "AdamW"):
        yield {"name": name.lower() + "_missing", "class": name, "config": {}, "missing": {"2": ["dense/bias"], "3": ["table/embeddings"]}}


def run(case, dtype, initial, gradients):
    keras.config.set_floatx(dtype)
    variables = [keras.Variable(np.array(v, dtype).reshape(WEIGHTS[p]), name=p.split("/")[-1], dtype=dtype) for p, v in initial.items()]
    for variable, path in zip(variables, initial):
        variable._path = path
    config = dict(case["config"])
    excluded = config.pop("exclude_from_weight_decay", None)
    rates = iter(case["learning_rates"])
    optimizer = getattr(keras.optimizers, case["class"])(learning_rate=lambda: rate, name="optimizer", **config)
    if excluded:
        optimizer.exclude_from_weight_decay(var_names=excluded)
    optimizer.build(variables)
    result = {}
    for step in range(1, STEPS + 1):
        rate = next(rates)
        missing = case.get("missing", {}).get(str(step), [])
        grads = [None if p in missing else np.array(gradients[step - 1][p], dtype).reshape(WEIGHTS[p]) for p in initial]
        optimizer.apply([None if g is None else keras.ops.convert_to_tensor(g, dtype=dtype) for g in grads], variables)
        if step in SNAPSHOTS:
            result[f"step_{step}"] = {p: flat(v) for p, v in zip(initial, variables)}
    if case.get("slots") and case["class"] != "Adafactor":  # whose slots' names are not unique
        # Nadam's product of momenta has no name of its own in Keras.
        result["slots"] = {v.path if "/" in v.path else "optimizer/u_product": flat(v) for v in optimizer.variables}
    return result


def flat(variable):
    array = np.asarray(variable.value).ravel()
    return [float(repr(float(x)) if array.dtype != np.float32 else str(x)) for x in array]


def main():
    rng = np.random.default_rng(7)
    draw = lambda scale: {p: [round(float(x), 4) for x in (rng.standard_normal(s) * scale).ravel()] for p, s in WEIGHTS.items()}
    initial = draw(1)
    initial["dense/bias"] = [0.0, 0.0]  # a weight of norm zero, for Lamb
    gradients = [draw(0.5) for _ in range(STEPS)]
    for step, gradient in enumerate(gradients):  # a table: row 0 never, the others now and then
        for row in range(4):
            if row == 0 or (step + row) % 3 == 0:
                gradient["table/embeddings"][3 * row : 3 * row + 3] = [0.0] * 3
    out = {"keras": keras.version(), "weights": WEIGHTS, "initial": initial, "gradients": gradients, "cases": []}
    for case in cases():
        scale = {"Adadelta": 20.0, "SGD": 5.0}.get(case["class"], 1.0)
        case["learning_rates"] = [round(scale * 0.02 / (1 + 0.1 * i), 6) for i in range(STEPS)]
        for dtype in ("float64", "float32"):
            case[dtype] = run(case, dtype, initial, gradients)
        out["cases"].append(case)
    path = pathlib.Path(__file__).with_name("optimizers.json")
    head = {k: v for k, v in out.items() if k != "cases"}
    lines = ",\n".join(json.dumps(case) for case in out["cases"])
    path.write_text(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n", encoding="utf-8")
    print(path, len(out["cases"]), "cases")


if __name__ == "__main__":
    main()
