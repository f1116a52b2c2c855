#!/usr/bin/env python3
"""Fetching from Kaggle: handles, credentials, answers, the cache that kagglehub shares, archives. Usage: FILE LINNET"""
import base64
import io
import json
import tarfile
import unittest
import zipfile

from hub_server import no_checksum, status
from hub_test_support import WEIGHTS, HubTest, keras_hub_files

HANDLE = "kaggle://keras/bert/keras/tiny"


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


class Kaggle(HubTest):
    def root(self):
        return self.kaggle_cache / "keras/bert/keras/tiny"

    def test_a_preset_is_fetched_once_into_kagglehubs_layout(self):
        files = self.serve_kaggle(versions=(1, 2))
        directory = self.fetch(HANDLE + "/1")
        self.assertEqual(directory, self.root() / "1")
        self.assert_holds(directory, files)
        for name in files:
            self.assertTrue((self.root() / ".complete/1" / (name + ".complete")).is_file(), name)
        self.no_leftovers()
        self.hub.forget()
        self.assertEqual(self.fetch(HANDLE + "/1"), directory)
        self.assertEqual(self.hub.requests, [])  # a version does not change

    def test_without_a_version_the_newest_is_looked_up(self):
        self.serve_kaggle(versions=(1, 2))
        self.assertEqual(self.fetch(HANDLE), self.root() / "2")
        self.serve_kaggle(versions=(1, 2, 10))
        self.assertEqual(self.fetch(HANDLE), self.root() / "10")
        self.assertEqual(self.fetch(HANDLE, LINNET_OFFLINE="1"), self.root() / "10")
        self.assertEqual(self.fetch(HANDLE, KAGGLE_API_ENDPOINT="http://127.0.0.1:1"), self.root() / "10")
        self.hub.fault("/get", status(500), 100)
        self.assertEqual(self.fetch(HANDLE), self.root() / "10")

    def test_a_name_of_kerashub_is_its_handle(self):
        files = self.serve_kaggle("keras/bert/keras/bert_tiny_en_uncased", versions=(3,))
        self.assert_holds(self.fetch("bert_tiny_en_uncased"), files)
        self.refused("bert_tiny_en", says=["resolve_preset: must be a name that `linnet presets` lists", "got 'bert_tiny_en', which is no directory"])

    def test_what_kagglehub_fetched_is_found_without_network(self):
        for name, data in keras_hub_files().items():
            for file, content in (self.root() / "1" / name, data), (self.root() / ".complete/1" / (name + ".complete"), b""):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        self.assertEqual(self.fetch(HANDLE + "/1", LINNET_OFFLINE="1"), self.root() / "1")
        bundle = self.home / "bundle"
        (bundle / "models/keras/bert/keras").mkdir(parents=True)
        (self.root() / ".complete").rename(self.home / "marks")
        self.root().rename(bundle / "models/keras/bert/keras/tiny")
        (bundle / "models/keras/bert/keras/tiny/1.complete").touch()
        self.assertTrue(self.fetch(HANDLE + "/1", KAGGLEHUB_CACHE=str(bundle)).is_dir())
        self.assertEqual(self.hub.requests, [])

    def test_a_file_without_its_mark_does_not_count(self):
        self.serve_kaggle()
        file = self.root() / "1/model.weights.h5"
        file.parent.mkdir(parents=True)
        file.write_bytes(WEIGHTS[:1000])  # as kagglehub leaves it when it is killed
        self.assertEqual((self.fetch(HANDLE + "/1") / "model.weights.h5").read_bytes(), WEIGHTS)

    def test_credentials_are_sent_to_kaggle_and_to_nobody_else(self):
        basic = "Basic " + base64.b64encode(b"ada:key").decode()
        self.serve_kaggle(token=basic)
        self.refused(HANDLE, says=["got status 401", "set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY"])
        self.refused(HANDLE, KAGGLE_API_TOKEN="no", says=["got status 403", "accept the model's terms on its page"])
        self.fetch(HANDLE, KAGGLE_USERNAME="ada", KAGGLE_KEY="key")
        for place, variables in (".kaggle", {}), ("config", {"KAGGLE_CONFIG_DIR": "~/config"}):
            (self.home / place).mkdir()
            (self.home / place / "kaggle.json").write_text(json.dumps({"username": "ada", "key": "key"}))
            self.fetch(HANDLE, LINNET_CACHE=str(self.home / place), **variables)
            (self.home / place / "kaggle.json").unlink()
        self.serve_kaggle(token="Bearer KGAT_secret")
        self.fetch(HANDLE, LINNET_CACHE="~/one", KAGGLE_API_TOKEN="KGAT_secret")
        (self.home / ".kaggle/access_token").write_text("KGAT_secret\n")
        self.fetch(HANDLE, LINNET_CACHE="~/two")
        self.fetch(HANDLE, LINNET_CACHE="~/three", KAGGLE_API_TOKEN=str(self.home / ".kaggle/access_token"))
        self.assertTrue(self.hub.seen("/storage/"))
        self.assertEqual([request for request in self.hub.seen("/storage/") if "Authorization" in request["headers"]], [])

    def test_what_kaggle_does_not_have_is_said(self):
        self.refused(HANDLE, says=["kaggle://keras/bert/keras/tiny must be readable, got status 404", "check owner, model, variation and version"])
        self.refused(HANDLE + "/9", says="kaggle://keras/bert/keras/tiny/9 must have config.json")
        self.serve_kaggle(versions=(9,))  # and it is not remembered that there was none
        self.fetch(HANDLE + "/9")
        for handle in (HANDLE + "/0", HANDLE + "/x", HANDLE + "/1/2", "kaggle://keras/bert/keras", "kaggle://keras/../keras/tiny", "kaggle://keras//keras/x"):
            self.refused(handle, says="handle: ")
        self.refused(HANDLE + "/1", LINNET_OFFLINE="1", says=["must be in", "kagglehub while LINNET_OFFLINE is set"])

    def test_answers_that_pass_are_waited_for(self):
        self.serve_kaggle()
        self.hub.fault("/get", status(429, Retry_After="1"))
        self.hub.fault("/get", status(500))
        self.hub.fault("config.json", status(503), 2)
        self.fetch(HANDLE)
        self.hub.forget()
        self.hub.fault("/get", status(502), 100)
        self.refused("kaggle://keras/bert/keras/none", LINNET_HTTP_ATTEMPTS="3", says=["got status 502", "try again later"])
        self.assertEqual(len(self.hub.seen("/none/get")), 3)

    def test_files_that_come_zipped_are_unzipped(self):
        files = keras_hub_files()
        vocabulary = "assets/tokenizer/vocabulary.txt"
        text = files.pop(vocabulary)
        files[vocabulary + ".zip"] = zipped({"vocabulary.txt": text})
        self.serve_kaggle(files=files)
        self.assertEqual((self.fetch(HANDLE) / vocabulary).read_bytes(), text)
        self.no_leftovers()
        files[vocabulary + ".zip"] = zipped({"vocabulary.txt": text, "more.txt": b""})
        self.serve_kaggle(files=files)
        self.refused(HANDLE, LINNET_CACHE="~/other", says="must hold vocabulary.txt alone, got 'more.txt' too")

    def test_texts_are_fetched_without_weights(self):
        self.serve_kaggle()
        self.fetch("--texts", HANDLE)
        self.assertEqual(self.hub.seen("weights"), [])

    def test_a_server_without_checksums_is_believed_the_size_alone(self):
        self.serve_kaggle()
        self.hub.fault("/storage/", no_checksum, 100)
        self.assert_holds(self.fetch(HANDLE), keras_hub_files())


