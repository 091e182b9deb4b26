"""The first example: 003 section 14 of the source notes, f = (a + b)·b, with every adjoint."""

from autograd_tape import Tape, Variable, grad

# v₋₁ = a, v₀ = b, v₁ = v₋₁ + v₀, v₂ = v₁·v₀
A, B = 2.0, 3.0
V1 = A + B
V2 = V1 * B
ADJOINTS = {"v-1": B, "v0": B + V1, "v1": B, "v2": 1.0}  # as the notes derive them


def example():
    a, b = Variable(A, name="a"), Variable(B, name="b")
    return a, b, (a + b) * b


def test_every_adjoint_of_the_notes():
    a, b, f = example()
    f.backward()
    assert f.value == V2 == 15.0
    assert f.tape.adjoints == list(ADJOINTS.values()) == [3.0, 8.0, 3.0, 1.0]
    assert a.adjoint == a.grad == 3.0
    assert b.adjoint == b.grad == 8.0
    assert all(type(x) is float for x in f.tape.adjoints)


def test_the_tape_prints_primal_and_adjoint():
    _, _, f = example()
    f.backward()
    text = str(f.tape)
    header, *rows = [line for line in text.splitlines() if line.strip()][-5:]
    assert "primal" in header
    assert "adjoint" in header
    for row, primal, adjoint in zip(rows, (A, B, V1, V2), ADJOINTS.values(), strict=True):
        assert f"{primal:g}" in row
        assert f"{adjoint:g}" in row


def test_the_two_other_ways_to_ask():
    a, b = Variable(A), Variable(B)
    with Tape() as tape:
        f = (a + b) * b
    assert tape.gradient(f, [a, b]) == [3.0, 8.0]
    assert grad(lambda a, b: (a + b) * b, argnums=(0, 1))(A, B) == (3.0, 8.0)
