"""What an export measured, as one page that needs nothing from elsewhere.

manifest -> report.html: the recommendation, two drawings, a table, the proofs
"""

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from knowledge.report_parts import frame, table, text

LEFT, TOP, WIDTH, HEIGHT = 44, 14, 330, 190
"""A drawing's field; its drawing is 390 × 250, so that it can be read on a phone."""
LETTER, LINE = 6.4, 12
"""About what a letter of a drawing's text takes, across and down."""
Row = Mapping[str, Any]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def write_report(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the page; a file that is there is replaced at once."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(page(manifest), encoding="utf-8")
    part.replace(path)


def page(manifest: Mapping[str, Any]) -> str:
    """Return the page."""
    files: Sequence[Row] = manifest["files"]
    best = next(file for file in files if file["quantization"] == manifest["recommended"])
    f16 = next(file for file in files if file["quantization"] == "F16")
    smaller = f"{best['bytes'] / f16['bytes']:.0%} of the F16 file"
    outside = [str(file["quantization"]) for file in files if breaches(file, f16, manifest["band"])]
    body = [
        f"<h1>Release {text(manifest['release'])}</h1>",
        f"<p>Made from the run {text(manifest['run'])} on {text(manifest['base']['name'])} "
        f"({text(manifest['base_precision'])}), measured on {text(', '.join(manifest['measured_on']))}.</p>",
        f"<p><strong>Serve {text(manifest['recommended'])}</strong>: {text(manifest['recommended_why'])}. "
        f"{_size(best['bytes'])}, {smaller}; {best['tokens_per_second']:.0f} tokens a second against "
        f"{f16['tokens_per_second']:.0f}.</p>",
        *(f"<p class='warning'>{text(warning)}</p>" for warning in manifest["warnings"]),
        "<h2>What smaller costs</h2>",
        "<figure>",
        scatter(files, manifest["recommended"], limit=float(manifest["band"]["kl"]), outside=outside),
        "<figcaption>Down and to the left is better; the upright lines are 95 % intervals. The dashed line is the most "
        "KL divergence that a recommended file may have. A hollow mark lies outside the band, for this or another "
        "limit; the table says for which.</figcaption>",
        "</figure>",
        "<h2>What smaller gains</h2>",
        "<figure>",
        bars(files, manifest["recommended"]),
        "<figcaption>Tokens a second while writing, with the threads of this measurement. Other programs that ran "
        "beside it show in it.</figcaption>",
        "</figure>",
        "<h2>In numbers</h2>",
        table(HEAD, (_cells(file, f16, manifest["band"]) for file in files), name="Files of the release"),
        "<p>Perplexity, KL divergence (nats, with its 95 % interval) and the share of tokens that stay the same are "
        "over all tokens of the vocabulary, against the F16 file. Flips are replies that one file says word for word "
        "and the other does not. Memory is the peak while reading, plus a cache for 4,096 tokens.</p>",
        "<h2>Proofs</h2>",
        "<ul>",
        *(f"<li>{line}</li>" for line in _proofs(manifest)),
        "</ul>",
    ]
    return frame(f"Release {manifest['release']}", body, style=STYLE)


STYLE = """
.chosen { fill: var(--good); }
.inside { fill: var(--accent); }
.outside { fill: var(--card); }
.plot line.chosen, .plot circle.chosen { stroke: var(--good); }
.plot line.inside, .plot line.outside, .plot circle.inside, .plot circle.outside { stroke: var(--accent); }
.plot circle { stroke-width: 1.6; }
.plot text.ink { fill: var(--ink); }
.plot text.chosen { fill: var(--good); font-weight: 600; }
.plot text.inside, .plot text.outside { fill: var(--accent); }
"""
HEAD = (
    "File",
    "Size",
    "Perplexity",
    "KL divergence",
    "Same top",
    "Flips",
    "Writing, tokens/s",
    "Reading, tokens/s",
    "Memory",
    "Outside the band",
)


def breaches(file: Row, reference: Row, band: Row) -> list[str]:
    """Return which limits of the band a file does not keep, each with what it has."""
    found = []
    rise = file["perplexity"] / reference["perplexity"] - 1
    if file["kl"] > band["kl"]:
        found.append(f"KL {file['kl']:.3f}")
    if file["perplexity"] > reference["perplexity"] * (1 + band.get("perplexity_rise", math.inf)):
        found.append(f"perplexity {100 * rise:+.1f} %")
    if file["same_top"] < band.get("same_top", 0.0):
        found.append(f"same top {100 * file['same_top']:.1f} %")
    return found


def scatter(files: Sequence[Row], recommended: str, *, limit: float, outside: Collection[str] = ()) -> str:
    """Return a drawing of size against KL divergence, the recommended file marked.

    Args:
        limit: the most KL divergence of the band, nats.
        outside: quantizations that do not keep the band.
    """
    quantized = sorted((file for file in files if file["quantization"] != "F16"), key=lambda one: one["bytes"])
    if not quantized:
        return "<p>Nothing was quantized.</p>"
    widest = max(file["bytes"] for file in quantized) * 1.15
    most = max([limit, *(file["kl"] for file in quantized)])
    # A wide interval may leave the field, at the top, rather than press all the rest together.
    highest = 1.08 * min(2 * most, max([limit, *(file["kl"] + file["kl_error"] for file in quantized)]))

    def x(value: float) -> float:
        return float(LEFT + WIDTH * value / widest)

    def y(value: float) -> float:
        return float(TOP + HEIGHT * (1 - min(value, highest) / highest))

    lines = [*_axes("Size, MB", "KL divergence, nats"), *_ticks(widest / 1e6, highest, x_scale=1e6, x=x, y=y)]
    line = y(limit)
    lines.append(f'<line class="refused" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{line:.1f}" y2="{line:.1f}"/>')
    dots = [(x(file["bytes"]), y(file["kl"])) for file in quantized]
    taken: list[Box] = [(across - 6, down - 6, across + 6, down + 6) for across, down in dots]
    for file, (across, down) in zip(quantized, dots, strict=True):
        chosen = file["quantization"] == recommended
        kind = "chosen" if chosen else "outside" if file["quantization"] in outside else "inside"
        low, high = y(file["kl"] + file["kl_error"]), y(max(0.0, file["kl"] - file["kl_error"]))
        lines.append(f'<line class="{kind}" x1="{across:.1f}" x2="{across:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        lines.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{6 if chosen else 4.5}" class="{kind}"/>')
        box = _free_place(across, down, str(file["quantization"]), taken)
        taken.append(box)
        lines.append(
            f'<text class="{kind}" x="{(box[0] + box[2]) / 2:.1f}" y="{box[3] - 3:.1f}" text-anchor="middle">'
            f"{text(file['quantization'])}</text>"
        )
    return _svg(lines, "Size against loss of each quantization", height=TOP + HEIGHT + 46)


def _free_place(across: float, down: float, name: str, taken: Sequence[Box]) -> Box:
    """Return where a mark's name covers neither another one nor a mark; above it where there is no such place."""
    wide = LETTER * len(name)
    places = (
        (across + 9, down - LINE / 2),
        (across - 9 - wide, down - LINE / 2),
        *((across - wide / 2, down - 8 - LINE * row) for row in (1, 2, 3)),
        (across - wide / 2, down + 8),
    )
    boxes = [(left, top, left + wide, top + LINE) for left, top in places]
    free = [
        box
        for box in boxes
        if box[0] >= LEFT
        and box[2] <= LEFT + WIDTH + 14
        and box[3] <= TOP + HEIGHT
        and not any(_touch(box, one) for one in taken)
    ]
    return next(iter(free), boxes[2])


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def bars(files: Sequence[Row], recommended: str) -> str:
    """Return a drawing of how fast each file writes."""
    fastest = max(file["tokens_per_second"] for file in files) or 1.0
    step, lines = 24, []
    for place, file in enumerate(files):
        down = TOP + step * place
        length = (WIDTH - 90) * file["tokens_per_second"] / fastest
        kind = "chosen" if file["quantization"] == recommended else "inside"
        lines += [
            f'<text class="ink" x="{LEFT + 8}" y="{down + 12}" text-anchor="end">{text(file["quantization"])}</text>',
            f'<rect class="{kind}" x="{LEFT + 14}" y="{down}" width="{length:.1f}" height="16" rx="3"/>',
            f'<text class="ink" x="{LEFT + 20 + length:.1f}" y="{down + 12}">{file["tokens_per_second"]:.0f} '
            "tokens/s</text>",
        ]
    return _svg(lines, "How fast each file writes", height=TOP + step * len(files) + 4)


def _svg(lines: Sequence[str], title: str, *, height: int) -> str:
    return "\n".join(
        [
            f'<svg class="plot" viewBox="0 0 {LEFT + WIDTH + 16} {height}" role="img" aria-label="{text(title)}">',
            f"<title>{text(title)}</title>",
            *lines,
            "</svg>",
        ]
    )


def _axes(across: str, down: str) -> list[str]:
    bottom = TOP + HEIGHT
    return [
        f'<path class="grid" d="M{LEFT} {TOP}V{bottom}H{LEFT + WIDTH}" fill="none"/>',
        f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 34}" text-anchor="middle">{text(across)}</text>',
        f'<text x="10" y="{TOP + HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 10 {TOP + HEIGHT / 2})">'
        f"{text(down)}</text>",
    ]


