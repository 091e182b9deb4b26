"""The table: printed, and saved as RESULTS.md and results.json next to this file."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from . import scaling, startup
from .timing import Result, Spread

__all__ = ["machine", "markdown", "save"]

PACKAGES = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd")
HERE = Path(__file__).parent


def machine() -> dict[str, str]:
    """Where the figures come from."""
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as lines:
            names = [
                line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
            ]
            cpu = names[0] if names else cpu
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in PACKAGES)
    return {
        "date": date.today().isoformat(),
        "cpu": f"{cpu}, {len(os.sched_getaffinity(0))} cores",
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": versions,
        "load": " ".join(f"{x:.1f}" for x in os.getloadavg()) + " (1, 5, 15 min, at the end)",
    }


def verdict(value: float, at_most: float) -> str:
    return "pass" if value <= at_most else f"falls short by {100 * (value / at_most - 1):.0f} %"


def _verdict_of(ratio: Spread, best: float, at_most: float) -> str:
    """No verdict where half of the rounds lie more than a factor of 2 apart."""
    if ratio.high > 2 * ratio.low:
        return "too noisy to tell: run again on a quiet machine"
    return verdict(max(ratio.median, best), at_most)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.2f} µs"


def _ratio(r: Spread) -> str:
    return f"{r.median:.3g} ({r.low:.3g}–{r.high:.3g})"


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]
    lines = [header, ["-" * w for w in widths], *rows]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def bounds_table(results: list[Result]) -> str:
    """One row per bound of the speed table."""
    rows = []
    for result in results:
        for bound in result.case.bounds:
            r = result.ratio(bound.ours, bound.peer)
            best = result.ratio_of_best(bound.ours, bound.peer)
            rows.append([
                result.case.title, bound.ours, bound.peer, _ratio(r), f"{best:.3g}",
                f"{bound.at_most:g}", _verdict_of(r, best, bound.at_most),
            ])  # fmt: skip
    return _table(
        ["work", "ours", "against", "ratio (quartiles)", "of best", "bound", "verdict"], rows
    )


def times_table(result: Result) -> str:
    """Every contender of one case, and how many times ours it takes."""
    case = result.case
    ours = next(iter(case.contenders))
    rows = []
    for name in case.contenders:
        s = result.seconds(name)
        n = case.ops
        rows.append([
            name, _time(s.median / n), f"{_time(s.low / n)} – {_time(s.high / n)}",
            _ratio(result.ratio(ours, name)), str(len(result.samples[name])),
        ])  # fmt: skip
    per = "per op" if case.ops > 1 else "per step"
    header = [f"`{case.title}`", f"median {per}", "quartiles", f"{ours} / this", "rounds"]
    return _table(header, rows)


def scaling_table(times: dict[str, dict[int, Spread]]) -> str:
    rows = []
    for mode, by_length in times.items():
        ratio = by_length[scaling.LENGTHS[-1]].median / by_length[scaling.LENGTHS[0]].median
        rows.append([
            mode, *(_time(by_length[n].median) for n in scaling.LENGTHS), f"{ratio:.3g}",
            f"{scaling.AT_MOST:g}", verdict(ratio, scaling.AT_MOST),
        ])  # fmt: skip
    header = [
        "per op, entries:",
        *(f"{n:,}" for n in scaling.LENGTHS),
        "last / first",
        "bound",
        "verdict",
    ]
    return _table(header, rows)


def startup_table(times: dict[str, Spread]) -> str:
    extra = times["extra"]
    return _table(
        ["import", "numpy", "autograd_tape", "difference (quartiles)", "bound", "verdict"],
        [[
            "", _time(times["numpy"].median), _time(times["autograd_tape"].median),
            f"{_time(extra.median)} ({_time(extra.low)} – {_time(extra.high)})",
            _time(startup.AT_MOST), verdict(extra.median, startup.AT_MOST),
        ]],
    )  # fmt: skip


def markdown(
    results: list[Result],
    linear: dict[str, dict[int, Spread]] | None,
    imports: dict[str, Spread] | None,
) -> str:
    """All tables as one page."""
    parts = [
        "# Results",
        "Written by `python -m benchmarks`; do not edit. Forward plus backward, all contenders in "
        "one process and in turn (A B C A B C …), each ratio taken within a round; medians, with "
        "quartiles in brackets. `time.perf_counter`; the garbage collector is enabled as users "
        "have it, and run once before each sample. `torch.set_num_threads(2)`. Gradients of all "
        "contenders were compared before timing. A verdict asks the larger of two, the median "
        "ratio and the ratio of the fastest samples: a busy machine slows PyTorch's threads most.",
        "\n".join(f"- {key}: {value}" for key, value in machine().items()),
    ]
    if results:
        parts += ["## Bounds", bounds_table(results), "## All contenders"]
        for result in results:
            parts += [times_table(result), f"{result.case.note}."]
    if linear:
        parts += ["## Linear cost", scaling_table(linear)]
    if imports:
        parts += ["## Import", startup_table(imports)]
    return "\n\n".join(parts) + "\n"


def save(
    text: str,
    results: list[Result],
    linear: dict[str, dict[int, Spread]] | None,
    imports: dict[str, Spread] | None,
    folder: Path = HERE,
) -> list[Path]:
    """Write RESULTS.md and results.json; returns where."""
    data: dict[str, Any] = {"machine": machine(), "cases": {}}
    for result in results:
        data["cases"][result.case.title] = {
            "ops": result.case.ops,
            "seconds": {name: asdict(result.seconds(name)) for name in result.samples},
            "bounds": [
                {
                    **asdict(b),
                    "ratio": asdict(result.ratio(b.ours, b.peer)),
                    "ratio_of_best": result.ratio_of_best(b.ours, b.peer),
                }
                for b in result.case.bounds
            ],
        }
    if linear:
        data["linear"] = {m: {str(n): asdict(s) for n, s in t.items()} for m, t in linear.items()}
    if imports:
        data["import"] = {name: asdict(s) for name, s in imports.items()}
    page, raw = folder / "RESULTS.md", folder / "results.json"
    page.write_text(text, encoding="utf-8")
    raw.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return [page, raw]
