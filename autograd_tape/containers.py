"""Nested containers (dict, list, tuple, namedtuple, dataclass) as arguments and results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from .variable import Variable

__all__ = ["flatten", "map_leaves", "ravel"]


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``f`` applied to everything in it that is not a container."""
    kind = tree.__class__
    if kind is Variable or kind is np.ndarray or kind is float:
        return f(tree)
    if kind is list or kind is tuple:
        return kind([map_leaves(f, v) for v in tree])
    if isinstance(tree, dict):
        return type(tree)((k, map_leaves(f, v)) for k, v in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_leaves(f, v) for v in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_leaves(f, v) for v in tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        changes = {
            field.name: map_leaves(f, getattr(tree, field.name))
            for field in dataclasses.fields(tree)
            if field.init
        }
        return dataclasses.replace(tree, **changes)
    return f(tree)


def is_container(x: Any) -> bool:
    """Does :func:`map_leaves` look inside ``x``?"""
    kind = x.__class__
    if kind is Variable or kind is np.ndarray or kind is float:
        return False
    return isinstance(x, (dict, list, tuple)) or (
        dataclasses.is_dataclass(x) and not isinstance(x, type)
    )


def items_of(x: Any) -> list[tuple[Any, Any]]:
    """(key, index or field name; element) of a container, in the order of :func:`map_leaves`."""
    if isinstance(x, dict):
        return list(x.items())
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return list(zip(x._fields, x, strict=True))
    if isinstance(x, (list, tuple)):
        return list(enumerate(x))
    return [(f.name, getattr(x, f.name)) for f in dataclasses.fields(x) if f.init]


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """(the leaves of ``tree`` in order, a function that puts others in their places).

    None is an empty place: it holds nothing to differentiate, and comes back as None.
    """
    kind = tree.__class__
    if kind is tuple or kind is list:  # mostly of leaves alone
        for x in tree:
            if x is None or is_container(x):
                break
        else:
            return list(tree), kind
    leaves: list[Any] = []
    map_leaves(lambda x: x if x is None else leaves.append(x), tree)

    def rebuild(new: list[Any]) -> Any:
        rest = iter(new)
        return map_leaves(lambda x: x if x is None else next(rest), tree)

    return leaves, rebuild


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """(one flat vector of all arrays in ``tree``, ``unravel`` which puts such a vector back).

    tree     any container of floats and arrays of n elements in all
    returns  an array of shape (n,), in the dtype that all of them promote to, and
             ``unravel(vector: (n,)) -> tree`` whose leaves have the old shapes and dtypes.
    Both are differentiable, so ``scipy.optimize.minimize(value_and_grad(lambda z:
    loss(unravel(z))), z0, jac=True)`` optimises nested parameters.
    """
    leaves, rebuild = flatten(tree)
    shapes = [np.shape(x) for x in leaves]
    sizes = [int(np.prod(s, dtype=int)) for s in shapes]
    dtypes = [x.dtype if hasattr(x, "dtype") else None for x in leaves]
    n = sum(sizes)
    vector = np.concatenate([np.reshape(x, (-1,)) for x in leaves]) if leaves else np.zeros(0)

    def unravel(z: Any) -> Any:
        if np.shape(z) != (n,):
            raise ValueError(f"unravel: expected a vector of shape ({n},), got shape {np.shape(z)}")
        parts, at = [], 0
        for shape, size, dtype in zip(shapes, sizes, dtypes, strict=True):
            part = np.reshape(z[at : at + size], shape)
            if dtype is not None and part.dtype != dtype and z.dtype == vector.dtype:
                part = part.astype(dtype)
            parts.append(part)
            at += size
        return rebuild(parts)

    return vector, unravel
