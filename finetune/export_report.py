"""What an export measured, as one page that needs nothing from elsewhere.

manifest -> report.html: the recommendation, two drawings, a table, the proofs
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from knowledge.report_parts import frame, table, text

LEFT, TOP, WIDTH, HEIGHT = 64, 16, 560, 220
"""A drawing's field; its drawing is 660 × 290."""
Row = Mapping[str, Any]


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
    body = [
        f"<h1>Release {text(manifest['release'])}</h1>",
        f"<p>Made from the run {text(manifest['run'])} on {text(manifest['base']['name'])} "
        f"({text(manifest['base_precision'])}), measured on {text(', '.join(manifest['measured_on']))}.</p>",
        f"<p><strong>Serve {text(manifest['recommended'])}</strong>: {text(manifest['recommended_why'])}. "
        f"{_size(best['bytes'])}, {smaller}; {best['tokens_per_second']:.0f} tokens a second against "
        f"{f16['tokens_per_second']:.0f}.</p>",
        *(f"<p class='warning'>{text(warning)}</p>" for warning in manifest["warnings"]),
        "<h2>What smaller costs</h2>",
        scatter(files, manifest["recommended"], limit=float(manifest["band"]["kl"])),
        "<p>Down and to the left is better. The line is the most that a recommended file may lose.</p>",
        "<h2>What smaller gains</h2>",
        bars(files, manifest["recommended"]),
        "<h2>In numbers</h2>",
        table(HEAD, (_cells(file) for file in files), name="Files of the release"),
        "<p>Perplexity, KL divergence (nats, with its 95 % interval) and the share of tokens that stay the same are "
        "over all tokens of the vocabulary, against the F16 file. Flips are replies that one file says word for word "
        "and the other does not. Memory is the peak while reading, plus a cache for 4,096 tokens.</p>",
        "<h2>Proofs</h2>",
        "<ul>",
        *(f"<li>{line}</li>" for line in _proofs(manifest)),
        "</ul>",
    ]
    return frame(f"Release {manifest['release']}", body)


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
)


def scatter(files: Sequence[Row], recommended: str, *, limit: float) -> str:
    """Return a drawing of size against KL divergence, the recommended file marked."""
    quantized = [file for file in files if file["quantization"] != "F16"]
    if not quantized:
        return "<p>Nothing was quantized.</p>"
    widest = max(file["bytes"] for file in quantized) * 1.15
    highest = max([limit, *(file["kl"] for file in quantized)]) * 1.2

    def x(value: float) -> float:
        return float(LEFT + WIDTH * value / widest)

    def y(value: float) -> float:
        return float(TOP + HEIGHT * (1 - value / highest))

    lines = [*_axes("Size, MB", "KL divergence, nats"), *_ticks(widest / 1e6, highest, x_scale=1e6, x=x, y=y)]
    lines.append(
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y(limit):.1f}" y2="{y(limit):.1f}" stroke="var(--alert)" '
        'stroke-dasharray="5 4"/>'
    )
    for place, file in enumerate(sorted(quantized, key=lambda one: one["bytes"])):
        chosen = file["quantization"] == recommended
        colour = "var(--good)" if chosen else "var(--accent)"
        low, high = y(file["kl"] + file["kl_error"]), y(max(0.0, file["kl"] - file["kl_error"]))
        across, down = x(file["bytes"]), y(file["kl"])
        lines.append(f'<line x1="{across:.1f}" x2="{across:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}"/>')
        lines.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{7 if chosen else 5}" fill="{colour}"/>')
        above = 12 + 14 * (place % 2)  # neighbours' names do not cover one another
        lines.append(
            f'<text x="{across:.1f}" y="{min(down, low) - above:.1f}" text-anchor="middle" fill="{colour}">'
            f"{text(file['quantization'])}</text>"
        )
    return _svg(lines, "Size against loss of each quantization", height=TOP + HEIGHT + 54)


def bars(files: Sequence[Row], recommended: str) -> str:
    """Return a drawing of how fast each file writes."""
    fastest = max(file["tokens_per_second"] for file in files) or 1.0
    step, lines = 30, []
    for place, file in enumerate(files):
        down = TOP + step * place
        length = (WIDTH - 90) * file["tokens_per_second"] / fastest
        colour = "var(--good)" if file["quantization"] == recommended else "var(--accent)"
        lines += [
            f'<text x="{LEFT + 8}" y="{down + 15}" text-anchor="end" fill="var(--ink)">'
            f"{text(file['quantization'])}</text>",
            f'<rect x="{LEFT + 16}" y="{down}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>',
            f'<text x="{LEFT + 24 + length:.1f}" y="{down + 15}" fill="var(--ink)">{file["tokens_per_second"]:.0f} '
            "tokens/s</text>",
        ]
    return _svg(lines, "How fast each file writes", height=TOP + step * len(files) + 8)


def _svg(lines: Sequence[str], title: str, *, height: int) -> str:
    return "\n".join(
        [
            f'<svg viewBox="0 0 {LEFT + WIDTH + 36} {height}" role="img" aria-label="{text(title)}" '
            'font-size="13" width="100%">',
            f"<title>{text(title)}</title>",
            *lines,
            "</svg>",
        ]
    )


def _axes(across: str, down: str) -> list[str]:
    bottom = TOP + HEIGHT
    return [
        f'<path d="M{LEFT} {TOP}V{bottom}H{LEFT + WIDTH}" fill="none" stroke="var(--line)"/>',
        f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 42}" text-anchor="middle" fill="var(--soft)">{text(across)}</text>',
        f'<text x="14" y="{TOP + HEIGHT / 2}" text-anchor="middle" fill="var(--soft)" '
        f'transform="rotate(-90 14 {TOP + HEIGHT / 2})">{text(down)}</text>',
    ]


def _ticks(widest: float, highest: float, *, x_scale: float, x: Any, y: Any) -> list[str]:
    bottom, lines = TOP + HEIGHT, []
    for value in _round_values(widest):
        lines.append(
            f'<text x="{x(value * x_scale):.1f}" y="{bottom + 18}" text-anchor="middle" fill="var(--soft)">'
            f"{value:g}</text>"
        )
    for value in _round_values(highest):
        lines.append(
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="var(--soft)">{value:g}</text>'
        )
    return lines


def _round_values(highest: float) -> list[float]:
    """Return up to six round numbers from 0 to the highest."""
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(part * power for part in (0.2, 0.5, 1.0, 2.0, 5.0) if highest / (part * power) <= 6)
    return [round(step * number, 12) for number in range(int(highest / step) + 1)]


def _cells(file: Row) -> list[str]:
    flips = f"{file['flips']} of {file['replies']}" if file["replies"] else "–"
    return [
        text(file["quantization"]),
        _size(file["bytes"]),
        f"{file['perplexity']:.3f}",
        f"{file['kl']:.4f} ± {file['kl_error']:.4f}",
        f"{file['same_top']:.1%}",
        flips,
        f"{file['tokens_per_second']:.0f}",
        f"{file['prompt_tokens_per_second']:.0f}",
        _size(file["serving_bytes"]),
    ]


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
