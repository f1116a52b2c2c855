#!/usr/bin/env python3
"""Checkpoints that Linnet exports are loaded by transformers, and give what Linnet's model gives; what transformers saves of
them, Linnet loads, and it is the same preset. Usage: transformers_checkpoints.py LINNET_INTEROP LINNET [PRESET...]

Its Python, with torch and transformers, is LINNET_TRANSFORMERS_PYTHON's."""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    import torch
    import transformers
except ImportError as error:
    if "LINNET_TRANSFORMERS_PYTHON" in os.environ:
        raise
    print(f"skipped: transformers_checkpoints.py: {error} (set LINNET_TRANSFORMERS_PYTHON)")
    sys.exit(0)

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared"
TOLERANCE = 2e-5
TEXTS = ["The movie was great!", "a bad plot, not very good.", "", "Caf\u00e9 \u4e2d\u6587", "unknown-words"]
INTEROP, LINNET = sys.argv[1:3]


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def close(what, expected, actual):
    worst = np.abs(np.asarray(expected, "float64") - np.asarray(actual, "float64")).max()
    assert worst <= TOLERANCE, f"{what}: differs by {worst}"
    print(f"{what}: equal within {worst:.1e}")


def backbone(preset, folder, shard):
    exported, back, inputs, outputs = folder / "exported", folder / "back", folder / "inputs.h5", folder / "outputs.h5"
    for _ in range(2):  # shards of the second time have other names than transformers gives them
        run(LINNET, "convert", preset, exported, "--to", "hugging_face", *shard)
    assert bool(list(exported.glob("model-2-*.safetensors"))) == bool(shard)
    model = transformers.AutoModel.from_pretrained(exported, attn_implementation="eager").eval()
    random, shape = np.random.default_rng(5), (4, min(24, model.config.max_position_embeddings))
    lengths = np.array([[shape[1]], [3], [1], [shape[1] - 1]])
    batch = {"token_ids": random.integers(0, model.config.vocab_size, shape), "segment_ids": random.integers(0, 2, shape),
             "padding_mask": (np.arange(shape[1]) < lengths)}
    with h5py.File(inputs, "w") as file:
        for key, value in batch.items():
            file[key] = value.astype("int32")
    run(INTEROP, "run-backbone", preset, inputs, outputs)
    with torch.no_grad():
        theirs = model(input_ids=torch.tensor(batch["token_ids"]), token_type_ids=torch.tensor(batch["segment_ids"]),
                       attention_mask=torch.tensor(batch["padding_mask"].astype("int64")))
    with h5py.File(outputs) as ours:
        close(f"{preset.name}: sequence_output", ours["sequence_output"][()][batch["padding_mask"]], theirs.last_hidden_state.numpy()[batch["padding_mask"]])
        close(f"{preset.name}: pooled_output", ours["pooled_output"][()], theirs.pooler_output.numpy())
    model.save_pretrained(folder / "theirs")
    for file in exported.iterdir():
        if file.name in ("vocab.txt", "tokenizer_config.json"):
            (folder / "theirs" / file.name).write_bytes(file.read_bytes())
    run(LINNET, "convert", folder / "theirs", back)
    print(f"{preset.name}: Linnet, transformers, Linnet:", run(LINNET, "inspect", "--diff", preset / "model.weights.h5", back / "model.weights.h5").strip())


def classifier(preset, folder):
    exported, texts, outputs = folder / "classifier", folder / "texts.txt", folder / "logits.h5"
    run(LINNET, "convert", preset, exported, "--to", "hugging_face")
    texts.write_text("".join(text + "\n" for text in TEXTS))
    run(INTEROP, "run-classifier", preset, texts, outputs)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(exported, attn_implementation="eager").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    with h5py.File(outputs) as ours:
        tokens = {key: ours["inputs"][key][()] for key in ours["inputs"]}
        logits = ours["logits"][()]
    theirs = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=tokens["token_ids"].shape[1], return_tensors="pt")
    assert (theirs["input_ids"].numpy() == tokens["token_ids"]).all(), (theirs["input_ids"], tokens["token_ids"])
    with torch.no_grad():
        close(f"{preset.name}: logits of {model.config.id2label}", logits, model(**theirs).logits.numpy())


with tempfile.TemporaryDirectory() as name:
    root = pathlib.Path(name)
    presets = {SHARED / "presets/minilm_l6_en_uncased": ["--max-shard-megabytes", "50"], SHARED / "fixtures/tasks/embedder": [],
               SHARED / "fixtures/tasks/classifier": []}
    presets = {pathlib.Path(preset): [] for preset in sys.argv[3:]} or presets
    found = [preset for preset in presets if preset.exists()]
    if not found:
        print(f"skipped: transformers_checkpoints.py: no {SHARED}")
    for preset in found:
        folder = root / preset.name
        folder.mkdir()
        if (preset / "task.weights.h5").exists():
            classifier(preset, folder)
        else:
            backbone(preset, folder, presets[preset])
