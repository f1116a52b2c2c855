#!/usr/bin/env python3
"""Transfers that go wrong: cuts, wrong bytes, slowness, redirects, several processes at once. Usage: FILE LINNET"""
import subprocess
import time
import unittest

from hub_server import Hub, corrupt, cut, drip, gzipped, longer, no_checksum, no_range, redirect, status
from hub_test_support import WEIGHTS, HubTest, keras_hub_files

KAGGLE, HF = "kaggle://keras/bert/keras/tiny/1", "hf://org/tiny"
STORED = r"GET /storage/.*"
WEIGHTS_STORED = r"GET /storage/(.*weights|[0-9a-f]{64})"


class Transfers(HubTest):
    def both(self):
        """The same preset on both hubs, each with an empty cache."""
        self.serve_hf()
        self.serve_kaggle()
        for handle in KAGGLE, HF:
            self.hub.forget()
            with self.subTest(handle=handle):
                yield handle

    def assert_fetched(self, handle):
        directory = self.fetch(handle)
        self.assert_holds(directory, keras_hub_files())
        self.no_leftovers()

    def ranges(self):
        return [request["headers"]["Range"] for request in self.hub.seen(WEIGHTS_STORED) if "Range" in request["headers"]]

    def test_a_cut_body_is_gone_on_with(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, cut(100_000))
            self.hub.fault(WEIGHTS_STORED, cut(50_000))
            self.assert_fetched(handle)
            self.assertEqual(self.ranges(), ["bytes=100000-", "bytes=150000-"])

    def test_many_cuts_are_borne_as_long_as_it_goes_on(self):
        self.serve_hf()
        self.hub.fault(WEIGHTS_STORED, cut(15_000), 19)
        self.assert_fetched(HF)

    def test_a_server_that_knows_no_ranges_begins_anew(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, cut(100_000))
            self.hub.fault(WEIGHTS_STORED, no_range)
            self.assert_fetched(handle)

    def test_without_a_checksum_nothing_is_gone_on_with(self):
        self.serve_kaggle()

        def cut_without_checksum(handler):
            handler.cut_after = 100_000
            return no_checksum(handler)
        self.hub.fault(WEIGHTS_STORED, cut_without_checksum)
        self.hub.fault(WEIGHTS_STORED, no_checksum, 2)
        self.assert_fetched(KAGGLE)
        self.assertEqual(len(self.hub.seen(WEIGHTS_STORED)), 3)  # cut; a part that proves nothing; the whole

    def test_what_a_killed_run_left_is_gone_on_with(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, drip(100, 0.05))
            process = self.start("fetch", handle)
            while self.hub.bytes_sent < 50_000:
                time.sleep(0.01)
            process.kill()
            process.communicate()
            self.assert_fetched(handle)
            self.assertEqual(len(self.ranges()), 1)

    def test_leftovers_that_do_not_fit_are_thrown_away(self):
        for handle in self.both():
            for wrong in b"x" * 1000, b"x" * len(WEIGHTS), b"x" * (len(WEIGHTS) + 5):
                self.hub.fault(WEIGHTS_STORED, drip(100, 0.05))
                process = self.start("fetch", handle)
                while not list(self.home.rglob("*.incomplete")) or not self.hub.seen(WEIGHTS_STORED):
                    time.sleep(0.01)
                process.kill()
                process.communicate()
                for file in self.home.rglob("*.incomplete"):
                    file.write_bytes(wrong)
                self.environment["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
                self.assert_fetched(handle)
                for file in [*self.home.rglob("*weights.h5"), *self.home.rglob("*weights.h5.complete"), *self.home.rglob("blobs/*")]:
                    file.unlink()
                self.hub.forget()

    def test_wrong_bytes_are_fetched_again_and_never_accepted(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, corrupt)
            self.assert_fetched(handle)
        self.environment["LINNET_CACHE"] = str(self.home / "new")
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, corrupt, 100)
            self.refused(handle, says=["model.weights.h5 from", "must have the checksum", "(twice)"])
            self.assertEqual([path for path in (self.home / "new").rglob("*") if path.is_file() and path.stat().st_size >= len(WEIGHTS)], [])
            self.no_leftovers()

    def test_small_files_are_checked_by_gits_sum(self):
        self.serve_hf()
        self.hub.fault("GET .*vocabulary.txt", corrupt)
        self.assert_fetched(HF)

    def test_more_bytes_than_announced_are_refused(self):
        self.serve_hf()
        self.hub.fault(WEIGHTS_STORED, longer, 100)
        self.refused(HF, says=f"model.weights.h5 must have {len(WEIGHTS)} bytes, got more")

    def test_slow_bodies_are_waited_for_and_stalled_ones_are_not(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, drip(12, 0.1))
            self.fetch(handle, LINNET_HTTP_TIMEOUT="1")
        self.environment["LINNET_CACHE"] = str(self.home / "new")
        self.serve_hf()
        self.hub.forget()
        self.hub.fault(WEIGHTS_STORED, drip(2, 30))  # half of it, and then nothing for long
        begin = time.monotonic()
        directory = self.fetch(HF, LINNET_HTTP_TIMEOUT="1")
        self.assertLess(time.monotonic() - begin, 10)
        self.assert_holds(directory, keras_hub_files())
        self.assertEqual(self.ranges(), ["bytes=150000-"])

    def test_bodies_that_are_packed_for_the_way_are_unpacked(self):
        for handle in self.both():
            self.hub.fault("GET (/storage|.*(json|txt))", gzipped, 100)
            self.assert_fetched(handle)
            self.assertEqual({request["headers"]["Accept-Encoding"] for request in self.hub.requests}, {"identity"})
        self.environment["LINNET_CACHE"] = str(self.home / "new")
        for handle in self.both():
            def cut_and_gzipped(handler):
                handler.cut_after = 100_000
                return gzipped(handler)
            self.hub.fault(WEIGHTS_STORED, cut_and_gzipped)
            self.assert_fetched(handle)
            self.assertEqual(self.ranges(), [])  # no part of what is packed is a part of the file

    def test_empty_files_are_files(self):
        files = self.serve_hf(files=keras_hub_files(**{"preprocessor.json": b""}))
        self.assert_holds(self.fetch(HF), files)

    def test_passing_errors_are_waited_for(self):
        for handle in self.both():
            for code in 500, 503, 429, 408:
                self.hub.fault(WEIGHTS_STORED, status(code))
            self.assert_fetched(handle)
        self.environment["LINNET_CACHE"] = str(self.home / "new")
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, status(500), 100)
            self.refused(handle, LINNET_HTTP_ATTEMPTS="2", says=["must be readable, got status 500", "try again later"])
            self.assertEqual(len(self.hub.seen(WEIGHTS_STORED)), 2)
            self.hub.forget()
            self.hub.fault(WEIGHTS_STORED, status(403), 100)
            self.refused(handle, says="got status 403")
            self.assertEqual(len(self.hub.seen(WEIGHTS_STORED)), 1)

    def test_eight_processes_fetch_once(self):
        for handle in self.both():
            self.hub.fault(WEIGHTS_STORED, drip(10, 0.02), 100)
            processes = [self.start("fetch", handle) for _ in range(8)]
            results = {process.communicate(timeout=60) + (process.returncode,) for process in processes}
            self.assertEqual(len(results), 1)
            self.assertEqual(next(iter(results))[1:], ("", 0))
            self.assertEqual(len(self.hub.seen(WEIGHTS_STORED)), 1)


