"""docs/benchmarks.md and its plots, from the figures that compare.py has kept."""
import pathlib
import re

import plot
from rows import CURVES, NAMES, ROWS

HEAD = """# Benchmarks

<!-- Written by tools/bench/compare.py. Do not edit. -->

Linnet beside other libraries on the same computer, in the same minutes: each row runs one side after the other, again and again until
the two best runs of each side agree within 10 %, and compares the best runs. A ratio above 1 is in Linnet's favour; of memory it is
Linnet's share of the least peer's.
`tools/bench/compare.py` measures everything anew, `tools/bench/compare.py --rows NAME,NAME` some rows;
[performance.md](performance.md) says where the speed comes from. Each kind of processor has a section.

Shapes: tiny has 2 layers of 128 columns, 2 heads and 512 intermediate columns; minilm 6, 384, 12, 1536; base 12, 768, 12, 3072. `BxL` is a
batch of B sentences of L tokens, fully padded. GFLOP/s count the encoder's products alone, threefold for training, alike for every library.
Training is forward, dropout of 0.1, loss, backward and AdamW. SST-2 is the whole job from text to labels, or a pass of training; the peers
pad each batch to its longest sentence, KerasHub to multiples of 32, as it compiles anew for each length.
"""
AVX2_HEAD = """
### Held to AVX2

The same with every side held to AVX2 instructions: `LINNET_ISA=avx2` for Linnet, `ONEDNN_MAX_CPU_ISA=AVX2` for the products in oneDNN of
all, `ATEN_CPU_CAPABILITY=avx2` and `MKL_ENABLE_INSTRUCTIONS=AVX2` for PyTorch, `XLA_FLAGS=--xla_cpu_max_isa=AVX2` for JAX. ONNX Runtime
has no such switch and uses what the processor has. Here the goal of every row is 0.95.
"""
PLOTS_HEAD = """
### How time grows

Microseconds a token; lower is better.
"""


def shown(figures, row):
    value = figures[row.shown]
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def ratio(row, sides):
    """Linnet against the best peer, above 1 in its favour (for "most": against the goal itself); None without a peer's figure."""
    ours, theirs = sides["linnet"][row.key], [sides[peer][row.key] for peer in row.peers if peer in sides]
    if row.kind == "most":
        return row.goal / ours
    return min(theirs) / ours if theirs else None


def verdict(row, sides, goal=None):
    """(ratio, goal, reached) as the table writes them. goal: another one than the row's."""
    value = ratio(row, sides)
    if row.kind == "most":
        return "", f"≤ {row.goal:g} {row.unit}", "yes" if value >= 1 else "no"
    if value is None:
        return "", "", ""
    if row.kind == "smaller":
        return f"{1 / value:.2f}", f"≤ {row.goal:g}", "yes" if 1 / value <= row.goal else "no"
    wanted = goal or row.goal
    reached = "yes" if value >= wanted else "level" if not goal and value >= wanted - row.level else "no"
    return f"{value:.2f}", f"≥ {wanted:g}", reached


def table(kept, goal=None):
    peers = ["torch", "ort", "openvino", "keras-jax"]
    lines = ["| case | unit | " + " | ".join(NAMES[side] for side in ("linnet", *peers)) + " | ratio | goal | reached |",
             "|---|---|" + "---:|" * (len(peers) + 2) + "---|---|"]
    for row in ROWS:
        if not (sides := kept["rows"].get(row.name)):
            continue
        best = min((sides[peer][row.key] for peer in row.peers if peer in sides), default=None)
        cells = [f"**{shown(sides['linnet'], row)}**"]
        for peer in peers:
            text = shown(sides[peer], row) if peer in sides else "–"
            cells.append(f"*{text}*" if peer in sides and sides[peer][row.key] == best else text)
        lines.append(f"| {row.title} | {row.unit} | " + " | ".join([*cells, *verdict(row, sides, goal)]) + " |")
    return "\n".join(lines) + "\n"


