#!/usr/bin/env python3
"""The caches that Linnet shares with huggingface_hub, kagglehub and KerasHub: what one fetched, the others find.
Usage: hub_caches.py LINNET_INTEROP LINNET"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hub"))
from hub_server import Hub, Model

HOME = pathlib.Path(tempfile.mkdtemp(prefix="linnet-caches-"))
HUB = Hub()
os.environ |= {"HF_HOME": str(HOME / "hf"), "KAGGLEHUB_CACHE": str(HOME / "kaggle"), "HF_ENDPOINT": HUB.url, "HF_HUB_DISABLE_XET": "1",
               "KAGGLE_CONFIG_DIR": str(HOME / "none"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
for name in ("HF_TOKEN", "HF_HUB_CACHE", "LINNET_CACHE", "KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "HF_HUB_OFFLINE"):
    os.environ.pop(name, None)

from support import SHARED, assert_close, keras_hub, np

try:
    import huggingface_hub
    import kagglehub
except ImportError as error:
    print(f"skipped: hub_caches.py: {error}")
    sys.exit(0)

PRESET = SHARED / "fixtures/tasks/classifier"
FILES = {str(path.relative_to(PRESET)): path.read_bytes() for path in PRESET.rglob("*") if path.is_file()} if PRESET.exists() else {}
KAGGLE = "keras/bert/keras/tiny"


def linnet(*arguments, **environment):
    done = subprocess.run([sys.argv[2], *arguments], capture_output=True, text=True, env=os.environ | {"KAGGLE_API_ENDPOINT": HUB.url} | environment)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


def main():
    if not FILES:
        print(f"skipped: hub_caches.py: no {PRESET}")
        return
    HUB.hugging_face["org/tiny"] = Model(FILES, large=["model.weights.h5", "task.weights.h5"])
    HUB.kaggle[KAGGLE] = Model(FILES)

    directory = linnet("fetch", "hf://org/tiny")
    HUB.forget()
    for file in ("config.json", "model.weights.h5", "assets/tokenizer/vocabulary.txt"):
        theirs = huggingface_hub.hf_hub_download("org/tiny", file, local_files_only=True)
        assert pathlib.Path(theirs) == directory / file, (theirs, directory / file)
        assert huggingface_hub.hf_hub_download("org/tiny", file) == theirs
    assert huggingface_hub.try_to_load_from_cache("org/tiny", "labels.json") is huggingface_hub.file_download._CACHED_NO_EXIST
    assert not HUB.seen("GET (.*/resolve/|/storage/)"), HUB.requests
    scan = huggingface_hub.scan_cache_dir()
    assert [(repo.repo_id, len(repo.revisions)) for repo in scan.repos] == [("org/tiny", 1)] and not scan.warnings, scan
    print(f"huggingface_hub {huggingface_hub.__version__} finds what Linnet fetched")

    shutil.rmtree(HOME / "hf/hub")
    for file in FILES:
        huggingface_hub.hf_hub_download("org/tiny", file)
    HUB.forget()
    assert linnet("fetch", "hf://org/tiny", LINNET_OFFLINE="1") == directory and not HUB.requests
    print("Linnet finds what huggingface_hub fetched")

    directory = linnet("fetch", f"kaggle://{KAGGLE}/1")
    for file in FILES:
        if file != "metadata.json":
            assert pathlib.Path(kagglehub.model_download(KAGGLE + "/1", file)) == directory / file
    shutil.rmtree(HOME / "kaggle")
    assert linnet("fetch", f"kaggle://{KAGGLE}/1") == directory
    classifier = keras_hub.models.TextClassifier.from_preset(f"kaggle://{KAGGLE}/1")
    local = keras_hub.models.TextClassifier.from_preset(str(PRESET))
    batch = {"token_ids": np.array([[1, 5, 6, 2]]), "segment_ids": np.zeros((1, 4), int), "padding_mask": np.ones((1, 4), int)}
    assert_close("KerasHub from Linnet's cache", local.backbone(batch)["pooled_output"], classifier.backbone(batch)["pooled_output"], 0)
    print(f"kagglehub {kagglehub.__version__} and KerasHub find what Linnet fetched")

    shutil.rmtree(HOME / "kaggle")
    from kagglehub.cache import Cache  # as its resolver does, which asks a server that cannot be played
    from kagglehub.handle import parse_model_handle
    handle = parse_model_handle(KAGGLE + "/1")
    for file, data in FILES.items():
        path = pathlib.Path(Cache().get_path(handle, file))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        Cache().mark_as_complete(handle, file)
    assert linnet("fetch", f"kaggle://{KAGGLE}/1", LINNET_OFFLINE="1") == directory
    print("Linnet finds what kagglehub fetched")


try:
    main()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
