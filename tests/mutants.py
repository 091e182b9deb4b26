"""Are the checks worth their name?  Each rule is broken in many ways; each must be noticed.

``python -m tests.mutants [--only NAME] [--json FILE]`` replaces every rule of every primitive by
mutants of it, one at a time, and runs the checks of tests/engine.py until one fails: the mutant is
killed.  One that nothing notices is a *survivor*, unless it gives what the rule gives (to rounding)
at every call that the checks make, and so do its derivatives: *no change*.
"""

import argparse
import json
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import combinations
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd_tape import vjp
from autograd_tape.adjoint import unbroadcast
from autograd_tape.primitive import Primitive
from autograd_tape.scatter import Scattered
from autograd_tape.testing import culprit, mismatch, probe
from autograd_tape.testing.culprit import apart
from autograd_tape.testing.oracles import quiet
from autograd_tape.variable import as_value
from tests.engine import PRIMITIVES, Check, checks, samples
from tests.mutated_source import mutated_sources
from tests.ties import TIES

RESULTS = Path(__file__).with_name("mutants.json")
SECONDS = 30  # a mutant that runs for longer is killed: it broke a loop

Rule = Callable[..., Any]


class Mutant(NamedTuple):
    """A wrong rule for one operand, in one mode."""

    kind: str
    mode: str  # vjp or jvp
    operand: int
    detail: str
    rule: Rule

    def __str__(self) -> str:
        detail = self.detail and f", {self.detail}"
        return f"{self.kind}: {self.mode} of operand {self.operand}{detail}"


# -- mutants of what a rule returns, or is given ---------------------------------------------------


def _each(f: Callable[[Any], Any], c: Any) -> Any:
    """``f`` of each array that a rule returned."""
    if isinstance(c, tuple):
        return tuple(f(part) for part in c)
    if isinstance(c, Scattered):
        return Scattered(c.index, f(c.ct), c.put)
    return f(c)


def _returned(rule: Rule, f: Callable[[Any], Any]) -> Rule:
    return lambda ct, output, *args, **params: _each(f, rule(ct, output, *args, **params))


def _without_largest(c: Any) -> Any:
    """``c`` with its largest element zeroed."""
    value = np.asarray(as_value(c))
    if not value.size:
        return c
    if not value.ndim:
        return 0 * c
    keep = np.ones(value.shape, bool)
    keep.flat[np.argmax(np.abs(value))] = False
    return np.where(keep, c, np.zeros((), value.dtype))


def _element(rule: Rule) -> Rule:
    def mutant(ct: Any, output: Any, *args: Any, **params: Any) -> Any:
        c = rule(ct, output, *args, **params)
        if not isinstance(c, tuple):
            return _each(_without_largest, c)
        largest = int(np.argmax([np.abs(as_value(part)).max(initial=0) for part in c]))
        return tuple(_without_largest(part) if k == largest else part for k, part in enumerate(c))

    return mutant


def _promoted(rule: Rule) -> Rule:
    """Single precision made double, unless NumPy itself makes the output double."""

    def mutant(ct: Any, output: Any, *args: Any, **params: Any) -> Any:
        c = rule(ct, output, *args, **params)
        single = all(np.result_type(as_value(y)).char in "fF" for y in _parts(output))
        return _each(_widened, c) if single else c

    return mutant


def _widened(c: Any) -> Any:
    wide = {"f": np.float64, "F": np.complex128}.get(getattr(getattr(c, "dtype", None), "char", ""))
    return c if wide is None else c.astype(wide)


def _swapped(rule: Rule, i: int, j: int) -> Rule:
    def mutant(ct: Any, output: Any, *args: Any, **params: Any) -> Any:
        xs = list(args)
        if np.shape(as_value(xs[i])) == np.shape(as_value(xs[j])):
            xs[i], xs[j] = xs[j], xs[i]
        return rule(ct, output, *xs, **params)

    return mutant


def _first_slices(rule: Rule, i: int) -> Rule:
    """Broadcast axes undone by taking the first slice in place of the sum."""

    def mutant(ct: Any, output: Any, *args: Any, **params: Any) -> Any:
        c = rule(ct, output, *args, **params)
        if isinstance(c, (Scattered, tuple)):
            return c
        have, want = np.shape(as_value(c)), np.shape(as_value(args[i]))
        extra = len(have) - len(want)
        if extra < 0 or have == want:
            return c
        index = [0] * extra
        for n, m in zip(have[extra:], want, strict=True):
            if n != m and m != 1:
                return c
            index.append(slice(0, 1) if n != m else slice(None))
        return c[tuple(index)]

    return mutant


