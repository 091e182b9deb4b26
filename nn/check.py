"""What layers ask of their arguments, in clear errors.  Next to read: :mod:`nn.linear`."""

from typing import Any

from autograd_tape.arrays import asarray as asarray  # np.asarray, which a program can follow


def require(holds: object, message: str, error: type[Exception] = ValueError) -> None:
    """Raise ``error(message)`` unless the condition holds."""
    if not holds:
        raise error(message)


def expect_float(what: str, x: Any) -> None:
    """Raise TypeError for what is no array of floating-point numbers."""
    dtype = getattr(x, "dtype", type(x).__name__)
    if getattr(dtype, "kind", "") not in ("f", "c"):
        advice = "give an array of floating-point numbers, as x.astype(np.float32)"
        raise TypeError(f"{what} has dtype {dtype}; {advice}")


def expect(what: str, x: Any, *shapes: tuple[Any, ...]) -> None:
    """Raise unless ``x`` is floating-point (TypeError) and has one of the shapes (ValueError).

    shapes  of numbers, names of axes of any size, and at first perhaps ``...`` for any axes:
            ``(..., "T", 16)``
    """
    expect_float(what, x)
    shape = x.shape
    for want in shapes:
        given = shape
        if want[:1] == (...,):
            given, want = shape[1 - len(want) :], want[1:]
        if given == want or (
            len(given) == len(want)
            and all(n == m or m.__class__ is str for n, m in zip(given, want, strict=True))
        ):
            return
    wanted = " or ".join(map(str, shapes)).replace("Ellipsis", "...").replace("'", "")
    raise ValueError(f"{what} has shape {shape}, and must have {wanted}")
