#!/usr/bin/env python3
"""tools/check_contracts.py finds declarations without a contract, planted in a small tree, and nothing else."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOUND = """#pragma once
/// Everything.
namespace linnet {

/// Half of x.
double half(double x);
double half(float x);

/// A thing.
class Thing {
 public:
  struct Config {
    int size = 0;
  };
  explicit Thing(const Config& config);
  int size() const { return size_; }
  /// Makes it larger.
  void grow(int by);

 private:
  void settle();
  int size_;
};

}  // namespace linnet
"""


@unittest.skipUnless(shutil.which("doxygen"), "doxygen is not installed")
class CheckContracts(unittest.TestCase):
    def offences(self, header):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            (root / "framework").mkdir()
            (root / "models").mkdir()
            (root / "framework/thing.h").write_text(header)
            shutil.copy(ROOT / "Doxyfile", root)
            run = subprocess.run([sys.executable, ROOT / "tools/check_contracts.py", root], capture_output=True, text=True)
            lines = run.stdout.splitlines()
            self.assertEqual(run.returncode, 0 if lines == ["contracts: ok"] else 1, run.stdout + run.stderr)
            return [] if lines == ["contracts: ok"] else lines

    def planted(self, old, new):
        self.assertIn(old, SOUND)
        return " ".join(self.offences(SOUND.replace(old, new)))

    def test_a_sound_header_passes(self):
        self.assertEqual(self.offences(SOUND), [])

    def test_a_function_without_a_contract_is_found(self):
        self.assertIn("Member half(float x)", self.planted("double half(float x);", "\ndouble half(float x);"))

    def test_a_method_without_a_contract_is_found(self):
        self.assertIn("Member grow(int by)", self.planted("  /// Makes it larger.\n", "\n"))

    def test_a_class_without_a_contract_is_found(self):
        self.assertIn("Compound linnet::Thing is not documented", self.planted("/// A thing.\n", ""))

    def test_a_contract_that_doxygen_cannot_read_is_found(self):
        self.assertIn("unknown command", self.planted("/// A thing.", r"/// A thing, \split."))


if __name__ == "__main__":
    unittest.main()