class Redirects(HubTest):
    def test_redirects_to_files_and_other_schemes_are_refused(self):
        secret = self.home / "secret"
        secret.write_text("secret")
        for target in f"file://{secret}", f"FILE://localhost{secret}", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1/x", "data:,x":
            for handle in KAGGLE, HF:
                self.serve_hf()
                self.serve_kaggle()
                self.hub.forget()
                self.hub.fault("GET .*config.json", redirect(target), 100)
                self.refused(handle, says=["http: a redirect must lead to http or https, got", " -> "])
        self.assertEqual([path for path in self.home.rglob("*config.json*") if path.is_file() and path.stat().st_size], [])

    def test_redirects_without_end_are_refused(self):
        self.serve_hf()
        self.hub.fault("GET .*config.json", lambda h: h.answer(302, b"", {"Location": h.path}), 100)
        self.refused(HF, says="http: there must be at most 10 redirects, got more from")
        self.assertEqual(len(self.hub.seen("GET .*config.json")), 11)
        self.hub.forget()
        self.hub.fault("GET .*config.json", lambda h: h.answer(302, b""), 100)
        self.refused(HF, says="http: a redirect must say where to, got status 302")

    def test_from_https_nothing_leads_to_http(self):
        certificate = self.home / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", certificate,
                        "-out", self.home / "public.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                       check=True, capture_output=True)
        certificate.write_text(certificate.read_text() + (self.home / "public.pem").read_text())
        plain, self.hub = self.hub, Hub(certificate)
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.hub.shutdown)
        self.environment |= {"HF_ENDPOINT": self.hub.url, "KAGGLE_API_ENDPOINT": self.hub.url}
        self.serve_hf(token="Bearer hf_secret")
        self.refused(HF, HF_TOKEN="hf_secret", says=["must be reachable and answer as a whole, got: SSL"])
        self.environment |= {"SSL_CERT_FILE": str(self.home / "public.pem"), "HF_TOKEN": "hf_secret"}
        self.hub.fault(WEIGHTS_STORED, redirect(plain.url + "/weights"), 100)
        self.refused(HF, says=["http: a redirect must not lead from https to http, got https://", f"-> {plain.url}/weights"])
        self.assertEqual(plain.requests, [])
        self.hub.forget()
        self.assert_holds(self.fetch(HF), keras_hub_files())


if __name__ == "__main__":
    unittest.main()
