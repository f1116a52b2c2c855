#!/usr/bin/env python3
"""tools/check_layering.py finds errors planted in a small tree, each at its line, and nothing else."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOUND = {
    "framework/linnet.h": '#include "framework/ops/dense.h"\n#include "models/bert/bert_backbone.h"\n',
    "framework/core/tensor.h": "#include <vector>\n",
    "framework/core/grad_slot.h": '#include "framework/core/tensor.h"\n',
    "framework/kernels/gemm.h": "",
    "framework/kernels/gemm_openblas.cpp": '#include <cblas.h>\n#include "framework/kernels/gemm.h"\n',
    "framework/ops/dense.h": '#include "framework/core/tensor.h"\n',
    "framework/ops/dense.cpp": '#include <xtensor/xadapt.hpp>\n#include "framework/kernels/gemm.h"\n#include "framework/ops/dense.h"\n',
    "models/bert/bert_backbone.h": '#include "framework/ops/dense.h"\n',
}


class CheckLayering(unittest.TestCase):
    def offences(self, planted):
        """The lines that the check prints for the sound tree with some files replaced or added; [] if it passes."""
        with tempfile.TemporaryDirectory() as folder:
            rules = (ROOT / "tools/layering.toml").read_text()
            for name, text in {**SOUND, **planted, "tools/layering.toml": rules}.items():
                file = pathlib.Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            run = subprocess.run([sys.executable, ROOT / "tools/check_layering.py", folder], capture_output=True, text=True)
            lines = run.stdout.splitlines()
            self.assertEqual(run.returncode, 0 if lines == ["layering: ok"] else 1, run.stdout + run.stderr)
            return [] if lines == ["layering: ok"] else lines

    def test_a_sound_tree_passes(self):
        self.assertEqual(self.offences({}), [])

    def test_an_include_that_points_up_is_found(self):
        found = self.offences({"framework/core/tensor.h": '#include <vector>\n\n#include "framework/ops/dense.h"\n'})
        self.assertEqual(found, ["framework/core/tensor.h:3: framework/core may not include framework/ops"])

    def test_the_framework_may_not_include_models(self):
        found = self.offences({"framework/ops/dense.cpp": '  #  include "models/bert/bert_backbone.h"\n'})
        self.assertEqual(found, ["framework/ops/dense.cpp:1: framework/ops may not include models"])

    def test_models_may_not_include_kernels(self):
        found = self.offences({"models/bert/bert_backbone.cpp": '#include "framework/kernels/gemm.h"\n'})
        self.assertEqual(found, ["models/bert/bert_backbone.cpp:1: models may not include framework/kernels"])

    def test_a_library_header_outside_of_its_files_is_found(self):
        found = self.offences({"framework/core/tensor.h": "#include <xtensor/xarray.hpp>\n", "framework/ops/dense.cpp": "#include <cblas.h>\n"})
        self.assertEqual(len(found), 2, found)
        self.assertRegex(found[0], r"^framework/core/tensor\.h:1: <xtensor/xarray\.hpp> belongs in ")
        self.assertRegex(found[1], r"^framework/ops/dense\.cpp:1: <cblas\.h> belongs in framework/kernels")

    def test_a_folder_without_a_rule_is_found(self):
        found = self.offences({"framework/misc/things.cpp": ""})
        self.assertEqual(found, ["framework/misc/things.cpp: folder framework/misc has no line in tools/layering.toml"])

    def test_a_public_header_that_users_do_not_get_is_found(self):
        found = self.offences({"framework/ops/losses.h": ""})
        self.assertEqual(found, ["framework/linnet.h: does not include framework/ops/losses.h (not_public in tools/layering.toml lists exceptions)"])

    def test_a_heavy_header_that_users_would_get_is_found(self):
        found = self.offences({"framework/core/xtensor.h": "#include <xtensor/xadapt.hpp>\n",
                               "framework/core/tensor.h": '#include "framework/core/xtensor.h"\n'})
        self.assertEqual(found, ["framework/linnet.h: reaches framework/core/xtensor.h, which is opt-in"])


if __name__ == "__main__":
    unittest.main()
