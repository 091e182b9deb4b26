"""``python -m benchmarks [--quick] [--only WORD] [--importtime]``."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from . import chain, mlp, report, scaling, startup
from .timing import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, nothing saved")
    parser.add_argument("--only", default="", help="cases with this word in their title; not saved")
    parser.add_argument("--importtime", action="store_true", help="which modules the import costs")
    parser.add_argument("--to", type=Path, default=report.HERE, help="folder of the saved files")
    options = parser.parse_args()
    if options.importtime:
        print(startup.breakdown())
        return

    import torch

    torch.set_num_threads(2)
    word = options.only.lower()
    chosen = [c for c in (*chain.cases(), *mlp.cases()) if word in c.title.lower()]
    # What the imported peers brought along would slow down each full collection, for all alike.
    gc.collect()
    gc.freeze()
    results = [run(case, quick=options.quick, show=_show) for case in chosen]
    wanted = {name: word in name for name in ("linear cost", "import")}
    linear = scaling.measure(quick=options.quick, show=_show) if wanted["linear cost"] else None
    imports = startup.measure(quick=options.quick, show=_show) if wanted["import"] else None
    text = report.markdown(results, linear, imports)
    _show("\r")
    print(text)
    if not (options.quick or options.only):
        for path in report.save(text, results, linear, imports, options.to):
            print(f"saved {path}")


def _show(line: str) -> None:
    if sys.stderr.isatty():
        print(line.ljust(79), end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