def _ticks(widest: float, highest: float, *, x_scale: float, x: Any, y: Any) -> list[str]:
    bottom, lines = TOP + HEIGHT, []
    for value in _round_values(widest):
        lines.append(f'<text x="{x(value * x_scale):.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    for value in _round_values(highest):
        lines.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    return lines


def _round_values(highest: float) -> list[float]:
    """Return up to six round numbers from 0 to the highest."""
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(part * power for part in (0.2, 0.5, 1.0, 2.0, 5.0) if highest / (part * power) <= 6)
    return [round(step * number, 12) for number in range(int(highest / step) + 1)]


def _cells(file: Row, reference: Row, band: Row) -> list[str]:
    flips = f"{file['flips']} of {file['replies']}" if file["replies"] else "–"
    return [
        text(file["quantization"]),
        _whole(_size(file["bytes"])),
        f"{file['perplexity']:.3f}",
        f"{file['kl']:.4f} <small><span>± {file['kl_error']:.4f}</span></small>",
        f"{file['same_top']:.1%}",
        _whole(flips),
        f"{file['tokens_per_second']:.0f}",
        f"{file['prompt_tokens_per_second']:.0f}",
        _whole(_size(file["serving_bytes"])),
        text(", ".join(breaches(file, reference, band))) or "–",
    ]


def _whole(value: str) -> str:
    return f'<span class="whole">{text(value)}</span>'


def _proofs(manifest: Mapping[str, Any]) -> list[str]:
    conversion, merge = manifest["conversion"], manifest["merge"]
    lines = []
    if merge:
        lines.append(
            f"Merged against adapter: logits differ by at most {merge['max_difference']:.4f} over {merge['tokens']} "
            f"tokens, the same next token at {merge['same_top']} of them. One pass takes "
            f"{merge['merged_seconds']:.2f} s merged, {merge['base_seconds']:.2f} s the base alone, "
            f"{merge['adapter_seconds']:.2f} s with the adapter beside it."
        )
    lines.append(
        f"F16 file in llama.cpp against the merged model: logits differ by at most "
        f"{conversion['max_difference']:.4f} over {conversion['tokens']} tokens, the same next token at "
        f"{conversion['same_top']:.1%}."
    )
    matrix = (
        "with an importance matrix of the company's own text" if manifest["importance"] else "without importance matrix"
    )
    lines.append(f"Quantized {matrix}.")
    return lines


def _size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
