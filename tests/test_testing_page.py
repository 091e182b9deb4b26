from tests.engine import PRIMITIVES
from tests.testing_page import KINDS, PAGE, page, results


def test_the_page_is_in_step():
    assert PAGE.read_text() == page(), "run: python -m tests.testing_page"


def test_every_primitive_was_mutated_and_no_mutant_survived():
    table = results()
    again = "run: python -m tests.mutants --json tests/mutants.json"
    assert sorted(table["primitives"]) == sorted(p.name for p in PRIMITIVES), again
    survivors = {name: m["survivors"] for name, m in table["primitives"].items() if m["survivors"]}
    assert survivors == {}
    assert all(m["killed"] for name, m in table["primitives"].items()), again
    assert set(table["kinds"]) == set(KINDS)
