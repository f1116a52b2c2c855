#!/usr/bin/env python3
"""LoRA adapters and int8 presets go from Linnet to real KerasHub and back: the same outputs, the same files.
Usage: adapters.py LINNET_INTEROP"""
import json
import pathlib
import tempfile

from support import (TEXTS, VOCABULARY, assert_close, assert_same_arrays, assert_same_files, datasets, h5py, keras_hub, linnet, np, randomize,
                     write_lines)

BACKBONES = [
    dict(vocabulary_size=len(VOCABULARY), num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32, max_sequence_length=24),
    dict(vocabulary_size=70, num_layers=1, num_heads=3, hidden_dim=24, intermediate_dim=20, max_sequence_length=40, num_segments=4, dropout=0.0),
]
TARGETS = [None, ["key", "attention_output", "feedforward_output_dense", "pooled_dense"]]
OUTPUTS = ("sequence_output", "pooled_output")
# An activation on a rounding edge may move one step of 1 / 127 of its row's largest.
INT8_TOLERANCE, INT8_STEP, INT8_ROWS = 1e-4, 3e-2, 0.1


def random_inputs(backbone, folder):
    random, shape = np.random.default_rng(11), (5, 13)
    inputs = {"token_ids": random.integers(0, backbone["vocabulary_size"], shape).astype("int32"),
              "segment_ids": random.integers(0, backbone.get("num_segments", 2), shape).astype("int32"),
              "padding_mask": (np.arange(13) < np.array([[13], [9], [1], [7], [12]])).astype("int32")}
    with h5py.File(folder / "inputs.h5", "w") as file:
        for key, value in inputs.items():
            file[key] = value
    return inputs


def assert_int8_close(what, expected, actual):
    expected, actual = np.asarray(expected, "float64"), np.asarray(actual, "float64")
    error = np.abs(expected - actual)
    outliers = (error.reshape(-1, error.shape[-1]).max(axis=1) > INT8_TOLERANCE).mean()
    assert error.max() <= INT8_STEP and outliers <= INT8_ROWS, f"{what}: differs by {error.max()}, {outliers:.1%} of the rows by more than {INT8_TOLERANCE}"
    print(f"{what}: equal within {error.max():.1e}, {outliers:.1%} of the rows on an edge")


def new_backbone(config, seed):
    backbone = keras_hub.models.BertBackbone(**config, name="bert_backbone")
    randomize(backbone, seed)
    return backbone


def lora(number, config, folder):
    """An adapter of either side gives the same outputs on the other, and the same merged preset."""
    what, targets = f"LoRA {number}", TARGETS[number]
    inputs, theirs = random_inputs(config, folder), new_backbone(config, number)
    theirs.save_to_preset(str(folder / "base"))
    theirs.enable_lora(3, targets)
    random = np.random.default_rng(number)
    for variable in theirs.trainable_variables:
        if "lora_kernel" in variable.path:
            variable.assign(random.normal(0, 0.3, variable.shape).astype("float32"))
    theirs.save_lora_weights(str(folder / "theirs.lora.h5"))
    linnet("adapt-backbone", folder / "base", folder / "theirs.lora.h5", folder / "inputs.h5", folder / "ours.lora.h5", folder / "merged",
           folder / "output.h5")
    expected, actual = theirs(inputs), datasets(folder / "output.h5")
    for key in OUTPUTS:
        assert_close(f"{what}: {key}", expected[key], actual[key])
    assert_same_arrays(f"{what}: adapter", folder / "theirs.lora.h5", folder / "ours.lora.h5")
    again = keras_hub.models.Backbone.from_preset(str(folder / "base"))
    again.enable_lora(3, targets)
    again.load_lora_weights(str(folder / "ours.lora.h5"))
    merged = keras_hub.models.Backbone.from_preset(str(folder / "merged"))
    for key in OUTPUTS:
        assert_close(f"{what}: adapter of Linnet, {key}", again(inputs)[key], expected[key])
        assert_close(f"{what}: merged by Linnet, {key}", merged(inputs)[key], expected[key])


def int8_backbones(number, config, folder):
    what = f"int8 {number}"
    inputs, theirs = random_inputs(config, folder), new_backbone(config, 10 + number)
    theirs.save_to_preset(str(folder / "float"))
    theirs.quantize("int8")
    theirs.save_to_preset(str(folder / "theirs"))
    linnet("quantize", folder / "float", folder / "ours")
    assert_same_arrays(f"{what}: quantized by both", folder / "theirs" / "model.weights.h5", folder / "ours" / "model.weights.h5")
    if number == 0:  # the first model of this process has the name that a new process gives
        assert_same_files(f"{what}: quantized by both", folder / "theirs", folder / "ours", ["config.json"])
    linnet("run-backbone", folder / "theirs", folder / "inputs.h5", folder / "output.h5")
    # KerasHub 0.32 replaces the saved policy by None unless it is passed.
    policy = json.loads((folder / "ours" / "config.json").read_text())["config"]["dtype"]
    loaded = keras_hub.models.Backbone.from_preset(str(folder / "ours"), dtype=policy)
    for key in OUTPUTS:
        assert_int8_close(f"{what}: {key}", theirs(inputs)[key], datasets(folder / "output.h5")[key])
        assert_int8_close(f"{what}: preset of Linnet, {key}", loaded(inputs)[key], datasets(folder / "output.h5")[key])


def int8_classifiers(folder):
    """A whole classifier: Linnet quantizes what KerasHub saved, and the other way round."""
    sentences = TEXTS + [f"{a} {b}" for a in TEXTS for b in TEXTS]  # so many that one on an edge is within INT8_ROWS
    vocabulary, texts = write_lines(folder / "vocabulary.txt", VOCABULARY), write_lines(folder / "texts.txt", sentences)
    tokenizer = keras_hub.models.BertTokenizer(str(vocabulary), lowercase=True)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=20)
    model = keras_hub.models.BertTextClassifier(new_backbone(BACKBONES[0], 5), num_classes=3, preprocessor=preprocessor)
    randomize(model, 6)
    model.save_to_preset(str(folder / "float"))
    linnet("quantize", folder / "float", folder / "ours")
    model.backbone.quantize("int8")
    model.save_to_preset(str(folder / "theirs"))
    inputs = {name: np.asarray(value, "int32") for name, value in model.preprocessor(sentences).items()}
    expected = np.asarray(model(inputs))
    loaded = keras_hub.models.TextClassifier.from_preset(str(folder / "ours"))
    assert_int8_close("int8 classifier of Linnet in KerasHub", expected, loaded(inputs))
    for name in ("ours", "theirs"):
        linnet("run-classifier", folder / name, texts, folder / "output.h5")
        assert_int8_close(f"int8 classifier of {name} in Linnet", expected, datasets(folder / "output.h5")["logits"])


with tempfile.TemporaryDirectory() as name:
    root = pathlib.Path(name)
    for run in (int8_backbones, lora):
        for number, backbone in enumerate(BACKBONES):
            folder = root / f"{run.__name__}_{number}"
            folder.mkdir()
            run(number, backbone, folder)
    (root / "classifiers").mkdir()
    int8_classifiers(root / "classifiers")
