#!/usr/bin/env python3
"""Downloads that are killed at 100 random moments, and bombs that only unpacking shows. Usage: FILE LINNET"""
import io
import random
import struct
import time
import unittest
import zipfile

from hub_server import drip
from hub_test_support import HubTest, keras_hub_files
from kaggle_test import HANDLE, tarred

KILLS = 100


class Killed(HubTest):
    def check(self, handle, *more):
        """Kills a run at a random moment, sometimes several in a row; then one that is left alone must end with whole files."""
        chance = random.Random(7)
        self.hub.fault("storage", drip(40, 0.002), 10**9)
        begin = time.monotonic()
        self.fetch(handle, *more, LINNET_CACHE=str(self.home / "first"))
        whole = time.monotonic() - begin
        kills = 0
        while kills < KILLS:
            cache = str(self.home / f"cache{kills}")
            for _ in range(chance.choice((1, 1, 2, 4))):
                process = self.start("fetch", handle, *more, LINNET_CACHE=cache)
                time.sleep(chance.uniform(0, whole * 1.1))
                process.kill()
                process.communicate()
                kills += process.returncode == -9
            self.assert_holds(self.fetch(handle, *more, LINNET_CACHE=cache), keras_hub_files())
        resumed = sum("Range" in request["headers"] for request in self.hub.requests)
        print(f"killed: {handle} {' '.join(more)}: {kills} kills, {resumed} downloads gone on with, a whole run takes {whole:.2f} s")
        self.assertGreater(resumed, 0)

    def test_from_hugging_face(self):
        self.serve_hf()
        self.check("hf://org/tiny")

    def test_from_kaggle(self):
        self.serve_kaggle()
        self.check(HANDLE + "/1")

    def test_archives(self):
        self.serve_kaggle(archive=tarred(keras_hub_files()))
        self.check(HANDLE + "/1", "--whole")


class Bombs(HubTest):
    def test_what_unpacks_to_too_much_is_refused(self):
        zeros = bytes(300 << 20)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", zeros)
        honest, lying = buffer.getvalue(), bytearray(buffer.getvalue())
        for place in lying.index(b"PK\3\4") + 22, lying.index(b"PK\1\2") + 24:
            lying[place:place + 4] = struct.pack("<I", 2)  # the size when unpacked
        for archive in tarred({"config.json": zeros}), honest, bytes(lying):
            self.serve_kaggle(archive=archive)
            self.refused("--whole", HANDLE + "/1", says="extract: ")
            self.assertEqual([path for path in self.home.rglob("*") if path.name != "1.lock" and path.is_file()], [])


if __name__ == "__main__":
    unittest.main()
