"""What is printed: values, entries, variables, and the table of a tape."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

from autograd_tape import Tape, Variable, grad, primitive
from autograd_tape.source import Place
from autograd_tape.view.text import (
    call_text,
    constant_text,
    describe_entry,
    label,
    tape_html,
    tape_text,
    value_text,
)


def example() -> Variable:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    return (a + b) * b


def chain(n: int) -> Variable:
    x = Variable(0.5)
    for _ in range(n):
        x = x * 1.5
    return x


# -- the example of the notes ---------------------------------------------------------------------


def test_the_example_prints_as_primal_and_adjoint() -> None:
    f = example()
    f.backward()
    assert str(f.tape).splitlines() == [
        "Tape of 4 entries",
        "index  name  operation        primal  adjoint",
        "    0  a     input            2.0     3.0",
        "    1  b     input            3.0     8.0",
        "    2  v2    add(a, b)        5.0     3.0",
        "    3  v3    multiply(v2, b)  15.0    1.0",
    ]


def test_without_a_sweep_the_adjoints_are_dashes() -> None:
    assert [line.split()[-1] for line in str(example().tape).splitlines()[2:]] == ["-"] * 4


def test_positions_are_those_of_indexing() -> None:
    tape = example().tape
    for line in tape_text(tape).splitlines()[2:]:
        index, name = line.split()[:2]
        entry = tape[int(index)]
        assert name in (entry.note("name"), f"v{index}")


# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3.0"),
        (-0.1234567, "-0.123457"),
        (1e-9, "1e-09"),
        (1e20, "1e+20"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (1 + 2j, "(1+2j)"),
        (np.float32(2), "2.0"),
        (None, "-"),
        (np.array(2.5), "2.5"),
        (np.array([1.0, 2.5]), "[1.0, 2.5]"),
        (np.array([1j]), "[(0+1j)]"),
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((0, 3)), "empty"),
        (np.zeros((3, 3)), "all 0.0"),
        (np.arange(10.0), "min 0.0 max 9.0 mean 4.5"),
        (np.array([[1.0, np.inf], [2.0, 3.0]]), "min 1.0 max inf mean inf not finite 1"),
        (np.array([[3 + 4j, 0], [0, 0]]), "|min| 0.0 |max| 5.0 mean (0.75+1j)"),
        (np.array([["a", "b"]]), "…"),
        ((np.array([1.0]), np.array(2.0)), "([1.0], 2.0)"),
        ([None, 2.0], "(-, 2.0)"),
    ],
)
def test_values_on_one_line(value: Any, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        (2, "2"),
        (2.0, "2.0"),
        (np.array(2.0), "2.0"),
        (np.array([1.0, 2.0]), "[1.0, 2.0]"),
        (np.zeros((3, 4), np.float32), "float32 (3, 4)"),
        (slice(1, None), "1:"),
        (slice(None, None, -1), "::-1"),
        ((slice(None), 2), "(:, 2)"),
        ((1,), "(1,)"),
        (Ellipsis, "..."),
        (None, "None"),
        ("ij->j", "'ij->j'"),
        (np.float64, "float64"),
    ],
)
def test_constants_inside_a_call(constant: Any, text: str) -> None:
    assert constant_text(constant) == text


# -- entries --------------------------------------------------------------------------------------


def test_an_entry_describes_itself_by_names_and_numbers() -> None:
    f = example()
    add = f.tape[2]
    assert label(f.tape[0]) == "a"
    assert label(add) == f"#{add.index}"
    assert describe_entry(add) == repr(add) == f"#{add.index} = add(a, b)"
    assert repr(f.tape[0]) == "a (input, float)"
    assert repr(Variable(np.zeros((2, 3)), name="w").tape[0]) == "w (input, float64 (2, 3))"


def test_parameters_are_shown_where_they_say_something() -> None:
    x = Variable(np.ones((2, 3)), name="x")
    assert call_text(np.sum(x).tape[1]) == "sum(x)"
    assert call_text(np.sum(x, axis=1, keepdims=True).tape[1]) == "sum(x, axis=1, keepdims=True)"
    assert call_text(x[0, 1:].tape[1]) == "getitem(x, index=(0, 1:))"


def test_many_operands_are_counted() -> None:
    @primitive
    def total(*xs: Any) -> Any:
        return sum(xs)

    v = Variable(1.0, name="v")
    assert call_text(total(v, 2.0, 3.0, 4.0, 5.0, 6.0).tape[1]) == "total(v, 2.0, 3.0, … 3 more)"


# -- variables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        (Variable(2.0), "Variable(2.0)"),
        (Variable(2.0, name="a"), "Variable(2.0, name='a')"),
        (Variable(1 + 2j), "Variable((1+2j))"),
        (Variable(np.float32(1.5)), "Variable(1.5, dtype=float32)"),
        (Variable([1.0, 2.0]), "Variable([1., 2.])"),
        (Variable([1.0, 2.0], dtype="f4"), "Variable([1., 2.], dtype=float32)"),
        (Variable(np.zeros((0, 3))), "Variable([], dtype=float64, shape=(0, 3))"),
        (Variable(np.zeros((64, 32), "f4"), name="w"),
         "Variable(<float32 (64, 32) all 0.0>, name='w')"),
        (example(), "Variable(15.0) = multiply(add(a, b), b)"),
        (chain(50), "Variable(318808267.0) = multiply(multiply(multiply(…, 1.5), 1.5), 1.5)"),
    ],
)  # fmt: skip
def test_the_repr_of_a_variable(variable: Variable, text: str) -> None:
    assert re.sub(r"\d{6,}\.\d+", "318808267.0", repr(variable)) == text


def test_a_freed_result_says_so() -> None:
    x = Variable(2.0, name="x")
    with Tape() as tape:
        y = x * x
    tape.gradient(y, x)
    assert repr(y) == "Variable(4.0) = computed on a freed tape"
    assert str(tape) == "Tape, freed by tape.gradient()"
    assert str(Tape()) == "Tape of 0 entries"
    assert "freed" in tape._repr_html_()


# -- tapes ----------------------------------------------------------------------------------------


def test_values_that_were_not_kept_are_recomputed() -> None:
    x = Variable(np.array([1.0, 2.0]), name="x")
    y = np.sum((x + 1.0) + 3.0)  # no rule reads a value
    assert y.tape[1].output is None
    assert "[2.0, 3.0]" in str(y.tape)
    assert "[5.0, 6.0]" in str(y.tape)


def test_values_are_recomputed_from_before_an_explicit_tape() -> None:
    x = Variable(np.array([1.0, 2.0])) + 1.0
    with Tape() as tape:
        np.sum(x + 1.0)
    assert "[3.0, 4.0]" in str(tape)


def test_arrays_have_a_column_of_types() -> None:
    x = Variable(np.ones((4, 5), np.float32), name="x")
    y = np.mean(x * 2.0)
    y.backward()
    lines = str(y.tape).splitlines()
    assert lines[1].split() == ["index", "name", "operation", "type", "primal", "adjoint"]
    assert lines[2].split()[3:6] == ["float32", "(4,", "5)"]
    assert lines[2].endswith("all 1.0  all 0.1")


def test_a_long_tape_is_shown_by_its_ends() -> None:
    lines = str(chain(1000).tape).splitlines()
    assert lines[0] == "Tape of 1001 entries"
    assert len(lines) == 2 + 60 + 1
    assert lines[32].strip() == "… 941 more …"
    assert lines[33].split()[:2] == ["971", "v971"]
    assert str(chain(59).tape).count("\n") == 61


def test_columns_are_aligned() -> None:
    lines = str(chain(12).tape).splitlines()[1:]
    starts = {tuple(m.start() for m in re.finditer(r"(?<=  )\S", line[5:])) for line in lines}
    assert len(starts) == 1


def test_equal_names_are_told_apart() -> None:
    x, y = Variable(1.0, name="w"), Variable(2.0, name="w")
    assert str((x * y).tape).splitlines()[4].split()[2:4] == ["multiply(w:0,", "w:1)"]


def test_a_million_entries_print_quickly_and_without_recursion() -> None:
    assert "… 99941 more …" in str(chain(100_000).tape)
    assert len(repr(chain(100_000))) < 200


def test_html_is_escaped_and_brings_no_script_and_no_colours_of_its_own() -> None:
    x = Variable(2.0, name="<script>alert('&')</script>")
    html = (x * x).tape._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "color:inherit" in html
    assert "background:transparent" in html
    assert html.count("<tr>") == 3
    assert tape_html(chain(1000).tape).count("<tr>") == 62


def test_control_characters_do_not_break_a_line() -> None:
    x = Variable(2.0, name="two\nlines\x00")
    assert len(str((x * x).tape).splitlines()) == 4


def test_several_outputs_in_one_entry() -> None:
    x = Variable(np.array([[2.0, 1.0], [1.0, 3.0]]), name="x")
    w, _ = np.linalg.eigh(x)
    total = np.sum(w)
    total.backward()
    text = str(total.tape)
    assert "float64 (2,); float64 (2, 2)" in text
    assert "([1.0, 1.0], -)" in text


def test_the_tape_of_a_transform_can_be_looked_at_from_inside() -> None:
    seen = []

    def f(x: Any) -> Any:
        y = x * x
        seen.append(str(y.tape))
        return y

    assert grad(f)(3.0) == 6.0
    assert "multiply" in seen[0]


def test_lines_stand_in_the_table_of_a_tape_that_keeps_them() -> None:
    with Tape(places=True) as tape:
        x = Variable(2.0, name="x")
        x * 3
    place = sys._getframe().f_lineno - 1
    header, leaf, row = str(tape).splitlines()[1:]
    assert header.split()[-1] == "line"
    assert leaf.split()[-1] == "-"
    assert row.split()[-1] == f"test_display.py:{place}"
    assert f"test_display.py:{place}" in tape._repr_html_()
    assert Place("/tmp/ipykernel_7/1.py", 3).brief == "cell:3"
