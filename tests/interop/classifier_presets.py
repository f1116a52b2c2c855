#!/usr/bin/env python3
"""Classifier presets go from Linnet to real KerasHub and back: the same token ids, the same logits, the same files.
Usage: classifier_presets.py LINNET_INTEROP"""
import json
import pathlib
import tempfile

from support import (TEXTS, VOCABULARY, assert_close, assert_same_arrays, assert_same_files, datasets, keras_hub, linnet, np, objects, randomize,
                     write_lines)

PRESET_JSON = ["config.json", "task.json", "preprocessor.json", "tokenizer.json", "assets/tokenizer/vocabulary.txt"]
BACKBONES = [
    dict(vocabulary_size=len(VOCABULARY), num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32, max_sequence_length=24),
    dict(vocabulary_size=len(VOCABULARY) + 9, num_layers=3, num_heads=3, hidden_dim=24, intermediate_dim=20, max_sequence_length=40, num_segments=4,
         dropout=0.0),
]


def compare_outputs(what, preset, folder, texts):
    """Loads the preset here and in Linnet and compares what comes out."""
    model = keras_hub.models.TextClassifier.from_preset(str(preset))
    inputs = {name: np.asarray(value, "int32") for name, value in model.preprocessor(TEXTS).items()}
    output = folder / "output.h5"
    linnet("run-classifier", preset, texts, output)
    ours = datasets(output)
    for name, value in inputs.items():
        assert np.array_equal(value, ours["inputs/" + name]), f"{what}: {name} differ"
    assert_close(what, np.asarray(model(inputs)), ours["logits"])


def from_linnet(number, backbone, folder, texts, vocabulary):
    config = write_lines(folder / "config.json", [json.dumps({"backbone": backbone, "num_classes": 3 + number})])
    preset, sharded = folder / "made", folder / "sharded"
    linnet("make-classifier", config, vocabulary, preset)
    compare_outputs(f"model {number} made by Linnet", preset, folder, texts)
    for _ in range(2):  # the second save's shards have other names than KerasHub gives them
        linnet("copy-classifier", preset, sharded, 9000)
    assert "model_00000" not in (sharded / "model.weights.json").read_text()
    assert (sharded / "model.weights.json").exists() and not (sharded / "model.weights.h5").exists()
    compare_outputs(f"model {number} made by Linnet, sharded", sharded, folder, texts)

    again, back = folder / "saved_by_keras_hub", folder / "back"
    keras_hub.models.TextClassifier.from_preset(str(preset)).save_to_preset(str(again))
    assert_same_arrays(f"model {number}: Linnet, KerasHub", preset / "model.weights.h5", again / "model.weights.h5")
    linnet("copy-classifier", again, back)
    assert_same_arrays(f"model {number}: Linnet, KerasHub, Linnet", preset / "model.weights.h5", back / "model.weights.h5")
    assert_same_arrays(f"model {number}: head", preset / "task.weights.h5", back / "task.weights.h5")
    assert_same_files(f"model {number}", preset, back, PRESET_JSON)


def from_keras_hub(number, backbone, folder, texts, vocabulary):
    tokenizer = keras_hub.models.BertTokenizer(str(vocabulary), lowercase=True)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=20 - number)
    activation = "tanh" if number else None
    model = keras_hub.models.BertTextClassifier(keras_hub.models.BertBackbone(**backbone, name="bert_backbone"), num_classes=2 + number,
                                                preprocessor=preprocessor, activation=activation, dropout=0.2, name="bert_text_classifier")
    randomize(model, number)
    preset, copy = folder / "theirs", folder / "copy"
    model.save_to_preset(str(preset))
    compare_outputs(f"model {number} made by KerasHub", preset, folder, texts)
    linnet("copy-classifier", preset, copy)
    for name in ["model.weights.h5", "task.weights.h5"]:
        assert_same_arrays(f"model {number}: KerasHub, Linnet: {name}", preset / name, copy / name)
        assert objects(preset / name).keys() == objects(copy / name).keys(), f"{name}: groups differ"
    if number == 0:  # the first model of this process has the names that a new process gives
        assert_same_files(f"model {number}: KerasHub, Linnet", preset, copy, PRESET_JSON)
    whole = folder / "theirs_sharded"
    model.save_to_preset(str(whole), max_shard_size=9000 / 1024**3)
    compare_outputs(f"model {number} made by KerasHub, sharded", whole, folder, texts)


with tempfile.TemporaryDirectory() as name:
    root = pathlib.Path(name)
    texts, vocabulary = write_lines(root / "texts.txt", TEXTS), write_lines(root / "vocabulary.txt", VOCABULARY)
    for run in (from_keras_hub, from_linnet):
        for number, backbone in enumerate(BACKBONES):
            folder = root / f"{run.__name__}_{number}"
            folder.mkdir()
            run(number, backbone, folder, texts, vocabulary)
