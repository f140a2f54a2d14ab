"""The README says everything that an author of a form may write."""

from pathlib import Path

import pytest

from survey_server.xlsform.appearances import SUPPORTED
from survey_server.xlsform.registry import FUNCTIONS
from survey_server.xlsform.registry_sheets import (
    BREAKDOWN_SETS,
    CODE_COLUMNS,
    DESIGN_COLUMNS,
    DIRECTIONS,
    ESTIMATORS,
    FAMILIES,
    INDICATOR_COLUMNS,
    LEVELS,
    ROLES,
)

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
WORDS = {
    *(ROLES + DESIGN_COLUMNS + INDICATOR_COLUMNS + CODE_COLUMNS + LEVELS + ESTIMATORS + DIRECTIONS + FAMILIES),
    *BREAKDOWN_SETS,
}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_it_explains_every_word_of_the_extra_sheets(word):
    assert f"`{word}`" in README


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_it_explains_every_function_of_formulas(function):
    assert f"`{function}(" in README


@pytest.mark.parametrize("appearance", sorted(frozenset().union(*SUPPORTED.values())))
def test_it_explains_every_appearance_that_the_phone_shows(appearance):
    assert f"`{appearance}`" in README
