#!/usr/bin/env python3
"""Presets of masked language models and text embedders go from KerasHub to Linnet and back: the same outputs, the same files; and
Linnet reads KerasHub's .keras files. Usage: task_presets.py LINNET_INTEROP"""
import pathlib
import tempfile

from support import TEXTS, VOCABULARY, assert_close, assert_same_arrays, assert_same_files, datasets, h5py, keras_hub, linnet, np, randomize, write_lines

models = keras_hub.models
FILES = ["config.json", "task.json", "preprocessor.json", "tokenizer.json", "assets/tokenizer/vocabulary.txt"]


def backbone():
    return models.BertBackbone(vocabulary_size=len(VOCABULARY), num_layers=2, num_heads=2, hidden_dim=16, intermediate_dim=32,
                               max_sequence_length=24, name="bert_backbone")


def masked_lm(folder, vocabulary):
    tokenizer = models.BertTokenizer(str(vocabulary), lowercase=True, name="bert_tokenizer")
    preprocessor = models.BertMaskedLMPreprocessor(tokenizer, sequence_length=18, mask_selection_length=5, mask_selection_rate=0.3,
                                                   name="bert_masked_lm_preprocessor")
    model = models.BertMaskedLM(backbone(), preprocessor=preprocessor, name="bert_masked_lm")
    randomize(model, 3)
    preset, copy, archive = folder / "theirs", folder / "copy", folder / "model.keras"
    model.save_to_preset(str(preset))
    model.save(str(archive))
    inputs, _, _ = preprocessor(TEXTS)
    inputs = {name: np.asarray(value, "int32") for name, value in inputs.items()}
    with h5py.File(folder / "inputs.h5", "w") as file:
        for name, value in inputs.items():
            file[name] = value
    expected = np.asarray(model(inputs))
    linnet("copy-masked-lm", preset, copy)
    for what, source in {"KerasHub's preset": preset, "its copy": copy, "KerasHub's .keras file": archive}.items():
        linnet("run-masked-lm", source, folder / "inputs.h5", folder / "output.h5")
        assert_close(f"masked LM, {what}", expected, datasets(folder / "output.h5")["logits"])
    assert_same_files("masked LM", preset, copy, FILES)
    for name in ["model.weights.h5", "task.weights.h5"]:
        assert_same_arrays(f"masked LM: {name}", preset / name, copy / name)
    again = models.MaskedLM.from_preset(str(copy))
    assert_close("masked LM, KerasHub from Linnet's preset", expected, np.asarray(again(inputs)), 0)


def embedder(folder, vocabulary):
    tokenizer = models.BertTokenizer(str(vocabulary), lowercase=True, name="bert_tokenizer")
    preprocessor = models.BertTextEmbedderPreprocessor(tokenizer, sequence_length=18, name="bert_text_embedder_preprocessor")
    model = models.BertTextEmbedder(backbone(), preprocessor=preprocessor, pooling_mode="max", normalize=False, name="bert_text_embedder")
    randomize(model, 4)
    texts = write_lines(folder / "texts.txt", TEXTS)
    preset, copy, archive = folder / "theirs", folder / "copy", folder / "model.keras"
    model.save_to_preset(str(preset))
    model.save(str(archive))
    inputs = {name: np.asarray(value, "int32") for name, value in preprocessor(TEXTS).items()}
    expected = np.asarray(model(inputs))
    linnet("copy-embedder", preset, copy)
    for what, source in {"KerasHub's preset": preset, "its copy": copy, "KerasHub's .keras file": archive}.items():
        linnet("embed", source, texts, folder / "output.h5")
        ours = datasets(folder / "output.h5")
        assert all(np.array_equal(value, ours["inputs/" + name]) for name, value in inputs.items()), f"embedder, {what}: inputs differ"
        assert_close(f"embedder, {what}", expected, ours["embeddings"])
    assert_same_files("embedder", preset, copy, FILES)
    assert_same_arrays("embedder: model.weights.h5", preset / "model.weights.h5", copy / "model.weights.h5")
    assert not (copy / "task.weights.h5").exists()
    again = models.TextEmbedder.from_preset(str(copy))
    assert_close("embedder, KerasHub from Linnet's preset", expected, np.asarray(again(inputs)), 0)


with tempfile.TemporaryDirectory() as name:
    vocabulary = write_lines(pathlib.Path(name) / "vocabulary.txt", VOCABULARY)
    for run in (masked_lm, embedder):
        folder = pathlib.Path(name) / run.__name__
        folder.mkdir()
        run(folder, vocabulary)