def mutants(p: Primitive) -> Iterator[Mutant]:
    n = max(len(args) for args, _ in samples(p))
    for mode in ("vjp", "jvp"):
        for i in range(n):
            rule = p.rule(mode, i)
            if rule is None:
                continue
            make = partial(Mutant, mode=mode, operand=i)
            yield make("sign", detail="", rule=_returned(rule, lambda c: -c))
            yield make("factor", detail="", rule=_returned(rule, lambda c: c * 1.001))
            yield make("element", detail="", rule=_element(rule))
            for kind, detail, source in mutated_sources(rule):
                yield make(kind, detail=detail, rule=source)
            for a, b in combinations(range(n), 2):
                yield make("swap", detail=f"{a} and {b}", rule=_swapped(rule, a, b))
            if mode == "vjp" and n > 1:
                yield make("unbroadcast", detail="", rule=_first_slices(rule, i))
            if p.name in TIES:
                yield make("tie", detail="", rule=TIES[p.name](rule, mode, i))
            yield make("dtype", detail="", rule=_promoted(rule))


# -- running them ----------------------------------------------------------------------------------


@contextmanager
def installed(p: Primitive, mode: str, i: int, rule: Rule) -> Iterator[None]:
    """``rule`` in place of that of operand ``i``."""
    attribute = f"{mode}s"
    old = getattr(p, attribute)
    if callable(old):
        new: Any = lambda k, *a, **kw: rule(*a, **kw) if k == i else old(k, *a, **kw)  # noqa: E731
    else:
        new = tuple(rule if k == i else r for k, r in enumerate(old))
    p.set_rules(**{attribute: new})
    try:
        yield
    finally:
        p.set_rules(**{attribute: old})


@contextmanager
def terse() -> Iterator[None]:
    """Failing checks without the search for element and culprit, and with a limit of time."""
    report, locate = culprit.report, probe.Probe.worst_element
    culprit.report = lambda f, args, order, modes, m: mismatch.GradientError(m.what, m)
    probe.Probe.worst_element = lambda self, mismatch: mismatch
    try:
        with quiet():
            yield
    finally:
        culprit.report, probe.Probe.worst_element = report, locate


class _TooLong(BaseException):
    pass


def _stop(*_: Any) -> None:
    raise _TooLong


def killer(todo: list[Check]) -> str | None:
    """The name of the first check that fails."""
    for c in todo:
        signal.alarm(SECONDS)
        try:
            c.run()
        except (Exception, _TooLong):
            return c.name
        finally:
            signal.alarm(0)
    return None


def calls_of(p: Primitive, mode: str, i: int, todo: list[Check]) -> list[tuple[Any, ...]]:
    """What the rule is called with by the checks, as plain values."""
    rule = p.rule(mode, i)
    calls: list[tuple[Any, ...]] = []

    def plain(x: Any) -> Any:
        return tuple(map(plain, x)) if isinstance(x, tuple) else as_value(x)

    def spy(*args: Any, **params: Any) -> Any:
        calls.append((plain(args), params))
        return rule(*args, **params)

    with installed(p, mode, i, spy):
        killer(todo)
    return calls


def _parts(c: Any) -> tuple[Any, ...]:
    return c if isinstance(c, tuple) else (c.ct,) if isinstance(c, Scattered) else (c,)


