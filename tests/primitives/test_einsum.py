"""np.einsum in all its notations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_tape import Variable, grad

from ..helpers import check

rng = np.random.default_rng(0)


def a(*shape: int) -> Any:
    return np.asarray(rng.standard_normal(shape))[()]


def c(*shape: int) -> Any:
    return np.asarray(a(*shape) + 1j * a(*shape))[()]


EINSUM: list[tuple[str, list[Any]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij->ji", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->j", [(2, 2, 3)]),
    ("iii->i", [(2, 2, 2)]),
    ("ijji->ij", [(2, 3, 3, 2)]),
    ("i,i", [(1,), (3,)]),
    ("i,i", [(3,), (1,)]),
    ("i,i->i", [(1,), (3,)]),
    ("ij,ij->i", [(2, 1), (1, 3)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,i,i", [(3,), (3,), (3,)]),
    ("ij,j,jk->ik", [(2, 3), (3,), (3, 2)]),
    ("ij,kl", [(2, 2), (2, 1)]),
    ("i,ij->j", [(3,), (3, 2)]),
    ("ii,ij->j", [(3, 3), (3, 2)]),
    (",i->i", [(), (3,)]),
    ("->", [()]),
    ("i...->...", [(3, 2, 2)]),
    ("...ij,...jk->...ik", [(2, 2, 3), (3, 2)]),
    ("...ij,...jk", [(2, 1, 2, 3), (4, 3, 2)]),
    ("...i,i...->i...", [(2, 3), (3, 2)]),
    ("...,...", [(2, 3), (3,)]),
    ("i...i->...", [(2, 3, 2)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUM)
def test_einsum(subscripts: str, shapes: Any) -> None:
    check(lambda *xs: np.einsum(subscripts, *xs), *(a(*s) for s in shapes))
    check(lambda *xs: np.einsum(subscripts, *xs), *(c(*s) for s in shapes))
    check(lambda *xs: np.einsum(subscripts, *xs, optimize=True), *(a(*s) for s in shapes), order=1)


def test_einsum_keywords() -> None:
    x, y, z = a(2, 3), a(3, 4), a(4, 2)
    path = np.einsum_path("ij,jk,kl->il", x, y, z, optimize="optimal")[0]
    for optimize in (False, True, "greedy", "optimal", path):
        check(lambda *xs, o=optimize: np.einsum("ij,jk,kl->il", *xs, optimize=o), x, y, z)
    check(lambda x: np.einsum("ij,kj->i", x, x, order="F", casting="safe", dtype=np.complex128), x)
    with pytest.raises(TypeError, match=r"einsum.*out="):
        np.einsum("ij->ji", Variable(x), out=np.zeros((3, 2)))
    with pytest.raises(TypeError, match="einsum"):
        np.einsum("ij->ji", Variable(x), nonsense=1)
    with pytest.raises(ValueError, match="einsum"):
        np.einsum("ij->ji", Variable(a(2, 2, 2)))
    with pytest.raises(ValueError, match="einsum"):
        np.einsum("ij,jk", Variable(x))
    for subscripts in ("...i->i", "ij->k", "ij->ii", "ij->i->i", "i..j->ij", "i$->i"):
        for operand in (x, Variable(x)):
            with pytest.raises(ValueError):  # noqa: PT011 (in NumPy's own words)
                np.einsum(subscripts, operand)


def test_einsum_sublists() -> None:
    x, y = a(2, 3), a(3, 4)
    check(lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [2, 0]), x, y)
    check(lambda x, y: np.einsum(x, [5, 1], y, [1, 30]), x, y)
    check(lambda x: np.einsum(x, [Ellipsis, 0], [0, Ellipsis]), x)
    check(lambda x: np.einsum(x, [0, 0]), a(3, 3))


def test_big_einsum_goes_through_blas() -> None:
    x, y = a(50, 40), a(40, 60)
    check(lambda x, y: np.einsum("ij,jk->ik", x, y), x, y, order=1)
    np.testing.assert_allclose(np.einsum("ij,jk->ik", Variable(x), y).value, x @ y, rtol=1e-8)


def test_einsum_path_is_plain() -> None:
    path, text = np.einsum_path("ij,jk", Variable(a(2, 3)), a(3, 4))
    assert path[0] == "einsum_path"
    assert "contraction" in text


def test_the_diagonal_of_an_infinite_adjoint_stays_a_diagonal() -> None:
    g = grad(lambda x: np.sum(np.einsum("ii->i", x) * np.inf))(np.ones((2, 2)))
    np.testing.assert_array_equal(g, [[np.inf, 0], [0, np.inf]])
