"""What the tests of fetching share: a hub, an empty home, the program."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

from hub_server import Hub, Model

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared"
LINNET = sys.argv.pop(1) if len(sys.argv) > 1 else ""
# A token or a cache of whoever runs the tests must not take part.
KEPT = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR")
WEIGHTS = random.Random(1).randbytes(300_000)
TEXTS = ["config.json", "tokenizer.json", "assets/tokenizer/vocabulary.txt"]


def keras_hub_files(**more):
    config = {"module": "m", "class_name": "BertBackbone", "config": {}, "registered_name": "keras_hub>BertBackbone"}
    return {"config.json": json.dumps(config).encode(), "tokenizer.json": b"{}", "assets/tokenizer/vocabulary.txt": b"[PAD]\n",
            "model.weights.h5": WEIGHTS} | more


def hugging_face_files(**more):
    return {"config.json": b'{"model_type": "bert"}', "tokenizer_config.json": b'{"do_lower_case": true}', "vocab.txt": b"[PAD]\n",
            "model.safetensors": WEIGHTS} | more


class HubTest(unittest.TestCase):
    def setUp(self):
        self.hub = Hub()
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.hub.shutdown)
        folder = tempfile.TemporaryDirectory(prefix="linnet-hub-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.environment = {key: value for key, value in os.environ.items() if key in KEPT} | {
            "HOME": str(self.home), "HF_ENDPOINT": self.hub.url, "KAGGLE_API_ENDPOINT": self.hub.url, "LINNET_HTTP_WAIT": "0.01",
            "LINNET_HTTP_TIMEOUT": "5"}
        self.hf_cache, self.kaggle_cache = self.home / ".cache/huggingface/hub", self.home / ".cache/kagglehub/models"

    def start(self, *arguments, **environment):
        return subprocess.Popen([LINNET, *arguments], env=self.environment | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_linnet(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        out, errors = process.communicate(timeout=60)
        return process.returncode, out, errors

    def fetch(self, *arguments, **environment):
        """The directory of what was fetched."""
        code, out, errors = self.run_linnet("fetch", *arguments, **environment)
        self.assertEqual((code, errors), (0, ""))
        return pathlib.Path(out.strip())

    def refused(self, *arguments, says, **environment):
        """Fetching fails, for that reason, and leaves nothing that counts as a file."""
        code, out, errors = self.run_linnet("fetch", *arguments, **environment)
        self.assertEqual((code, out), (1, ""), errors)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, errors)

    def assert_holds(self, directory, files):
        for name, data in files.items():
            self.assertTrue((directory / name).read_bytes() == data, f"{name} differs")

    def serve_hf(self, name="org/tiny", files=None, **options):
        files = files or keras_hub_files()
        options.setdefault("large", [file for file in files if file.endswith((".h5", ".safetensors"))])
        self.hub.hugging_face[name] = Model(files, **options)
        return files

    def serve_kaggle(self, name="keras/bert/keras/tiny", files=None, **options):
        files = files or keras_hub_files()
        self.hub.kaggle[name] = Model(files, **options)
        return files

    def no_leftovers(self):
        found = [path for path in self.home.rglob("*") if "incomplete" in path.name]
        self.assertEqual(found, [])