def _alike(a: Any, b: Any) -> bool:
    """Equal to rounding (a mutant may add and subtract what is 0), in shape and dtype as well."""
    a, b = ([as_value(x) for x in _parts(c)] for c in (a, b))
    return len(a) == len(b) and all(
        np.shape(x) == np.shape(y) and np.result_type(x) == np.result_type(y)
        and np.allclose(x, y, rtol=0, atol=_ROUNDING * _size(y), equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )  # fmt: skip


_ROUNDING = 1e-13


def _size(x: Any) -> float:
    single = np.result_type(x).char in "fF"
    finite = np.abs(x, where=np.isfinite(x), out=np.zeros(np.shape(x)))
    return float(np.max(finite, initial=0.0)) * (1e8 if single else 1)


def _outcome(
    p: Primitive, rule: Rule, args: tuple[Any, ...], params: dict[str, Any], slopes: bool
) -> Any:
    """What ``rule`` gives, or the derivatives of that in the seed and in the operands of ``p``."""
    if not slopes:
        return rule(*args, **params)
    ct, _, *operands = args
    seeds = _parts(ct)
    flat = [*seeds, *operands]
    which = [k for k, x in enumerate(flat) if getattr(x, "dtype", np.dtype(type(x))).kind in "fc"
             and x is not None]  # fmt: skip

    def f(*xs: Any) -> Any:
        filled = list(flat)
        for k, x in zip(which, xs, strict=True):
            filled[k] = x
        n = len(seeds)
        output = apart(p(*filled[n:], **params))
        moved = tuple(filled[:n]) if isinstance(ct, tuple) else filled[0]
        total: Any = 0 * np.real(np.sum(xs[0]))
        weights = np.random.default_rng(0)
        for part in _parts(rule(moved, output, *filled[n:], **params)):
            weight = weights.uniform(0.5, 1.5, np.shape(as_value(part)))
            total = total + np.real(np.sum(part * weight))
        return total

    return vjp(f, *(flat[k] for k in which))[1](1.0)


def _fitted(c: Any, x: Any) -> Any:
    """What the sweep makes of an adjoint: in the shape of its operand."""
    if isinstance(c, (tuple, Scattered)):
        return c
    fitted = unbroadcast(c, np.shape(x))
    return c if fitted is None else fitted


def unchanged(p: Primitive, m: Mutant, calls: list[tuple[Any, ...]]) -> bool:
    """Does the mutant give what the rule gives, and its derivatives, at all of ``calls``?"""
    rule = p.rule(m.mode, m.operand)
    for args, params in calls:
        for slopes in (False, True):
            try:
                expected = _outcome(p, rule, args, params, slopes)
            except Exception:
                if slopes:
                    continue
                return False
            try:
                got = _outcome(p, m.rule, args, params, slopes)
            except Exception:
                return False
            if m.mode == "vjp" and not slopes:
                got, expected = (_fitted(c, args[2 + m.operand]) for c in (got, expected))
            if not _alike(got, expected):
                return False
    return True


class Result(NamedTuple):
    name: str
    killed: list[tuple[str, str]]  # (kind, the check that noticed)
    unchanged: list[tuple[str, str]]  # (kind, the mutant)
    survivors: list[tuple[str, str]]
    broken: list[str]  # checks that fail without any mutant


def judge(name: str) -> Result:
    """Run all mutants of one primitive."""
    p = next(p for p in PRIMITIVES if p.name == name)
    signal.signal(signal.SIGALRM, _stop)
    result = Result(name, [], [], [], [])
    with terse():
        todo = []
        for c in checks(p):
            if killer([c]) is None:
                todo.append(c)
            else:
                result.broken.append(c.name)
        known: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
        for m in mutants(p):
            with installed(p, m.mode, m.operand, m.rule):
                noticed = killer(todo)
            if noticed is not None:
                result.killed.append((m.kind, noticed))
                continue
            where = (m.mode, m.operand)
            if where not in known:
                known[where] = calls_of(p, *where, todo)
            same = unchanged(p, m, known[where])
            (result.unchanged if same else result.survivors).append((m.kind, str(m)))
    return result


def _safely(name: str) -> Result | str:
    try:
        return judge(name)
    except Exception:
        return f"{name}\n{traceback.format_exc()}"


def as_json(results: list[Result]) -> dict[str, Any]:
    kinds: dict[str, Counter[str]] = {}
    for r in results:
        for outcome in ("killed", "unchanged", "survivors"):
            for kind, _ in getattr(r, outcome):
                kinds.setdefault(kind, Counter())[outcome] += 1
    return {
        "primitives": {
            r.name: {
                "killed": len(r.killed),
                "unchanged": len(r.unchanged),
                "survivors": [text for _, text in r.survivors],
            }
            for r in sorted(results)
        },
        "kinds": {
            kind: {o: kinds[kind][o] for o in ("killed", "unchanged", "survivors")}
            for kind in sorted(kinds)
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a primitive (may be given several times)")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="list what changes nothing, too")
    options = parser.parse_args()
    names = options.only or [p.name for p in PRIMITIVES]
    start = time.perf_counter()
    results, crashed = [], []
    with Pool(options.processes) as pool:
        for r in pool.imap_unordered(_safely, names):
            if isinstance(r, str):
                crashed.append(r)
                continue
            results.append(r)
            for name in r.broken:
                print(f"{r.name}: {name} fails without a mutant", flush=True)
            for _, text in r.survivors:
                print(f"{r.name}: SURVIVES {text}", flush=True)
            for _, text in r.unchanged if options.verbose else ():
                print(f"{r.name}: no change by {text}", flush=True)
    for text in crashed:
        print(text)
    table = as_json(results)
    print(f"{'kind':<12} {'killed':>8} {'no change':>10} {'survivors':>10}")
    for kind, n in table["kinds"].items():
        print(f"{kind:<12} {n['killed']:>8} {n['unchanged']:>10} {n['survivors']:>10}")
    total = {o: sum(n[o] for n in table["kinds"].values())
             for o in ("killed", "unchanged", "survivors")}  # fmt: skip
    print(f"{'all':<12} {total['killed']:>8} {total['unchanged']:>10} {total['survivors']:>10}")
    print(f"{sum(total.values())} mutants in {time.perf_counter() - start:.0f} s")
    if options.json:
        with suppress(FileNotFoundError):
            Path(options.json).unlink()
        Path(options.json).write_text(json.dumps(table, indent=1) + "\n")
    return 1 if crashed or total["survivors"] or any(r.broken for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
