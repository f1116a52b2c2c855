#!/usr/bin/env python3
"""What servers may say and what is not accepted of it, each with its own error. Usage: FILE LINNET"""
import unittest

from hub_server import Model, redirect
from hub_test_support import HubTest, hugging_face_files, keras_hub_files

KAGGLE, HF = "kaggle://keras/bert/keras/tiny/1", "hf://org/tiny"


def says(code, data=b"", **headers):
    return lambda handler: handler.answer(code, data, {key.replace("_", "-"): value for key, value in headers.items()})


class Refusals(HubTest):
    def refused_after(self, pattern, action, handle, text, *arguments):
        self.serve_hf()
        self.serve_kaggle()
        self.hub.forget()
        self.hub.fault(pattern, action, 100)
        self.refused(*arguments, handle, says=text)

    def test_more_than_the_disk_holds(self):
        def huge(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(10**15))
            handler.end_headers()
            handler.wfile.write(b"x")
            handler.close_connection = True
        self.refused_after("GET /storage/.*weights", huge, KAGGLE, "must have 1000000000000000 bytes free, got ")

    def test_a_part_that_nobody_asked_for(self):
        self.refused_after("GET /storage/.*weights", says(206, b"part", Content_Range="bytes 4-7/8"), KAGGLE, "must give the whole of model.weights.h5, got a part")

    def test_a_range_that_cannot_be_had_though_none_was_asked_for(self):
        self.refused_after("GET /storage/.*weights", says(416), KAGGLE, "must give model.weights.h5, got status 416")

    def test_headers_and_bodies_without_end(self):
        many = {f"X_{number}": "y" * 4000 for number in range(80)}
        self.refused_after("HEAD .*config.json", says(200, **many), HF, "http: headers must have at most 262144 bytes")
        self.refused_after("GET .*/get$", says(200, b" " * (2 << 20)), KAGGLE.removesuffix("/1"), ["http: the body of ", "must have at most 1048576 bytes, got more"])

    def test_lists_and_versions_that_are_not_true(self):
        listing = b'{"siblings": [{"rfilename": "config.json"}, {"rfilename": "none.txt"}]}'
        self.refused_after("GET .*/api/models/.*", says(200, listing), HF, "must have none.txt, which its list of files names", "--whole")
        self.refused_after("GET .*/get$", says(200, b'{"versionNumber": 0}'), KAGGLE.removesuffix("/1"), "versionNumber must be positive, got 0")
        self.refused_after("GET .*/get$", says(200, b'{"versionNumber": "../.."}'), KAGGLE.removesuffix("/1"), "versionNumber must be an integer, got")

    def test_models_that_lack_a_file(self):
        for make, full, missing in (self.serve_kaggle, keras_hub_files(), "assets/tokenizer/vocabulary.txt"), (self.serve_hf, hugging_face_files(), "vocab.txt"):
            self.hub.forget()
            make(files={name: data for name, data in full.items() if name != missing})
            handle = KAGGLE if make == self.serve_kaggle else HF
            self.refused(handle, says=f"must have {missing} (is it a preset of KerasHub, or a BERT checkpoint of Hugging Face?)")

    def test_what_is_in_the_way(self):
        self.serve_hf()
        commit = Model({}).commit
        blocked = self.hf_cache / "models--org--tiny/.no_exist" / commit / "preprocessor.json"
        blocked.mkdir(parents=True)
        self.refused(HF, says=["fetch: cannot write ", "preprocessor.json"])
        self.hub.forget()
        partial = self.kaggle_cache / "keras/bert/keras/tiny/1/config.json.incomplete"
        partial.mkdir(parents=True)
        self.serve_kaggle()
        self.refused(KAGGLE, says=["fetch: cannot write ", "config.json.incomplete"])

    def test_an_absolute_redirect_to_a_file_is_no_answer(self):
        self.refused_after("GET /storage/.*weights", redirect("file:///etc/passwd"), KAGGLE, "a redirect must lead to http or https")


if __name__ == "__main__":
    unittest.main()
