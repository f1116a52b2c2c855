#!/usr/bin/env python3
"""The real MiniLM preset: loaded and saved by Linnet it is equal under h5diff, and Linnet's outputs are KerasHub's.
Usage: minilm.py LINNET_INTEROP"""
import pathlib
import subprocess
import sys
import tempfile

from support import SHARED, TOLERANCE, assert_close, assert_same_arrays, assert_same_files, datasets, h5py, keras_hub, linnet, np

preset = SHARED / "presets" / "minilm_l6_en_uncased"
if not preset.exists():
    print(f"skipped: minilm.py: no {preset}")
    sys.exit(0)
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    copy, inputs, outputs = folder / "copy", folder / "inputs.h5", folder / "outputs.h5"
    linnet("copy-backbone", preset, copy)
    subprocess.run(["h5diff", preset / "model.weights.h5", copy / "model.weights.h5"], check=True)
    print("model.weights.h5: equal under h5diff")
    assert_same_arrays("MiniLM", preset / "model.weights.h5", copy / "model.weights.h5")
    assert_same_files("MiniLM", preset, copy, ["config.json"])

    random, shape = np.random.default_rng(5), (4, 24)
    batch = {"token_ids": random.integers(0, 30522, shape).astype("int32"), "segment_ids": np.zeros(shape, "int32"),
             "padding_mask": (np.arange(24) < np.array([[24], [9], [1], [17]])).astype("int32")}
    with h5py.File(inputs, "w") as file:
        for key, value in batch.items():
            file[key] = value
    linnet("run-backbone", preset, inputs, outputs)
    expected, actual = keras_hub.models.Backbone.from_preset(str(copy))(batch), datasets(outputs)
    for key in ("sequence_output", "pooled_output"):
        assert_close(f"MiniLM {key}", expected[key], actual[key], TOLERANCE)