class Archives(HubTest):
    def whole(self, archive):
        self.serve_kaggle(archive=archive)
        return self.fetch("--whole", HANDLE + "/1")

    def refused_archive(self, archive, says):
        self.serve_kaggle(archive=archive)
        before = sorted(self.home.rglob("*"))
        self.refused("--whole", HANDLE + "/1", says=says)
        root = self.kaggle_cache / "keras/bert/keras/tiny"
        allowed = {root, *root.parents, root / ".linnet", root / ".linnet/1.lock"}
        self.assertEqual([path for path in self.home.rglob("*") if path not in before and path not in allowed], [])

    def test_all_forms_are_unpacked_and_then_found_file_by_file(self):
        files = keras_hub_files()
        for archive in tarred(files), tarred(files, "w"), zipped(files), tarred({"./" + name: data for name, data in files.items()}):
            self.environment["LINNET_CACHE"] = str(self.home / str(len(archive)))
            directory = self.whole(archive)
            self.assert_holds(directory, files)
            self.no_leftovers()
            self.hub.forget()
            self.assertEqual(self.fetch(HANDLE + "/1"), directory)
            self.assertEqual(self.fetch("--whole", HANDLE + "/1"), directory)
            self.assertEqual(self.hub.requests, [])

    def test_names_that_lead_outside_are_refused(self):
        for name in "../outside", "/outside", "a/../../outside", "a/./b", "a//b", "..", "a\\..\\b", "a\0b", "a\nb", "x" * 300, "a/" * 600 + "a":
            for archive in tarred({"config.json": b"{}", name: b"x"}), zipped({"config.json": b"{}", name: b"x"}):
                if "\0" in name:
                    continue  # both formats end names there
                self.refused_archive(archive, "must be a relative path" if name else "")

    def test_links_devices_and_what_hides_behind_them_are_refused(self):
        for kind, target in (tarfile.SYMTYPE, "/etc/passwd"), (tarfile.SYMTYPE, "config.json"), (tarfile.LNKTYPE, "config.json"), \
                (tarfile.LNKTYPE, "/etc/passwd"), (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, ""), (tarfile.BLKTYPE, ""):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                member = tarfile.TarInfo("config.json")
                member.size = 2
                archive.addfile(member, io.BytesIO(b"{}"))
                link = tarfile.TarInfo("link")
                link.type, link.linkname = kind, target
                archive.addfile(link)
                through = tarfile.TarInfo("link/passwd")
                through.size = 1
                archive.addfile(through, io.BytesIO(b"x"))
            self.refused_archive(buffer.getvalue(), "'link' must be a file or a directory, no link or device")
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        self.refused_archive(buffer.getvalue(), "'link' must be a file or a directory, no link or device")

    def test_duplicates_are_refused(self):
        for names in ("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "./a"):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                for name in names:
                    member = tarfile.TarInfo(name)
                    member.size = 1
                    archive.addfile(member, io.BytesIO(b"x"))
            self.refused_archive(buffer.getvalue(), "must not be there twice")

    def test_bombs_are_refused(self):
        announced = tarfile.TarInfo("config.json")
        announced.size = 300 << 20
        self.refused_archive(announced.tobuf() + bytes(10240), "must unpack to at most 268435456 bytes, got more (is it a bomb?)")
        self.refused_archive(tarred({f"{number}": b"" for number in range(1_001)}), "must hold at most 1000 files, got more")

    def test_damage_is_refused_and_not_remembered(self):
        good = tarred(keras_hub_files())
        self.refused_archive(good[:len(good) // 2], "must not be damaged")
        self.refused_archive(b"no archive at all", "must be")
        self.refused_archive(b"", "must")
        self.refused_archive(tarred({}), "must hold files, got none")
        encrypted = bytearray(zipped({"config.json": b"{}"}))
        encrypted[6] |= 1
        encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
        self.refused_archive(bytes(encrypted), "must not be encrypted")
        self.assert_holds(self.whole(good), keras_hub_files())

    def test_modes_and_owners_are_ignored(self):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo("config.json")
            member.size, member.mode, member.uid = 2, 0o6777, 12345
            archive.addfile(member, io.BytesIO(b"{}"))
        status_ = (self.whole(buffer.getvalue()) / "config.json").stat()
        self.assertEqual((status_.st_mode & 0o6111, status_.st_uid == 12345), (0, False))


if __name__ == "__main__":
    unittest.main()
