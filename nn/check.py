"""What layers ask of their arguments: an error says which layer, what came, and what to give.

Next to read: :mod:`nn.linear`.
"""

from typing import Any

__all__ = ["expect", "expect_float", "require"]


def require(holds: object, message: str, error: type[Exception] = ValueError) -> None:
    """Raise ``error(message)`` unless the condition holds."""
    if not holds:
        raise error(message)


def expect_float(what: str, x: Any) -> None:
    """Raise TypeError for what is no array of floating-point numbers."""
    dtype = getattr(x, "dtype", type(x).__name__)
    if getattr(dtype, "kind", "") not in ("f", "c"):
        raise TypeError(
            f"{what} has dtype {dtype}; give an array of floating-point numbers, as "
            "x.astype(np.float32)"
        )


def expect(what: str, x: Any, *shapes: tuple[Any, ...]) -> None:
    """Raise unless ``x`` is floating-point (TypeError) and has one of the shapes (ValueError).

    what    whose array, as ``"Linear: the input"``
    shapes  of numbers, names of axes of any size, and at first perhaps ``...`` for any axes:
            ``(..., "T", 16)``
    """
    expect_float(what, x)
    for want in shapes:
        sizes = want[1:] if want[:1] == (...,) else want
        n = len(sizes)
        if len(x.shape) >= n if sizes is not want else len(x.shape) == n:
            given = x.shape[len(x.shape) - n :]
            if all(b.__class__ is str or a == b for a, b in zip(given, sizes, strict=True)):
                return
    wanted = " or ".join(
        f"({', '.join('...' if n is ... else str(n) for n in want)}{',' * (len(want) == 1)})"
        for want in shapes
    )
    raise ValueError(f"{what} has shape {x.shape}, and must have {wanted}")
