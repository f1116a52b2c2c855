#!/usr/bin/env python3
"""Runs that go wrong in random ways, each after the other in one cache: whatever counts as fetched has the right bytes.
Usage: FILE LINNET [RUNS]"""
import hashlib
import os
import random
import sys
import time
import unittest

RUNS = int(sys.argv.pop(2)) if len(sys.argv) > 2 else 40

from hub_server import corrupt, cut, drip, git_sha1, gzipped, longer, no_range, redirect, status
from hub_test_support import HubTest, keras_hub_files

HANDLES = "hf://org/tiny", "kaggle://keras/bert/keras/tiny/1"


def log_in(handler):
    """A page in the place of a file; from Hugging Face alone, for a file of Kaggle without a checksum is believed, as it comes over TLS."""
    if "/resolve/" not in handler.path:
        return True
    handler.answer(200, b"<html>log in</html>")


class PoisonedCache(HubTest):
    def faults(self, chance):
        """One to three things that go wrong, some of them again and again."""
        choices = [corrupt, lambda handler: cut(chance.randint(1, 299_999))(handler), longer, gzipped, no_range, status(500), status(416), status(404),
                   redirect("file:///etc/passwd"), redirect("ftp://127.0.0.1/x"), redirect("/storage/none"), drip(4, 0.002),
                   log_in, lambda handler: handler.answer(206, b"part", {"Content-Range": "bytes 9-12/13"})]
        for _ in range(chance.randint(1, 3)):
            pattern = chance.choice([r"GET /storage/", r"GET .*weights", r"GET .*json", r"(HEAD|GET) "])
            self.hub.fault(pattern, chance.choice(choices), chance.choice((1, 1, 2, 100)))

    def check_cache(self, cache):
        """Returns how many files count as fetched."""
        files, counted = keras_hub_files(), 0
        for blob in (cache / "huggingface").rglob("blobs/*"):
            if blob.name.endswith(".incomplete"):
                continue
            data = blob.read_bytes()
            self.assertIn(blob.name, (hashlib.sha256(data).hexdigest(), git_sha1(data)), blob)
            counted += 1
        for directory in (cache / "huggingface").rglob("snapshots/*"):
            for name, data in files.items():
                if (directory / name).exists():
                    self.assertTrue((directory / name).read_bytes() == data, name)
        root = cache / "kagglehub/models/keras/bert/keras/tiny"
        for name, data in files.items():
            if (root / ".complete/1" / (name + ".complete")).exists():
                self.assertTrue((root / "1" / name).read_bytes() == data, name)
                counted += 1
        return counted

    def test_no_run_leaves_wrong_bytes_that_count(self):
        chance = random.Random(RUNS)
        self.serve_hf()
        self.serve_kaggle()
        real = self.home / "real"
        outcomes, counted, cache = {"fetched": 0, "refused": 0, "killed": 0}, 0, None
        for run in range(RUNS):
            if run % 10 == 0:  # a new cache, every other one behind a link
                cache = self.home / f"cache{run}"
                real = self.home / f"real{run}"
                real.mkdir()
                if run % 20 == 0:
                    cache.symlink_to(real, target_is_directory=True)
                else:
                    cache = real
            self.hub.forget()
            self.faults(chance)
            environment = {"LINNET_CACHE": str(cache), "LINNET_HTTP_ATTEMPTS": "3", "LINNET_HTTP_WAIT": "0"}
            processes = [self.start("fetch", chance.choice(HANDLES), **environment) for _ in range(chance.choice((1, 1, 2)))]
            if chance.random() < 0.2:
                time.sleep(chance.uniform(0, 0.1))
                processes[0].kill()
            for process in processes:
                process.communicate(timeout=60)
                outcomes["fetched" if process.returncode == 0 else "killed" if process.returncode == -9 else "refused"] += 1
                self.assertIn(process.returncode, (0, 1, -9))
            counted += self.check_cache(cache)
            self.assertEqual([name for name in os.listdir(self.home) if not name.startswith(("cache", "real"))], [])
        self.assertGreater(min(outcomes["fetched"], outcomes["refused"]), RUNS // 10)
        print(f"reached: {RUNS} runs with faults ({', '.join(f'{count} {name}' for name, count in outcomes.items())}), "
              f"{counted} files that count looked at, none wrong")


if __name__ == "__main__":
    unittest.main()
