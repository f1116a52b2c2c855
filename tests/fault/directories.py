#!/usr/bin/env python3
"""Fine-tuning into a full disk, a directory that cannot be written to, a directory that another process writes to, and under clocks that
leap: a clear message and exit code, nothing half-written, and never another result."""
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

from fault_support import Place, arguments

OPTIONS = arguments(__doc__)


class Directories(unittest.TestCase):
    def setUp(self):
        self.place = self.enterContext(Place(OPTIONS))

    def partial_files(self, directory):
        return [str(path) for path in directory.rglob("*.partial")]

    @contextlib.contextmanager
    def small_disk(self, kilobytes):
        disk = self.place.path / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], capture_output=True)
        if done.returncode != 0:
            self.skipTest("mount needs root")
        try:
            yield disk
        finally:
            subprocess.run(["umount", disk], check=True)

    def fails(self, done, *texts):
        self.assertEqual(done.returncode, 1, done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)

    def test_a_full_disk(self):
        # The whole run takes about 120 kB at its end; it stops where there is no room, in any file of it.
        for kilobytes in (8, 24, 40, 56, 72, 100):
            with self.subTest(kilobytes=kilobytes), self.small_disk(kilobytes) as disk:
                done = self.place.finetune(disk / "run", "--checkpoint-every", "10")
                self.fails(done, "No space left on device", str(disk / "run"))
                self.assertEqual(self.partial_files(disk), [])
                kept = sorted(path.name for path in (disk / "run/checkpoints").glob("*.h5")) if (disk / "run/checkpoints").exists() else []
                again = self.place.finetune(disk / "run", "--checkpoint-every", "10", "--resume")
                self.fails(again, "No space left on device", f"goes on after step {int(kept[-1][5:15])}" if kept else "begins")
            (self.place.path / "disk").rmdir()

    def test_a_file_that_may_not_grow(self):
        """The same without root: the limit of the process."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
        output = self.place.path / "run"
        done = self.place.finetune(output, preexec_fn=limit, restore_signals=False)
        self.fails(done, "File too large", str(output))
        self.assertEqual(self.partial_files(output), [])

    def test_a_directory_that_is_read_only(self):
        output = self.place.path / "run"
        output.mkdir()
        output.chmod(0o555)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        begin = time.monotonic()
        done = self.place.finetune(output, "--epochs", "1000", **user)
        self.fails(done, f'finetune: --output: cannot write to "{output}": Permission denied')
        self.assertLess(time.monotonic() - begin, 10)  # before training, not after it
        self.fails(self.place.finetune(output / "below", **user), "finetune: --output: cannot make")

    def test_two_processes_and_one_directory(self):
        output = self.place.path / "run"
        first = subprocess.Popen([self.place.linnet, *map(str, self.place.recipe(output, "--epochs", "2000", "--checkpoint-every", "1"))],
                                 env=self.place.environment(None), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            while not list(output.glob("checkpoints/*.h5")):
                time.sleep(0.01)
            for more in ([], ["--resume"], ["--checkpoint-every", "5"]):
                done = self.place.finetune(output, *more)
                self.fails(done, f'finetune: --output: "{output}" must be free, got another process that writes there')
        finally:
            first.kill()
            first.wait()
        self.assertEqual(self.resumed(output), 75)

    def resumed(self, output):
        """The lock of a killed process is gone: another one goes on, until it is asked to stop."""
        process = subprocess.Popen([self.place.linnet, *map(str, self.place.recipe(output, "--epochs", "2000", "--resume"))],
                                   env=self.place.environment(None), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in process.stderr:
            if "goes on after step" in line:
                process.terminate()
                break
        process.communicate()
        return process.returncode

    def test_clocks_that_leap(self):
        still, leaping = self.place.path / "still", self.place.path / "leaping"
        self.place.finetune(still, "--epochs", "2", check=True)
        done = self.place.finetune(leaping, "--epochs", "2", "--checkpoint-every", "3", faults={"clock": 1})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((still / "model.weights.h5").read_bytes(), (leaping / "model.weights.h5").read_bytes())
        for line in (done.stdout + done.stderr).splitlines():
            self.assertNotRegex(line, r"nan|inf\b|-\d+ sentences/s|-\d+:")
        record = json.loads((leaping / "run.json").read_text())
        self.assertTrue(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["finished"]), record["finished"])
        for epoch in record["epochs"]:
            self.assertGreaterEqual(epoch["seconds"], 0)
            self.assertGreaterEqual(epoch["sentences_per_second"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
