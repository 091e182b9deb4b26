"""``python -m benchmarks [--quick] [--only WORD] [--to FOLDER] [--importtime]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import (
    block,
    chain,
    cnn,
    compiling,
    kernels,
    lengths,
    lstm,
    memory,
    mlp,
    report,
    scaling,
    sizes,
    startup,
)
from .contenders import use_two_threads
from .timing import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds; saved only with --to")
    parser.add_argument("--only", default="", help="parts with this word in their title; the same")
    parser.add_argument("--importtime", action="store_true", help="which modules the import costs")
    parser.add_argument("--to", type=Path, help="folder of the saved files, if not this one")
    options = parser.parse_args()
    if options.importtime:
        print(startup.breakdown())
        return

    use_two_threads()
    quick, word = options.quick, options.only.lower()
    cases = [case for module in (chain, mlp, lstm, block, cnn) for case in module.cases()]

    def wanted(title: str) -> bool:
        return word in title.lower()

    found = report.Report()
    found.speed = [run(case, quick=quick, show=_show) for case in cases if wanted(case.title)]
    found.compile_times = compiling.measure(
        [case for case in cases if wanted(f"compile time, {case.title}")], quick=quick, show=_show
    )
    found.memory = memory.measure(word, quick=quick, show=_show)
    profiled = [case for case in cases if wanted(f"kernels, {case.title}")]
    if profiled:
        found.limits = kernels.machine_limits()
        found.kernels = kernels.measure(profiled, quick=quick, show=_show)
    if wanted("linear cost"):
        found.linear = scaling.measure(quick=quick, show=_show)
    if wanted("import"):
        found.imports = startup.measure(quick=quick, show=_show)
    if wanted("chart: array size"):
        found.sizes = sizes.measure(quick=quick, show=_show)
    if wanted("chart: tape length"):
        found.lengths = lengths.measure(quick=quick, show=_show)
    text = report.markdown(found)
    _show("\r")
    print(text)
    if options.to or not (quick or word):
        for path in report.save(found, text, options.to or report.HERE):
            print(f"saved {path}")


def _show(line: str) -> None:
    if sys.stderr.isatty():
        print(line.ljust(79), end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
