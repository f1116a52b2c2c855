#!/usr/bin/env python3
"""MiniLM's vectors of 200 SST-2 sentences: as KerasHub computes them within 1e-5, and as sentence-transformers does, mean pooling and
length 1 with exact gelu and accents stripped, within 1e-4. The latter recipe runs on the tokenizers library and KerasHub's encoder
with its activation exchanged; and on transformers itself if LINNET_INTEROP_TORCH_PYTHON names a Python that has it.
Usage: sentence_embeddings.py LINNET_INTEROP"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from support import SHARED, assert_close, datasets, keras_hub, linnet, np, write_lines

import keras
from safetensors.numpy import save_file
from tokenizers import BertWordPieceTokenizer

ACCENTS = ["A café in Zürich, déjà vu!", "Crème brûlée is naïve; El Niño."]
# Where transformers keeps each of an encoder's layers; kernels are transposed there.
LAYERS = {"self_attention_layer/query": "attention.self.query", "self_attention_layer/key": "attention.self.key",
          "self_attention_layer/value": "attention.self.value", "self_attention_layer/attention_output": "attention.output.dense",
          "self_attention_layer_norm": "attention.output.LayerNorm", "feedforward_intermediate_dense": "intermediate.dense",
          "feedforward_output_dense": "output.dense", "feedforward_layer_norm": "output.LayerNorm"}
EMBEDDINGS = {"token_embedding": "word_embeddings", "position_embedding": "position_embeddings", "segment_embedding": "token_type_embeddings"}
TRANSFORMERS = """
import pathlib, sys, numpy, torch, transformers
folder = sys.argv[1]
tokenizer, model = transformers.BertTokenizer.from_pretrained(folder), transformers.BertModel.from_pretrained(folder).eval()
texts = (pathlib.Path(folder) / "texts.txt").read_text(encoding="utf-8").splitlines()
batch = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
with torch.no_grad():
    outputs, mask = model(**batch).last_hidden_state, batch["attention_mask"][:, :, None].float()
means = (outputs * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
numpy.save(pathlib.Path(folder) / "embeddings.npy", torch.nn.functional.normalize(means, p=2, dim=1).numpy())
"""


def their_name(path):
    layer, variable = path.rsplit("/", 1)
    variable = {"gamma": "weight", "beta": "bias", "kernel": "weight", "embeddings": "weight"}.get(variable, variable)
    if layer in EMBEDDINGS:
        return f"embeddings.{EMBEDDINGS[layer]}.{variable}"
    if layer.startswith("transformer_layer_"):
        number, inside = layer.removeprefix("transformer_layer_").split("/", 1)
        return f"encoder.layer.{number}.{LAYERS[inside]}.{variable}"
    return {"embeddings_layer_norm": "embeddings.LayerNorm", "pooled_dense": "pooler.dense"}[layer] + "." + variable


def write_checkpoint(folder, backbone, vocabulary):
    """The backbone as transformers saves one."""
    tensors = {}
    for weight in backbone.weights:
        value = np.asarray(weight, "float32")
        if weight.path.endswith("/kernel"):
            width = value.shape[-1] if weight.path.endswith(("attention_output/kernel", "dense/kernel")) else value[0].size
            value = value.reshape(-1, width).T
        elif not weight.path.endswith("embeddings"):
            value = value.reshape(-1)
        tensors[their_name(weight.path)] = np.ascontiguousarray(value)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu", "layer_norm_eps": 1e-12,
              "vocab_size": backbone.vocabulary_size, "num_hidden_layers": backbone.num_layers, "num_attention_heads": backbone.num_heads,
              "hidden_size": backbone.hidden_dim, "intermediate_size": backbone.intermediate_dim,
              "max_position_embeddings": backbone.max_sequence_length, "type_vocab_size": backbone.num_segments}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}))
    (folder / "vocab.txt").write_bytes(vocabulary.read_bytes())


def sentence_transformers(backbone, vocabulary, texts):
    """Mean pooling and length 1 over an encoder with exact gelu, texts tokenized as Hugging Face does for uncased models."""
    for layer in backbone.transformer_layers:
        layer._feedforward_intermediate_dense.activation = lambda x: keras.activations.gelu(x, approximate=False)
    tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)  # accents go with the case, as there
    encoded = [tokenizer.encode(text).ids[:256] for text in texts]
    token_ids = np.zeros((len(texts), max(map(len, encoded))), "int32")
    for row, ids in zip(token_ids, encoded):
        row[: len(ids)] = ids
    mask = (np.arange(token_ids.shape[1]) < np.array([[len(ids)] for ids in encoded])).astype("int32")
    outputs = np.asarray(backbone({"token_ids": token_ids, "segment_ids": 0 * token_ids, "padding_mask": mask})["sequence_output"], "float64")
    means = (outputs * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
    return means / np.linalg.norm(means, axis=1)[:, None]


preset, dev = SHARED / "presets" / "minilm_l6_en_uncased", SHARED / "sst2" / "dev.tsv"
if not preset.exists() or not dev.exists():
    print(f"skipped: sentence_embeddings.py: no {preset} or {dev}")
    sys.exit(0)
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    rows = dev.read_text(encoding="utf-8").splitlines()
    texts = [row.split("\t")[rows[0].split("\t").index("sentence")].strip() for row in rows[1:201]]
    write_lines(folder / "texts.txt", texts)
    linnet("embed", preset, folder / "texts.txt", folder / "keras_hub.h5")
    model = keras_hub.models.TextEmbedder.from_preset(str(preset))
    expected = np.asarray(model({key: np.asarray(value, "int32") for key, value in model.preprocessor(texts).items()}))
    assert_close("200 sentences, KerasHub", expected, datasets(folder / "keras_hub.h5")["embeddings"], 1e-5)

    texts += ACCENTS
    write_lines(folder / "texts.txt", texts)
    vocabulary = preset / "assets" / "tokenizer" / "vocabulary.txt"
    backbone = keras_hub.models.Backbone.from_preset(str(preset))
    write_checkpoint(folder, backbone, vocabulary)
    linnet("embed", preset, folder / "texts.txt", folder / "exact.h5", "gelu")
    linnet("embed", folder, folder / "texts.txt", folder / "checkpoint.h5", "gelu")
    ours = datasets(folder / "exact.h5")["embeddings"]
    assert_close("the preset and its Hugging Face form", ours, datasets(folder / "checkpoint.h5")["embeddings"], 1e-6)
    assert_close("202 sentences, sentence-transformers' recipe", sentence_transformers(backbone, vocabulary, texts), ours, 1e-4)
    if torch_python := os.environ.get("LINNET_INTEROP_TORCH_PYTHON"):
        subprocess.run([torch_python, "-c", TRANSFORMERS, str(folder)], check=True)
        assert_close("202 sentences, transformers", np.load(folder / "embeddings.npy"), ours, 1e-4)
    else:
        print("skipped: sentence_embeddings.py: transformers itself (set LINNET_INTEROP_TORCH_PYTHON)")
