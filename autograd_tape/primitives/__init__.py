"""The primitives, one family per file: each is one block with its forward, rules and sample."""

from . import (
    arithmetic,
    complex,
    exponential,
    indexing,
    products,
    reductions,
    selection,
    shape,
    structure,
)

__all__ = [
    "arithmetic", "complex", "exponential", "indexing", "products", "reductions", "selection",
    "shape", "structure",
]  # fmt: skip
