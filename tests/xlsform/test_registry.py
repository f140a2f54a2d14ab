"""The registry: read from sheets, refused with place and cure, kept as JSON."""

import json

import pytest

from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.registry import Registry, question_types, registry_from_json
from survey_server.xlsform.registry_sheets import BREAKDOWN_SETS, read_registry
from survey_server.xlsform.sheets import SheetRow

TYPES = {
    "safe_night": "select_one",
    "sex": "select_one",
    "avoid": "select_multiple",
    "age": "integer",
    "psu": "select_one",
    "username": "username",
    "roster": "repeat",
    "age_grp": "text",
}
GOOD = {
    "code": "S02",
    "label::Español (es)": "Se siente seguro(a) de noche",
    "label::Français (fr)": "Se sent en sécurité la nuit",
    "level": "outcome",
    "estimator": "share",
    "formula": "${safe_night} <= 2",
    "base": "${sex} = 1",
    "scale": "100",
    "unit": "%",
    "direction": "up",
    "minimum_change": "5",
    "headline": "yes",
    "family": "headline",
    "breakdowns": "D1 sex",
}


def rows(*cells, first=2):
    return [SheetRow(number, line) for number, line in enumerate(cells, start=first)]


def read(*indicators, **sheets):
    return read_registry(
        {"indicators": rows(*indicators), **{name: rows(*lines) for name, lines in sheets.items()}}, TYPES
    )


def complaints(*indicators, **sheets):
    with pytest.raises(FormProblem) as raised:
        read(*indicators, **sheets)
    return raised.value.complaints


def test_it_reads_an_indicator():
    indicator = read(GOOD).indicator("S02")
    assert indicator.formula == ["<=", ["path", ".", ["child", "safe_night"]], ["num", 2.0]]
    assert (indicator.scale, indicator.minimum_change, indicator.headline) == (100, 5, True)
    assert indicator.questions == ("safe_night", "sex")


def test_it_names_an_indicator_in_the_language_of_the_report():
    indicator = read(GOOD).indicator("S02")
    assert indicator.label("fr") == "Se sent en sécurité la nuit"
    assert indicator.label("en") == "Se siente seguro(a) de noche"


def test_it_expands_a_set_of_breakdowns_to_what_the_form_has():
    breakdowns = read(GOOD).indicator("S02").breakdowns
    assert breakdowns == ("site.department", "site.stratum", "sex", "age_grp", "site.arm")
    assert set(breakdowns) <= set(BREAKDOWN_SETS["D1"])


def test_it_tells_which_columns_play_a_role():
    design = [
        {"role": "psu", "source": "question", "field": "psu"},
        {"role": "weight", "source": "site", "field": "weight"},
        {"role": "weight", "field": "age"},
    ]
    registry = read(design=design)
    assert registry.role("psu") == "psu"
    assert registry.roles("weight") == ["site.weight", "age"]
    assert registry.role("consent") is None


def test_it_reads_the_labels_of_codes():
    registry = read(codes=[{"name": "age_grp", "code": "1", "label::Español (es)": "18 a 29 años"}])
    assert registry.codes == {"age_grp": {"1": {"Español (es)": "18 a 29 años"}}}


def test_it_comes_back_from_json_as_it_went():
    codes = [{"name": "site.arm", "code": "programme", "label::Español (es)": "Con programa"}]
    design = [{"role": "psu", "field": "psu", "note": "una nota"}]
    registry = read(GOOD, {**GOOD, "code": "S03", "headline": "", "family": ""}, design=design, codes=codes)
    assert registry_from_json(json.loads(json.dumps(registry.to_json()))) == registry


