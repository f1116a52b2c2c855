#!/usr/bin/env python3
"""Presets that real KerasHub and transformers wrote, by every form of handle. Usage: FILE LINNET"""
import re
import sys
import unittest

from hub_server import Model
from hub_test_support import SHARED, HubTest

FIXTURES = SHARED / "fixtures"


def files_of(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


class RealPresets(HubTest):
    def output(self, *arguments, **environment):
        code, out, errors = self.run_linnet(*arguments, **environment)
        self.assertEqual((code, re.sub(r"linnet \w+: peak memory \d+ MB\n", "", errors)), (0, ""))
        return out

    def test_a_classifier_of_kerashub_predicts_the_same_from_everywhere(self):
        directory = FIXTURES / "tasks/classifier"
        files = files_of(directory)
        for name in "keras/bert/keras/tiny", "keras/bert/keras/bert_tiny_en_uncased_sst2":
            self.hub.kaggle[name] = Model(files, versions=(5,))
        self.hub.hugging_face["org/tiny"] = Model(files, large=["model.weights.h5"], revisions=("main", "v1"))
        expected = self.output("predict", "--json", "--preset", str(directory), "the film", "a b c")
        for handle in ("kaggle://keras/bert/keras/tiny", "kaggle://keras/bert/keras/tiny/5", "bert_tiny_en_uncased_sst2", "hf://org/tiny", "hf://org/tiny@v1"):
            self.assertEqual(self.output("predict", "--json", "--preset", handle, "the film", "a b c"), expected)
        self.hub.forget()
        self.assertEqual(self.output("predict", "--json", "--preset", "hf://org/tiny", "the film", "a b c", LINNET_OFFLINE="1"), expected)
        self.assertEqual(self.hub.requests, [])

    def test_every_saved_form_is_fetched_as_it_is(self):
        forms = [*FIXTURES.glob("tasks/*/config.json"), *FIXTURES.glob("hf/*/config.json"), *(SHARED / "spec/fixtures").glob("*/config.json")]
        self.assertGreater(len(forms), 8)
        for number, config in enumerate(forms):
            files = files_of(config.parent)
            self.hub.hugging_face[f"org/{number}"] = Model(files, large=[name for name in files if name.endswith((".h5", ".safetensors"))])
            self.hub.kaggle[f"org/a/keras/{number}"] = Model(files)
            for handle in f"hf://org/{number}", f"kaggle://org/a/keras/{number}/1":
                directory = self.fetch(handle)
                fetched = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
                self.assertLessEqual({name for name in files if "weights" in name or "safetensors" in name or "vocab" in name}, fetched, config)
                self.assert_holds(directory, {name: files[name] for name in fetched})


if __name__ == "__main__":
    if not (FIXTURES / "tasks").exists():
        print(f"skipped: real_presets_test.py: no {FIXTURES}")
        sys.exit(0)
    unittest.main()
