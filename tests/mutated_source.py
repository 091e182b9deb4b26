"""Mutants of a rule's own source: a term dropped, a comparison moved by one.

The rule's function, and the helpers of this package that it calls, are found in their files,
changed in the syntax tree, compiled, and put together again with the rest as it was.
"""

import __future__

import ast
import copy
import dis
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any

DEPTH = 3  # helpers of helpers of helpers
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
               ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}  # fmt: skip


def mutated_sources(rule: Any) -> Iterator[tuple[str, str, Any]]:
    """(kind, what was changed, mutant) for each place in the source of ``rule``."""
    if isinstance(rule, partial):  # of any number of operands: rule(i, ...)
        for kind, detail, mutant in mutated_sources(rule.func):
            yield kind, detail, partial(mutant, *rule.args, **rule.keywords)
        return
    for f in _functions(rule):
        for kind, detail, mutant in _mutants_of(f):
            name = "" if f is rule else f"{f.__name__}: "
            yield kind, name + detail, _relinked(rule, f, mutant)


# -- finding functions -----------------------------------------------------------------------------


def _ours(f: Any) -> bool:
    return isinstance(f, FunctionType) and f.__module__.startswith(
        ("autograd_tape.primitives.", "autograd_tape.special.", "autograd_tape.needs")
    )


@cache
def _names(code: CodeType) -> set[str]:
    """The globals that are read in ``code``; attributes may have the same names."""
    nested = (c for c in code.co_consts if isinstance(c, CodeType))
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    return own.union(*map(_names, nested))


def _callees(f: FunctionType) -> Iterator[FunctionType]:
    for name in sorted(_names(f.__code__)):
        if _ours(f.__globals__.get(name)):
            yield f.__globals__[name]
    for cell in f.__closure__ or ():
        if _ours(cell.cell_contents):
            yield cell.cell_contents


def _functions(rule: Any) -> list[FunctionType]:
    """``rule`` and the functions of this package that it calls."""
    if not _ours(rule):
        return []
    found, level = [rule], [rule]
    for _ in range(DEPTH):
        level = [g for f in level for g in _callees(f) if g not in found]
        found += dict.fromkeys(level)
    return list(dict.fromkeys(found))


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse(Path(file).read_text())


def _node(f: FunctionType) -> ast.AST | None:
    """The definition of ``f`` in its file: several lambdas may start in one line."""
    code = f.__code__
    places = [(p[0], p[2]) for p in code.co_positions() if p[0] and p[2] is not None]
    inside = [p for p in places if p[0] > code.co_firstlineno or p[1] > 0]
    found = []
    for node in ast.walk(_tree(code.co_filename)):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        lines = [node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]
        if min(lines) != code.co_firstlineno:
            continue
        begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        if all(begin <= p <= end for p in inside if p[0] >= node.lineno):
            found.append((end, node))
    return min(found, key=lambda pair: pair[0])[1] if found else None


# -- changing them ---------------------------------------------------------------------------------


def _mutants_of(f: FunctionType) -> Iterator[tuple[str, str, FunctionType]]:
    original = _node(f)
    if original is None:
        return
    for k, node in enumerate(ast.walk(original)):
        for kind, detail, change in _changes(node):
            tree = copy.deepcopy(original)
            _replace(tree, list(ast.walk(tree))[k], change)
            try:
                yield kind, detail, _compiled(f, tree)
            except SyntaxError:
                continue


def _changes(node: ast.AST) -> Iterator[tuple[str, str, Any]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        text = ast.unparse(node)
        yield "term", f"{text} without its second", lambda n: n.left
        if isinstance(node.op, ast.Sub):
            yield "term", f"{text} without its first", lambda n: ast.UnaryOp(ast.USub(), n.right)
        else:
            yield "term", f"{text} without its first", lambda n: n.right
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "term", f"without {ast.unparse(node)}", lambda n: ast.Pass()
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARISONS.get(type(node.ops[0]))
        if other is not None:
            yield (
                "comparison",
                ast.unparse(node),
                lambda n: ast.Compare(n.left, [other()], n.comparators),
            )


def _replace(tree: ast.AST, target: ast.AST, change: Any) -> None:
    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return change(node) if node is target else self.generic_visit(node)

    Replace().visit(tree)


def _compiled(f: FunctionType, tree: Any) -> FunctionType:
    """``tree``, a changed definition of ``f``, in the surroundings of ``f``."""
    if isinstance(tree, ast.Lambda):
        body: list[ast.stmt] = [ast.Return(tree)]
    else:
        tree.name, tree.decorator_list = "_mutant", []
        body = [tree, ast.Return(ast.Name("_mutant", ast.Load()))]
    free = [ast.arg(name) for name in f.__code__.co_freevars]
    outer = ast.parse("def outer(): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.args.args, outer.body = free, body
    module = ast.fix_missing_locations(ast.Module([outer], []))
    flags = __future__.annotations.compiler_flag
    namespace = dict(f.__globals__)
    exec(compile(module, f.__code__.co_filename, "exec", flags, dont_inherit=True), namespace)
    code = namespace["outer"](*[None] * len(free)).__code__
    cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
    return _function(f, code, f.__globals__, tuple(cells[n] for n in code.co_freevars))


def _function(f: FunctionType, code: CodeType, namespace: Any, closure: Any) -> FunctionType:
    g = FunctionType(code, namespace, f.__name__, f.__defaults__, closure)
    g.__kwdefaults__ = f.__kwdefaults__
    g.__dict__.update(f.__dict__)
    return g


def _relinked(f: Any, old: FunctionType, new: FunctionType) -> Any:
    """``f`` with ``new`` wherever it, or a function that it calls, calls ``old``."""
    made: dict[FunctionType, FunctionType] = {old: new}

    def relink(g: FunctionType, depth: int) -> FunctionType:
        if g in made:
            return made[g]
        if depth > DEPTH:
            return g
        made[g] = g  # while its callees are looked at
        namespace, cells = dict(g.__globals__), list(g.__closure__ or ())
        changed = False
        for name in _names(g.__code__):
            h = g.__globals__.get(name)
            if _ours(h) and relink(h, depth + 1) is not h:
                namespace[name], changed = made[h], True
        for k, cell in enumerate(cells):
            h = cell.cell_contents
            if _ours(h) and relink(h, depth + 1) is not h:
                cells[k], changed = CellType(made[h]), True
        if changed:
            made[g] = _function(g, g.__code__, namespace, tuple(cells))
        return made[g]

    return relink(f, 0)
