#!/usr/bin/env python3
"""tools/bench: when a comparison is stable, what is compared, and what the page and the plots say, from figures made up here."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/bench"))
sys.dont_write_bytecode = True
import compare  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import runs  # noqa: E402
from rows import CURVES, ROWS, Curve, Row  # noqa: E402

ROW = Row("case", "a case", "encoder", ("torch", "ort"), goal=1.2)
MACHINE = {"processor": "a processor", "cores": 2, "features": ["avx2"], "l2": "2 MiB", "l3": "32 MiB"}


class Played:
    """Gives each side the times of its list, one a run, and notes who ran."""

    def __init__(self, **times):
        self.times, self.order = {side: iter(found) for side, found in times.items()}, []

    def __call__(self, side, arguments):
        self.order.append(side)
        time = next(self.times[side])
        return [{"min_ms": time, "gflops": 100 / time, "case": "x", "blas": "y"}]


def results(**rows):
    return {"date": "2026-01-01", "machine": MACHINE, "threads": 2, "linnet": "0.1.0", "versions": "torch 2", "rows": rows, "curves": {}}


class Stability(unittest.TestCase):
    def test_sides_take_turns_until_the_two_best_runs_of_each_agree(self):
        run = Played(linnet=[10, 5, 5.2], torch=[7, 6.5, 6.6], ort=[8, 8, 8])
        found = runs.measure(ROW, run)
        self.assertEqual(run.order, ["linnet", "torch", "ort"] * 3)
        self.assertEqual([found[side]["min_ms"] for side in ("linnet", "torch", "ort")], [5, 6.5, 8])
        self.assertEqual(found["linnet"]["runs"], [10, 5, 5.2])

    def test_runs_that_never_agree_end(self):
        run = Played(linnet=[2.0**i for i in range(20)][::-1], torch=[1] * 20, ort=[1] * 20)
        self.assertEqual(len(runs.measure(ROW, run)["linnet"]["runs"]), runs.MOST_ROUNDS)

    def test_a_peer_far_behind_runs_once(self):
        run = Played(linnet=[1, 1], torch=[9], ort=[2, 2])
        runs.measure(ROW, run)
        self.assertEqual(run.order, ["linnet", "torch", "ort", "linnet", "ort"])

    def test_a_quick_run_is_one_round(self):
        self.assertEqual(runs.measure(ROW, Played(linnet=[1], torch=[9], ort=[2]), rounds=1)["ort"]["runs"], [2])

    def test_the_product_beside_a_row_counts_by_its_best_run(self):
        row = Row("case", "a case", "encoder", ("torch",), goal=1, share_of_gemm=0.8)
        found = runs.measure(row, Played(linnet=[1, 1], torch=[1, 1], gemm=[4, 2]))
        self.assertEqual(found["gemm"]["gflops"], 50)

    def test_a_curve_keeps_the_least_time_of_each_point(self):
        curve = Curve("c", "c", "c", ("torch",), ((1, "encoder", "1x10"), (2, "encoder", "2x10")))
        times = iter([10, 30, 20, 40, 5, 60, 20, 30])
        run = lambda side, arguments: [{"min_ms": next(times)} for _ in arguments.split("--shapes ")[1].split(",")]
        self.assertEqual(runs.measure_curve(curve, run, rounds=2), {"linnet": [[1, 500000.0], [2, 1500000.0]], "torch": [[1, 2000000.0], [2, 1500000.0]]})


class Sides(unittest.TestCase):
    def test_no_setting_of_the_machine_image_reaches_a_side(self):
        os.environ |= {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "LINNET_BLAS": "openblas"}
        self.assertEqual([name for name in runs.environment("") if name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "LINNET_BLAS", "LINNET_ISA")], [])
        self.assertEqual(runs.environment("avx2")["LINNET_ISA"], "avx2")

    def test_both_sides_get_the_same_arguments(self):
        sides = runs.Sides("linnet", "python", {"sst2": "S", "vocabulary": "V", "epoch": 9}, "models", 2, 0.5)
        for row in ROWS:
            if row.name in ("start", "start-memory", "installed"):
                continue
            ours, theirs = sides.command("linnet", row.arguments), sides.command("torch", row.arguments)
            self.assertEqual(ours[2:], [word for word in theirs[3:-2] if word != "--buckets"], row.name)

    def test_a_side_that_fails_says_why(self):
        sides = runs.Sides("linnet", "python", {}, "models", 2, 0.5)
        with self.assertRaisesRegex(RuntimeError, "must end well, got status 3\nno such model"):
            sides.lines([sys.executable, "-c", "import sys; sys.stderr.write('no such model'); sys.exit(3)"])

    def test_the_memory_that_a_program_says_it_took_is_its_peak(self):
        sides = runs.Sides("linnet", "python", {}, "models", 2, 0.5)
        found = sides.lines([sys.executable, "-c", "import sys; print('{}'); sys.stderr.write('linnet predict: peak memory 71 MB')"])
        self.assertEqual(found[0]["peak_rss_mb"], 71)

    def test_lines_are_figures_and_the_time_to_them(self):
        sides = runs.Sides("linnet", "python", {}, "models", 2, 0.5)
        found = sides.lines([sys.executable, "-c", "print('noise'); print('{\"min_ms\": 1}')"])
        self.assertEqual(found[0]["min_ms"], 1)
        self.assertGreater(found[0]["wall_ms"], 0)


class Page(unittest.TestCase):
    def test_the_ratio_is_that_to_the_best_peer(self):
        self.assertEqual(report.verdict(ROW, {"linnet": {"min_ms": 1}, "torch": {"min_ms": 3}, "ort": {"min_ms": 1.3}}), ("1.30", "≥ 1.2", "yes"))
        self.assertEqual(report.verdict(ROW, {"linnet": {"min_ms": 1}, "torch": {"min_ms": 3}, "ort": {"min_ms": 1.1}})[2], "no")

    def test_within_the_margin_is_level_but_not_when_another_goal_is_set(self):
        row = Row("case", "a case", "encoder", ("torch",), goal=1.0, level=0.03)
        sides = {"linnet": {"min_ms": 1.02}, "torch": {"min_ms": 1}}
        self.assertEqual(report.verdict(row, sides)[2], "level")
        self.assertEqual(report.verdict(row, sides, 0.95), ("0.98", "≥ 0.95", "yes"))
        self.assertEqual(report.verdict(row, {"linnet": {"min_ms": 1.1}, "torch": {"min_ms": 1}}, 0.95)[2], "no")

    def test_sizes_are_judged_the_other_way_round(self):
        smaller = Row("case", "a case", "start", ("torch",), 0.6, "smaller", "peak_rss_mb", "peak_rss_mb", "MB")
        self.assertEqual(report.verdict(smaller, {"linnet": {"peak_rss_mb": 60}, "torch": {"peak_rss_mb": 200}}), ("0.30", "≤ 0.6", "yes"))
        most = Row("case", "a case", "installed", ("torch",), 10, "most", "installed_mb", "installed_mb", "MB")
        self.assertEqual(report.verdict(most, {"linnet": {"installed_mb": 11}, "torch": {"installed_mb": 900}}), ("", "≤ 10 MB", "no"))

    def test_the_table_has_a_line_for_each_measured_row(self):
        figures = {"min_ms": 2, "gflops": 100, "peak_rss_mb": 50, "blas": "native avx2", "case": "32x128"}
        sides = {"linnet": figures, "torch": {**figures, "min_ms": 4, "gflops": 50}, "gemm": {**figures, "gflops": 110}}
        text = report.section(results(**{"infer-base-32x128": sides}), results(), "")
        self.assertIn("## a processor, avx2\n", text)
        self.assertIn("| infer fp32 base 32x128 | GFLOP/s | **100** | *50* | – | – | – | 2.00 | ≥ 1 | yes |", text)
        self.assertIn("infer fp32 base 32x128: 91% of 110 GFLOP/s", text)
        self.assertIn("| infer fp32 base 32x128 | 50 | 50 |", text)
        self.assertNotIn("infer fp32 tiny", text)
        self.assertNotIn("Held to AVX2", text)

    def test_avx2_has_its_own_goal(self):
        sides = {"linnet": {"min_ms": 1}, "ort": {"min_ms": 0.97}}
        text = report.section(results(), results(**{"infer-tiny-1x16": sides}), "")
        self.assertIn("| 0.97 | ≥ 0.95 | yes |", text.split("Held to AVX2")[1])

    def test_the_page_and_its_plots_are_written(self):
        kept = results()
        kept["curves"] = {curve.name: {side: [[point[0], 10.0 * (i + 1)] for i, point in enumerate(curve.points)] for side in ("linnet", *curve.peers)}
                          for curve in CURVES}
        with tempfile.TemporaryDirectory() as folder:
            report.write(folder, [("new", kept, results()), ("old", results(**{"infer-tiny-1x16": {"linnet": {"min_ms": 1}, "ort": {"min_ms": 2}}}), results())])
            page = pathlib.Path(folder, "benchmarks.md").read_text()
            self.assertEqual(page.count("## a processor, avx2"), 2)
            for curve in CURVES:
                self.assertIn(f"](benchmarks/new/{curve.name}.svg)", page)
                self.assertTrue(pathlib.Path(folder, "benchmarks/new", f"{curve.name}.svg").is_file())
                self.assertFalse(pathlib.Path(folder, "benchmarks/old").exists())

    def test_each_kind_of_processor_has_its_figures(self):
        xeon = {"processor": "Intel(R) Xeon(R) Processor", "features": ["avx2", "amx_int8"]}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.assertEqual(compare.file_of(folder, xeon, "").name, "results_intel-xeon-processor-amx_int8.json")
            old, new, held = results(), {**results(), "date": "2026-02-01"}, {**results(), "date": "2026-01-15"}
            for facts, isa, kept in ((MACHINE, "", old), (xeon, "", new), (MACHINE, "avx2", held)):
                compare.save(compare.file_of(folder, facts, isa), kept)
            self.assertEqual(compare.all_results(folder), [("intel-xeon-processor-amx_int8", new, {"rows": {}, "curves": {}}), ("a-processor-avx2", old, held)])


class Plot(unittest.TestCase):
    def chart(self, series, logarithmic=True):
        return xml.etree.ElementTree.fromstring(plot.line_chart("a < b", "c & d", "tokens", series, logarithmic))

    def test_every_line_has_its_points_and_its_label(self):
        root = self.chart({"Linnet": [(1, 10), (2, 20), (4, 15)], "PyTorch": [(1, 30), (2, 20), (4, 31)]})
        name = "{http://www.w3.org/2000/svg}"
        self.assertEqual([text.text for text in root.iter(f"{name}text") if text.text in ("Linnet", "PyTorch")], ["PyTorch", "Linnet"])
        self.assertEqual(len(list(root.iter(f"{name}circle"))), 3)
        self.assertEqual(sum(path.get("class") == "line" for path in root.iter(f"{name}path")), 2)

    def test_lower_values_stand_lower_and_within_the_frame(self):
        for high in (12, 4000):  # a linear and a logarithmic axis
            root = self.chart({"Linnet": [(16, 10), (512, high)]})
            places = [float(circle.get("cy")) for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
            self.assertGreater(places[0], places[1])
            self.assertTrue(all(plot.TOP <= place <= plot.HEIGHT - plot.BOTTOM for place in places))

    def test_labels_do_not_cover_each_other(self):
        self.assertEqual(plot.spread([50, 51, 200], 17), [50, 67, 200])

    def test_one_point_and_equal_values_make_a_plot(self):
        self.chart({"Linnet": [(1, 5)], "PyTorch": [(1, 5)]}, logarithmic=False)


class Command(unittest.TestCase):
    def run_compare(self, *arguments):
        return subprocess.run([sys.executable, "-B", ROOT / "tools/bench/compare.py", *arguments], capture_output=True, text=True)

    def test_the_list_names_every_row_and_curve(self):
        self.assertEqual([line.split()[0] for line in self.run_compare("--list").stdout.splitlines()],
                         [row.name for row in ROWS] + [f"curve-{curve.name}" for curve in CURVES])

    def test_an_unknown_row_is_refused(self):
        run = self.run_compare("--rows", "infer-tiny-1x16,speed")
        self.assertEqual((run.returncode, run.stderr), (1, "--rows: must be among those of --list, got speed\n"))

    def test_a_missing_program_is_named_before_anything_is_installed(self):
        run = self.run_compare("--program", "/nowhere/linnet")
        self.assertIn("/nowhere/linnet must exist (build the program first", run.stderr)


if __name__ == "__main__":
    unittest.main()
