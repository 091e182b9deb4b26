import pytest

pytest.importorskip("scipy")

from tests.coverage_page import PAGE, SPECIAL, page, special_status


def test_the_page_is_in_step():
    assert PAGE.read_text() == page(), "run: python -m tests.coverage_page"


@pytest.mark.parametrize("name", SPECIAL)
def test_every_special_function_has_a_rule(name):
    assert special_status(name) != "none"