def least(kept):
    """The row where Linnet is nearest to the best peer, where AVX-512 is missing or not used."""
    ratios = [(value, row.title) for row in ROWS if row.kind == "faster" and row.name in kept["rows"]
              and (value := ratio(row, kept["rows"][row.name])) is not None]
    if not ratios:
        return ""
    value, title = min(ratios)
    return f"\nWithout AVX-512 no row may be below 0.95 of the best peer: the least is {value:.2f}, {title}.\n"


def shares(kept):
    """What part of the best large matrix product the rows reach that were measured beside it."""
    lines = []
    for row in ROWS:
        sides = kept["rows"].get(row.name, {})
        if row.share_of_gemm and "gemm" in sides:
            share = sides["linnet"]["gflops"] / sides["gemm"]["gflops"]
            lines.append(f"- {row.title}: {share:.0%} of {sides['gemm']['gflops']:,.0f} GFLOP/s ({sides['gemm']['case']} by {sides['gemm']['blas']}); "
                         f"goal {row.share_of_gemm:.0%}, {'reached' if share >= row.share_of_gemm else 'not reached'}")
    return "\nOf the best large matrix product alone, measured in the same run:\n\n" + "\n".join(lines) + "\n" if lines else ""


def memory(kept):
    """Highest resident size of each row's process."""
    lines = []
    for row in ROWS:
        sides = kept["rows"].get(row.name, {})
        if row.key == "min_ms" and "peak_rss_mb" in sides.get("linnet", {}):
            cells = [f"{sides[side]['peak_rss_mb']:,}" if side in sides else "–" for side in ("linnet", "torch", "ort", "openvino", "keras-jax")]
            lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    if not lines:
        return ""
    names = " | ".join(NAMES[side] for side in ("linnet", "torch", "ort", "openvino", "keras-jax"))
    return f"\n### Memory\n\nPeak resident size of the process that ran the case, MB:\n\n| case | {names} |\n|---|" + "---:|" * 5 + "\n" + "\n".join(lines) + "\n"


def machine_line(kept):
    machine = kept["machine"]
    return (f"\nMeasured {kept['date']} on {machine['cores']} cores of {machine['processor']} ({', '.join(machine['features'])}; second-level cache "
            f"{machine['l2']}, third-level {machine['l3']}), {kept['threads']} threads, Linnet {kept['linnet']}. Peers: {kept['versions']}.\n\n")


def drawn(kept):
    """The curves that were measured."""
    return [curve for curve in CURVES if curve.name in kept["curves"]]


def section(kept, avx2, plots):
    """What was measured on one computer. plots: where its plots are, seen from the page."""
    machine = (kept if kept["rows"] else avx2)["machine"]
    text = f"\n## {machine['processor']}, {machine['features'][-1]}\n"
    if kept["rows"]:
        text += machine_line(kept) + table(kept) + "\nThe best peer of a row is in italics.\n"
        text += ("" if "avx512f" in kept["machine"]["features"] else least(kept)) + shares(kept)
    if avx2["rows"]:
        text += AVX2_HEAD + machine_line(avx2) + table(avx2, goal=0.95) + least(avx2)
    if drawn(kept):
        text += PLOTS_HEAD + "".join(f"\n![Time a token against {curve.axis}: {curve.title}]({plots}/{curve.name}.svg)\n" for curve in drawn(kept))
    return text + memory(kept)


def write(folder, results):
    """Writes folder/benchmarks.md and its plots. results: (name, figures, the same held to AVX2) of each computer."""
    folder, text = pathlib.Path(folder), HEAD
    for name, kept, avx2 in results:
        plots = folder / "benchmarks" / name
        for curve in drawn(kept):
            series = {NAMES[side]: [(x, nanoseconds / 1000) for x, nanoseconds in points] for side, points in kept["curves"][curve.name].items()}
            title = re.sub("^.", lambda letter: letter[0].upper(), curve.axis)
            chart = plot.line_chart(f"Time a token against {title.lower()}", f"{curve.title}; microseconds, lower is better", title, series, curve.logarithmic)
            plots.mkdir(parents=True, exist_ok=True)
            (plots / f"{curve.name}.svg").write_text(chart)
        text += section(kept, avx2, f"benchmarks/{name}")
    (folder / "benchmarks.md").write_text(text)
