#!/usr/bin/env python3
"""Fetching from Hugging Face: handles, tokens, answers, the cache that huggingface_hub shares. Usage: FILE LINNET"""
import hashlib
import json
import os
import unittest

from hub_server import git_sha1, redirect, status
from hub_test_support import WEIGHTS, HubTest, hugging_face_files, keras_hub_files

COMMIT = "c0ffee" + "0" * 34
OTHER = "beef" + "1" * 36


class HuggingFaceHub(HubTest):
    def test_a_preset_is_fetched_once_into_huggingface_hubs_layout(self):
        files = self.serve_hf()
        directory = self.fetch("hf://org/tiny")
        root = self.hf_cache / "models--org--tiny"
        self.assertEqual(directory, root / "snapshots" / COMMIT)
        self.assert_holds(directory, files)
        self.assertEqual((root / "refs/main").read_text(), COMMIT)
        self.assertEqual(os.readlink(directory / "model.weights.h5"), "../../blobs/" + hashlib.sha256(WEIGHTS).hexdigest())
        vocabulary = git_sha1(files["assets/tokenizer/vocabulary.txt"])
        self.assertEqual(os.readlink(directory / "assets/tokenizer/vocabulary.txt"), "../../../../blobs/" + vocabulary)
        self.assertTrue((root / ".no_exist" / COMMIT / "task.json").is_file())
        self.no_leftovers()
        self.hub.forget()
        self.assertEqual(self.fetch("hf://org/tiny"), directory)
        self.assertEqual([request["line"] for request in self.hub.requests], ["HEAD /org/tiny/resolve/main/config.json"])

    def test_checkpoints_of_transformers_and_their_shards_are_fetched(self):
        for name, files in {"org/whole": hugging_face_files(), "short": hugging_face_files(
                **{"model.safetensors.index.json": json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}).encode(),
                   "one.safetensors": b"1" * 1000, "two.safetensors": b"2" * 1000, "modules.json": b"[]", "1_Pooling/config.json": b"{}"})}.items():
            self.serve_hf(name, files)
            directory = self.fetch("hf://" + name)
            self.assert_holds(directory, {key: value for key, value in files.items() if name == "org/whole" or key != "model.safetensors"})
        self.assertFalse((directory / "model.safetensors").exists())

    def test_revisions_are_branches_tags_and_commits(self):
        self.serve_hf(revisions=("main", "v1.0", "refs/pr/1"), commit=OTHER)
        for revision in ("v1.0", "refs/pr/1"):
            self.assertEqual(self.fetch(f"HF://org/tiny@{revision}").name, OTHER)
            self.assertEqual((self.hf_cache / "models--org--tiny/refs" / revision).read_text(), OTHER)
        self.assertEqual(len(self.hub.seen("HEAD /org/tiny/resolve/refs%2Fpr%2F1/config.json")), 1)
        self.hub.forget()
        self.assertEqual(self.fetch(f"hf://org/tiny@{OTHER}").name, OTHER)
        self.assertEqual(self.hub.requests, [])  # a commit does not change
        self.refused("hf://org/tiny@none", says=["hf://org/tiny@none must be readable, got status 404", "RevisionNotFound"])

    def test_a_new_commit_is_fetched_and_shares_what_is_equal(self):
        self.serve_hf()
        old = self.fetch("hf://org/tiny")
        self.serve_hf(files=keras_hub_files(**{"tokenizer.json": b"{ }"}), commit=OTHER)
        self.hub.forget()
        new = self.fetch("hf://org/tiny")
        self.assertEqual(((new / "tokenizer.json").read_bytes(), (old / "tokenizer.json").read_bytes()), (b"{ }", b"{}"))
        self.assertEqual(self.hub.seen("GET .*weights"), [])

    def test_texts_are_fetched_without_weights(self):
        files = self.serve_hf()
        directory = self.fetch("--texts", "hf://org/tiny")
        self.assertTrue((directory / "tokenizer.json").exists())
        self.assertEqual(self.hub.seen("weights"), [])
        self.assert_holds(self.fetch("--whole", "hf://org/tiny"), files)

    def test_tokens_are_sent_to_the_hub_and_to_nobody_else(self):
        self.serve_hf(token="Bearer hf_secret")
        self.refused("hf://org/tiny", says=["got status 401", "a private or gated model needs HF_TOKEN"])
        self.refused("hf://org/tiny", HF_TOKEN="hf_wrong", says=["got status 403", "accept the model's terms on its page"])
        self.fetch("hf://org/tiny", HF_TOKEN=" hf_secret\n")
        self.assertEqual([request for request in self.hub.seen("/storage/") if "Authorization" in request["headers"]], [])
        self.assertTrue(self.hub.seen("/storage/"))
        for number, (place, variables) in enumerate({
                ".cache/huggingface/token": {}, "elsewhere/token": {"HF_HOME": "~/elsewhere"}, "my_token": {"HF_TOKEN_PATH": "~/my_token"}}.items()):
            (self.home / place).parent.mkdir(parents=True, exist_ok=True)
            (self.home / place).write_text("hf_secret\n")
            self.fetch("hf://org/tiny", LINNET_CACHE=str(self.home / str(number)), **variables)
            (self.home / place).unlink()
        self.refused("hf://org/tiny", LINNET_CACHE="/nowhere", HF_TOKEN="hf_secret", HF_HUB_DISABLE_IMPLICIT_TOKEN="1", says="got status 401")
        self.refused("hf://org/tiny", HF_TOKEN="two\nlines", says="HF_TOKEN: a token must be of printable ASCII characters")

    def test_what_the_hub_does_not_have_is_said(self):
        self.refused("hf://org/none", says=["hf://org/none must be readable, got status 401", "check the name"])
        for number, (files, says) in enumerate([
                ({"README.md": b"# none"}, "hf://org/0 must have config.json"),
                ({"config.json": b"{}"}, "must have registered_name (KerasHub) or model_type (Hugging Face)"),
                ({"config.json": b'{"model_type": "bert"}', "pytorch_model.bin": b"1"},
                 ["must have model.safetensors or model.safetensors.index.json", ".bin, TensorFlow and Flax files are not read"])]):
            self.serve_hf(f"org/{number}", files)
            self.refused(f"hf://org/{number}", says=says)

    def test_caches_lie_where_the_environment_says(self):
        self.serve_hf()
        for variables, place in ({"HF_HUB_CACHE": "~/a"}, "a"), ({"HF_HOME": "~/b"}, "b/hub"), ({"XDG_CACHE_HOME": "~/c"}, "c/huggingface/hub"), \
                ({"LINNET_CACHE": "~/d", "HF_HOME": "~/b"}, "d/huggingface"):
            self.assertTrue(self.fetch("hf://org/tiny", **variables).is_relative_to(self.home / place), place)

    def test_what_huggingface_hub_fetched_is_found_without_network(self):
        root = self.hf_cache / "models--org--tiny"
        for name, data in keras_hub_files().items():
            blob = root / "blobs" / git_sha1(data)
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.write_bytes(data)
            pointer = root / "snapshots" / COMMIT / name
            pointer.parent.mkdir(parents=True, exist_ok=True)
            pointer.symlink_to(os.path.relpath(blob, pointer.parent))
        (root / "refs").mkdir()
        (root / "refs/main").write_text(COMMIT)
        for variable in ("LINNET_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            self.assertEqual(self.fetch("hf://org/tiny", **{variable: "1"}), root / "snapshots" / COMMIT)
        self.assertEqual(self.hub.requests, [])

    def test_a_cache_that_is_whole_serves_when_the_hub_does_not(self):
        self.serve_hf()
        directory = self.fetch("hf://org/tiny")
        self.assertEqual(self.fetch("hf://org/tiny", HF_ENDPOINT="http://127.0.0.1:1"), directory)
        for answer in (500, 403, 404):
            self.hub.fault("config.json", status(answer), 100)
            self.assertEqual(self.fetch("hf://org/tiny"), directory)
            self.hub.forget()

    def test_without_hub_and_cache_it_is_said_what_helps(self):
        self.refused("hf://org/tiny", HF_ENDPOINT="http://127.0.0.1:1",
                     says=["hf://org/tiny is not whole in the cache, and its hub cannot be reached", "run once with network, or pass a local directory"])
        self.refused("hf://org/tiny", LINNET_OFFLINE="1", says=["hf://org/tiny must be in", "while LINNET_OFFLINE is set"])
        self.serve_hf()
        self.fetch("--texts", "hf://org/tiny")
        self.refused("hf://org/tiny", HF_HUB_OFFLINE="true", says="must have model.weights.json")

    def test_names_that_lead_out_of_the_cache_are_refused(self):
        outside = self.home / "outside"
        for handle in ("hf://../tiny", "hf://org/..", "hf://org/tiny@../../x", "hf://org/tiny@/x", "hf://a/b/c", "hf://", "hf://org/a--b", "s3://org/tiny"):
            self.refused(handle, says="handle: must be" if handle[0] == "s" else "handle: ")
        self.serve_hf(commit="../../../../outside")
        self.refused("hf://org/tiny", says="must name a commit in X-Repo-Commit, got '../../../../outside'")
        self.serve_hf()
        self.hub.fault("HEAD .*tokenizer.json", lambda h: h.answer(200, b"x", {"X-Repo-Commit": COMMIT, "ETag": '"../../../../outside"'}))
        self.refused("hf://org/tiny", says="the ETag of")
        for number, evil in enumerate(("../../../outside", "/etc/passwd", "a/b.safetensors")):
            index = json.dumps({"weight_map": {"a": evil}}).encode()
            self.serve_hf(f"org/evil{number}", {"config.json": b'{"model_type": "bert"}', "model.safetensors.index.json": index})
            self.refused(f"hf://org/evil{number}", says="a shard must be a file beside its index")
        self.serve_hf("org/list", keras_hub_files(**{"../../../outside": b"x"}))
        self.refused("--whole", "hf://org/list", says="must be a relative path of letters")
        self.assertFalse(outside.exists())

    def test_a_repository_that_was_renamed_is_followed(self):
        self.serve_hf()
        self.hub.fault("/org/old/", lambda h: h.answer(307, b"", {"Location": h.path.replace("/old/", "/tiny/")}), 1000)
        self.assert_holds(self.fetch("hf://org/old"), keras_hub_files())


class Endpoints(HubTest):
    def test_wrong_endpoints_are_named(self):
        self.refused("hf://org/tiny", HF_ENDPOINT="ftp://hub", says="HF_ENDPOINT: must begin with https:// or http://, got 'ftp://hub'")
        self.refused("hf://org/tiny", KAGGLE_API_ENDPOINT="hub", says="KAGGLE_API_ENDPOINT: must begin with")
        self.refused("hf://org/tiny", LINNET_HTTP_TIMEOUT="soon", says="LINNET_HTTP_TIMEOUT: must be a number from 1 to 3600, got 'soon'")
        self.hub.fault("config.json", redirect("/login"), 9)
        self.hub.fault("login", lambda h: h.answer(200, b"welcome", {"ETag": '"1"'}))
        self.refused("hf://org/tiny", says="is HF_ENDPOINT a Hugging Face hub?")

    def test_a_proxy_is_obeyed(self):
        self.serve_hf()
        self.hub.fault("GET /org/tiny/resolve/.*weights", lambda h: h.body(h.server.hugging_face["org/tiny"].files["model.weights.h5"]))
        directory = self.fetch("hf://org/tiny", HF_ENDPOINT="http://hub.example", http_proxy=self.hub.url)
        self.assert_holds(directory, keras_hub_files())
        self.assertTrue(all(request["target"].startswith("http://hub.example/") for request in self.hub.requests))


if __name__ == "__main__":
    unittest.main()
