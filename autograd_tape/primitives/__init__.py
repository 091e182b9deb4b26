"""The primitives, one family per file: each is one block with its forward, rules and sample."""

from . import (
    arithmetic,
    complex,
    construction,
    exponential,
    fourier,
    indexing,
    joining,
    linalg,
    ordering,
    piecewise,
    polynomials,
    products,
    reductions,
    selection,
    shape,
    signal,
    statistics,
    structure,
    trigonometric,
)

__all__ = [
    "arithmetic", "complex", "construction", "exponential", "fourier", "indexing", "joining",
    "linalg", "ordering", "piecewise", "polynomials", "products", "reductions", "selection",
    "shape", "signal", "statistics", "structure", "trigonometric",
]  # fmt: skip
