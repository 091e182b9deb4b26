"""The tables: printed, and saved with results.json and the charts next to this file."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from . import charts, compiling, kernels, memory, scaling, startup
from .compiling import CompileTime
from .contenders import COMPILED, GRADIENT
from .kernels import Profile
from .lengths import Lengths
from .memory import Memory
from .scaling import Linear
from .timing import Result, Spread

__all__ = ["Report", "machine", "markdown", "save"]

PACKAGES = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd")
HERE = Path(__file__).parent


@dataclass
class Report:
    """All that was measured; what was left out is empty."""

    speed: list[Result] = field(default_factory=list)
    compile_times: dict[str, CompileTime] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    kernels: dict[str, Profile] = field(default_factory=dict)
    linear: dict[str, Linear] = field(default_factory=dict)
    imports: dict[str, Spread] = field(default_factory=dict)
    sizes: dict[str, dict[int, Spread]] = field(default_factory=dict)
    lengths: Lengths = field(default_factory=Lengths)


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
    if seconds < 1e-6:
        return f"{seconds * 1e9:.1f} ns"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.2f} µs"


def _size(n: float) -> str:
    size, unit = next((u for u in ((1e9, "GB"), (1e6, "MB")) if n >= u[0]), (1e3, "kB"))
    return f"{n / size:.3g} {unit}"


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
    """Every contender of one case, and how many times of it ours takes."""
    case = result.case
    rows = []
    for name in result.samples:
        s = result.seconds(name)
        n = case.ops
        rows.append([
            name, _time(s.median / n), f"{_time(s.low / n)} – {_time(s.high / n)}",
            *(_ratio(result.ratio(ours, name)) for ours in (GRADIENT, COMPILED)),
            str(len(result.samples[name])),
        ])  # fmt: skip
    per = "per op" if case.ops > 1 else "per step"
    header = [f"`{case.title}`", f"median {per}", "quartiles"]
    return _table([*header, f"{GRADIENT} / this", f"{COMPILED} / this", "rounds"], rows)


def compile_table(times: dict[str, CompileTime]) -> str:
    rows = [
        [
            title, _time(t.eager.median), _time(t.compile.median), _ratio(t.ratio),
            f"{compiling.AT_MOST:g}", _verdict_of(t.ratio, t.ratio.median, compiling.AT_MOST),
        ]
        for title, t in times.items()
    ]  # fmt: skip
    header = ["work", "eager run", "compile", "compile / eager (quartiles)", "bound", "verdict"]
    return _table(header, rows)


def memory_table(found: dict[str, Memory]) -> str:
    """A row for each contender; the bound is on ours compiled, with and without pages of files."""
    rows = []
    for title, m in found.items():
        worse = max(m.ratio, m.ratio_own, key=lambda r: r.median)
        for name in memory.CONTENDERS:
            g = m.growth[name]
            ours = name == COMPILED
            rows.append([
                title, name, f"{_size(g.median)} ({_size(g.low)} – {_size(g.high)})",
                _size(m.own[name].median), _size(m.first[name].median),
                _ratio(m.ratio) if ours else "", _ratio(m.ratio_own) if ours else "",
                f"{memory.AT_MOST:g}" if ours else "",
                _verdict_of(worse, worse.median, memory.AT_MOST) if ours else "",
            ])  # fmt: skip
    return _table(
        [
            "work", "contender", "growth (quartiles)", "without files", "at first", "/ torch",
            "/ torch without files", "bound", "verdict",
        ],
        rows,
    )  # fmt: skip


def _rate(n: int, seconds: float) -> str:
    """Milliards a second."""
    return f"{n / seconds / 1e9:.3g}" if n and seconds else ""


def kernels_table(title: str, profile: Profile) -> str:
    """A row for each of the longest kernels, one for the rest of them, one for the whole."""
    named = list(profile.kernels.items())
    shown, rest = named[: kernels.SHOWN], named[kernels.SHOWN :]
    if rest:
        shown.append(("the rest", kernels.together(k for _, k in rest)))
    total = kernels.together(profile.kernels.values())
    rows = []
    for name, k in [*shown, ("all", total)]:
        rows.append([
            name, f"{k.calls:,}", _time(k.inside), f"{k.inside / total.inside:.0%}", _time(k.alone),
            _rate(k.flops, k.alone), _rate(k.bytes, k.alone),
        ])  # fmt: skip
    rows.append(["one run, no clock", "", _time(profile.run), "", "", "", ""])
    header = [f"`{title}`", "calls", "in the program", "share", "by themselves", "Gflop/s", "GB/s"]
    return _table(header, rows)


def scaling_table(times: dict[str, Linear]) -> str:
    rows = []
    for mode, t in times.items():
        rows.append([
            mode, *(_time(t.seconds[n].median) for n in scaling.LENGTHS), _ratio(t.ratio),
            f"{scaling.AT_MOST:g}", verdict(t.ratio.median, scaling.AT_MOST),
        ])  # fmt: skip
    lengths = [f"{n:,}" for n in scaling.LENGTHS]
    return _table(
        ["per op, entries:", *lengths, "last / first (quartiles)", "bound", "verdict"], rows
    )


def curves_table(what: str, curves: dict[str, dict[int, Spread]], text: Any) -> str:
    """Medians: a row for each contender, a column for each size or length."""
    columns = sorted({n for by in curves.values() for n in by})
    rows = [
        [name, *(text(by[n].median) if n in by else "" for n in columns)]
        for name, by in curves.items()
    ]
    return _table([what, *(f"{n:,}" for n in columns)], rows)


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


def markdown(report: Report, folder: str = "charts") -> str:
    """All tables as one page; the charts are in ``folder``."""
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
    if report.speed:
        parts += ["## Bounds", bounds_table(report.speed), "## All contenders"]
        for result in report.speed:
            parts += [times_table(result), f"{result.case.note}."]
    if report.compile_times:
        parts += [
            "## Compile time",
            "One call of `compile(...)`, which records, writes, compiles, runs and checks.",
            compile_table(report.compile_times),
        ]
    if report.memory:
        parts += [
            "## Memory",
            "By how much the process has grown at the peak of a warm step, each contender in fresh "
            'processes; "without files": less the code that the steps read in; "at first": at '
            "the peak of the first five steps, compilation included. Ratios are of ours compiled; "
            "the verdict asks the larger one.",
            memory_table(report.memory),
        ]
    if report.kernels:
        limits = report.limits
        parts += [
            "## Where the time of compiled steps goes",
            "Each call of a program is timed in the program, and by itself: over and over on the "
            "same operands, which is the best that NumPy has for it. (The clock takes time, too: "
            "the lines add up to more than a run without it.) Operations and bytes are those of "
            "`program.cost()`, per second of the calls by themselves. At best NumPy "
            f"reaches here: {limits['matmul'] / 1e9:.0f} Gflop/s (`np.matmul` of 2,048 x 2,048, "
            f"float32), {limits['copy'] / 1e9:.1f} GB/s of main memory and "
            f"{limits['copy in cache'] / 1e9:.0f} GB/s of the first cache (`np.copyto`, read and "
            f"written), {_time(limits['call'])} for a small call (`np.add` of ten numbers).",
        ]
        parts += [kernels_table(title, profile) for title, profile in report.kernels.items()]
    if report.linear:
        parts += ["## Linear cost", scaling_table(report.linear)]
    if report.imports:
        parts += ["## Import", startup_table(report.imports)]
    if report.sizes:
        parts += [
            "## Size of the arrays",
            charts.picture(charts.SIZES, folder),
            "The chain, forward and backward; medians, with the quartiles as shades (and in "
            "`results.json`). micrograd has numbers only.",
            curves_table("per op, arrays of", report.sizes, _time),
        ]
    if report.lengths.seconds:
        parts += [
            "## Length of the tape",
            charts.picture(charts.LENGTHS, folder),
            "The chain of numbers, each contender in fresh processes; micrograd with the recursion "
            "limit raised. Memory is what the process had grown by at its peak, compilation and "
            "garbage that waits for the collector included.",
            curves_table("per op, length", report.lengths.seconds, _time),
        ]
        if report.lengths.bytes:
            parts.append(curves_table("memory, length", report.lengths.bytes, _size))
        parts += [f"{name} stopped: {why}." for name, why in report.lengths.stopped.items()]
    return "\n\n".join(parts) + "\n"


def save(report: Report, text: str, folder: Path = HERE) -> list[Path]:
    """Write RESULTS.md, results.json and the charts; returns where."""
    data: dict[str, Any] = {"machine": machine(), "cases": {}}
    for result in report.speed:
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
    others = asdict(report)
    del others["speed"]
    data |= {key: value for key, value in others.items() if value}
    folder.mkdir(parents=True, exist_ok=True)
    page, raw = folder / "RESULTS.md", folder / "results.json"
    page.write_text(text, encoding="utf-8")
    raw.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return [page, raw, *charts.draw(report.sizes, report.lengths, folder / "charts")]
