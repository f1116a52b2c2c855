"""Line charts as SVG, without other packages."""
import html
import math

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 56, 58  # margins; the labels of the lines stand in the right one
COLOURS = ["#c2410c", "#2563eb", "#0f766e", "#7c3aed", "#a16207", "#be185d"]
MARKS = ["circle", "square", "diamond", "triangle", "circle", "square"]
STYLE = """  <style>
    text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #334155 }
    .title { font-size: 16px; font-weight: 600; fill: #0f172a }
    .quiet { fill: #64748b }
    .grid { stroke: #e2e8f0 } .axis { stroke: #94a3b8 }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  </style>"""


class Scale:
    """Maps values to pixels, linearly or by their logarithm."""

    def __init__(self, values, begin, end, logarithmic, from_zero=False):
        self.of = math.log10 if logarithmic else float
        low, high = (0 if from_zero else self.of(min(values))), self.of(max(values))
        room = (high - low or 1) * 0.06
        self.low, self.high = (low if from_zero else low - room), high + room
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + (self.of(value) - self.low) / (self.high - self.low) * (self.end - self.begin)


def steps(low, high):
    """Round values from low to high in steps of 1, 2 or 5 times a power of ten: the ticks of a linear axis."""
    size = 10 ** math.floor(math.log10((high - low) / 4))
    size *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (factor * size) <= 6)
    return [round(i * size, 10) for i in range(math.ceil(low / size), math.floor(high / size) + 1)]


def decades(low, high):
    """1, 2 and 5 times the powers of ten from low to high: the ticks of a logarithmic axis."""
    ticks = [factor * 10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for factor in (1, 2, 5)]
    return [tick for tick in ticks if low <= tick * 1.000001 and tick <= high * 1.000001]


def mark(kind, x, y, colour):
    shapes = {"circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"', "square": f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"',
              "diamond": f'<path d="M{x:.1f} {y - 5:.1f}l5 5-5 5-5-5z"', "triangle": f'<path d="M{x:.1f} {y - 5:.1f}l4.8 8.4h-9.6z"'}
    return f'  {shapes[kind]} fill="{colour}" stroke="white"/>'


def spread(places, distance):
    """The places moved as little as needed to be `distance` apart, in their order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, after in zip(order, order[1:]):
        moved[after] = max(moved[after], moved[before] + distance)
    excess = max(0, moved[order[-1]] - (HEIGHT - BOTTOM)) if order else 0
    return [place - excess for place in moved]


def number(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def line_chart(title, subtitle, x_title, series, logarithmic_x):
    """An SVG text. series: {label: [(x, y), …]}, the first one emphasised; y on a logarithmic axis if it spans much."""
    xs, ys = [[point[i] for points in series.values() for point in points] for i in (0, 1)]
    logarithmic_y = max(ys) > 8 * min(ys)
    x_scale = Scale(xs, LEFT, WIDTH - RIGHT, logarithmic_x)
    y_scale = Scale(ys, HEIGHT - BOTTOM, TOP, logarithmic_y, from_zero=not logarithmic_y)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">', STYLE,
             f'  <rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'  <text class="title" x="{LEFT}" y="24">{html.escape(title)}</text>',
             f'  <text class="quiet" x="{LEFT}" y="43">{html.escape(subtitle)}</text>']
    for tick in decades(min(ys) * 0.9, max(ys) * 1.1) if logarithmic_y else steps(0, max(ys)):
        y = y_scale(tick)
        lines += [f'  <path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>',
                  f'  <text class="quiet" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>']
    lines.append(f'  <path class="axis" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')
    for tick in sorted(set(xs)):
        x = x_scale(tick)
        lines += [f'  <path class="axis" d="M{x:.1f} {HEIGHT - BOTTOM}v5"/>',
                  f'  <text class="quiet" x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{number(tick)}</text>']
    lines.append(f'  <text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{html.escape(x_title)}</text>')
    labels = spread([y_scale(points[-1][1]) for points in series.values()], 17)
    for i, (label, points) in reversed(list(enumerate(series.items()))):  # the first line lies on top
        colour, at = COLOURS[i % len(COLOURS)], [(x_scale(x), y_scale(y)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
        lines.append(f'  <path class="line" d="M{path}" stroke="{colour}"{" style=" + chr(34) + "stroke-width:3" + chr(34) if i == 0 else ""}/>')
        lines += [mark(MARKS[i % len(MARKS)], x, y, colour) for x, y in at]
        lines.append(f'  <text x="{at[-1][0] + 12:.1f}" y="{labels[i] + 4:.1f}" style="fill:{colour}{";font-weight:600" if i == 0 else ""}">'
                     f"{html.escape(label)}</text>")
    return "\n".join([*lines, "</svg>", ""])
