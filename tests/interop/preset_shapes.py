#!/usr/bin/env python3
"""Presets of the ten published shapes with random weights: KerasHub, Linnet, KerasHub, and back, with equal tensors, equal
outputs and the published numbers of parameters; then Linnet, transformers, Linnet. Usage:
preset_shapes.py LINNET_INTEROP LINNET [NAME...]; without names those that LINNET_INTEROP_SHAPES lists, else the small ones."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from support import assert_close, datasets, h5py, keras_hub, linnet, np

ROOT = pathlib.Path(__file__).resolve().parents[2]
# L, D, N, I, V: Devlin et al. 2018 and its released sizes.
SHAPES = {"bert_tiny_en_uncased": (2, 128, 2, 512, 30522), "bert_small_en_uncased": (4, 512, 8, 2048, 30522),
          "bert_medium_en_uncased": (8, 512, 8, 2048, 30522), "bert_base_en_uncased": (12, 768, 12, 3072, 30522),
          "bert_base_en": (12, 768, 12, 3072, 28996), "bert_base_zh": (12, 768, 12, 3072, 21128), "bert_base_multi": (12, 768, 12, 3072, 119547),
          "bert_large_en_uncased": (24, 1024, 16, 4096, 30522), "bert_large_en": (24, 1024, 16, 4096, 28996),
          "bert_tiny_en_uncased_sst2": (2, 128, 2, 512, 30522)}
PUBLISHED = dict(re.findall(r"^(\w+) +([\d.]+)M", subprocess.run([sys.argv[2], "presets"], capture_output=True, text=True).stdout, re.M))
TOLERANCE = 2e-5


def program(*arguments):
    done = subprocess.run([sys.argv[2], *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"linnet {arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def check(name, folder):
    layers, hidden, heads, wide, vocabulary = SHAPES[name]
    theirs, ours, inputs, outputs = folder / name, folder / "ours", folder / "inputs.h5", folder / "outputs.h5"
    model = keras_hub.models.BertBackbone(vocabulary_size=vocabulary, num_layers=layers, num_heads=heads, hidden_dim=hidden, intermediate_dim=wide,
                                          max_sequence_length=512, name="bert_backbone")
    assert f"{model.count_params() * 1e-6:.2f}" == PUBLISHED[name], (model.count_params(), PUBLISHED[name])
    model.save_to_preset(str(theirs))
    random = np.random.default_rng(3)
    batch = {"token_ids": random.integers(0, vocabulary, (2, 12)).astype("int32"), "segment_ids": random.integers(0, 2, (2, 12)).astype("int32"),
             "padding_mask": (np.arange(12) < np.array([[12], [7]])).astype("int32")}
    expected = {key: np.asarray(value) for key, value in model(batch).items()}
    with h5py.File(inputs, "w") as file:
        for key, value in batch.items():
            file[key] = value
    linnet("copy-backbone", theirs, ours)
    linnet("run-backbone", ours, inputs, outputs)
    actual = datasets(outputs)
    for key in expected:
        assert_close(f"{name}: Linnet's {key}", expected[key], actual[key], TOLERANCE)
    del model
    again = keras_hub.models.BertBackbone.from_preset(str(ours))
    for key, value in again(batch).items():
        assert_close(f"{name}: KerasHub's {key} from Linnet's files", expected[key], value, 0)
    again.save_to_preset(str(folder / "back"))
    print(f"{name}: {PUBLISHED[name]}M, KerasHub, Linnet, KerasHub:", program("inspect", "--diff", theirs, folder / "back"))
    other = os.environ.get("LINNET_TRANSFORMERS_PYTHON")
    if other:
        subprocess.run([other, ROOT / "tests/interop/transformers_checkpoints.py", *sys.argv[1:3], theirs], check=True)


names = sys.argv[3:] or os.environ.get("LINNET_INTEROP_SHAPES", "bert_tiny_en_uncased bert_small_en_uncased").split()
for one in names:
    directory = pathlib.Path(tempfile.mkdtemp(prefix="linnet-shapes-"))
    try:
        check(one, directory)
    finally:
        shutil.rmtree(directory)