def test_it_takes_a_form_without_the_sheets():
    assert read_registry({}, TYPES) == Registry(types=TYPES)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("level", "impact"),
        ("estimator", "mode"),
        ("direction", "sideways"),
        ("family", "first"),
        ("scale", "a hundred"),
        ("minimum_change", "5 pp"),
        ("headline", "maybe"),
        ("formula", ""),
        ("formula", "${safe_nigth} <= 2"),
        ("formula", "${safe_night} <= "),
        ("formula", "${avoid} = 1"),
        ("formula", "${roster} > 0"),
        ("formula", "pulldata('psus', 'area', 'name', ${psu})"),
        ("formula", "if(${sex} = 1, 1)"),
        ("formula", "any-selected(${sex}, 1)"),
        ("formula", "selected(${age}, '1')"),
        ("formula", "mean-valid(3, ${age}, ${sex})"),
        ("formula", "'GT'"),
        ("formula", "../sex = 1"),
        ("base", "${nobody} = 1"),
        ("denominator", "${age}"),
        ("breakdowns", "D9"),
        ("code", ""),
        ("colour", "blue"),
        ("direction", "target"),
    ],
)
def test_it_says_which_cell_is_wrong_and_what_to_do(column, text):
    found = complaints(GOOD, {**GOOD, "code": "S03", column: text})
    assert {(c.sheet, c.row) for c in found} == {("indicators", 3)}
    assert found[0].column == ("target" if text == "target" else column)
    assert all(c.cure for c in found)


def test_it_offers_the_name_that_was_meant():
    assert "safe_night" in complaints({**GOOD, "formula": "${safe_nigth} <= 2"})[0].cure


def test_it_wants_a_name_in_some_language():
    nameless = {key: text for key, text in GOOD.items() if not key.startswith("label")}
    assert complaints(nameless)[0].column == "label"


def test_it_wants_each_code_once():
    assert [(c.row, c.column) for c in complaints(GOOD, GOOD)] == [(3, "code")]


def test_it_tests_no_more_than_twelve_headlines():
    many = [{**GOOD, "code": f"S{i}"} for i in range(13)]
    assert [(c.row, c.column) for c in complaints(*many)] == [(14, "headline")]


def test_it_keeps_headline_and_family_in_step():
    assert complaints({**GOOD, "family": "secondary"})[0].column == "family"


def test_it_wants_a_contrast_to_say_what_it_compares():
    contrast = {**GOOD, "estimator": "contrast", "formula": "", "base": ""}
    assert complaints(contrast)[0].column == "formula"
    assert read({**contrast, "note": "S41 con y sin nombrar a los donantes"}).indicator("S02").formula is None


def test_it_wants_a_ratio_to_have_a_denominator():
    assert complaints({**GOOD, "estimator": "ratio"})[0].column == "denominator"
    assert read({**GOOD, "estimator": "ratio", "denominator": "${age}"}).indicator("S02").denominator is not None


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"role": "pus", "field": "psu"}, "role"),
        ({"role": "psu", "source": "satellite", "field": "psu"}, "source"),
        ({"role": "psu", "field": "psuu"}, "field"),
        ({"role": "psu"}, "field"),
        ({"role": "stratum", "source": "site", "field": "strata"}, "field"),
    ],
)
def test_it_says_what_is_wrong_in_the_design(cells, column):
    found = complaints(design=[cells])
    assert [(c.sheet, c.row, c.column) for c in found] == [("design", 2, column)]


def test_it_lets_the_office_add_columns_to_its_site_table():
    assert read(design=[{"role": "stratum", "source": "site", "field": "zona"}]).role("stratum") == "site.zona"


def test_it_reports_every_fault_at_once():
    assert (
        len(complaints({**GOOD, "level": "x", "unit": "%", "scale": "y"}, design=[{"role": "z", "field": "psu"}])) == 3
    )


def test_it_learns_the_kinds_of_questions_from_a_compiled_form():
    phone = {
        "binds": [
            {"ref": "/data/psu", "type": "string"},
            {"ref": "/data/main", "relevant": []},
            {"ref": "/data/main/age", "type": "int"},
            {"ref": "/data/main/avoid", "type": "string"},
            {"ref": "/data/main/score", "type": "string"},
            {"ref": "/data/roster/r_age", "type": "int"},
        ],
        "body": [
            {"kind": "select1", "ref": "/data/psu"},
            {
                "kind": "group",
                "ref": "/data/main",
                "children": [{"kind": "input", "ref": "/data/main/age"}, {"kind": "select", "ref": "/data/main/avoid"}],
            },
            {"kind": "repeat", "ref": "/data/roster", "children": [{"kind": "input", "ref": "/data/roster/r_age"}]},
        ],
    }
    assert question_types(phone) == {
        "psu": "select_one",
        "age": "integer",
        "avoid": "select_multiple",
        "score": "text",
        "roster": "repeat",
    }
