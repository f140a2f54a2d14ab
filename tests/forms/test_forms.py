"""The thirteen forms as published: they compile, every row is translated, and nobody is forced to answer."""

import re
from pathlib import Path

from survey_server.xlsform.filling.plan import column_names

FORMS = Path(__file__).parents[2] / "forms"
PRIVATE = {"x_where", "x_pay", "v_threat", "v_ext", "p_corrupt", "p_bribe", "j_free", "j_witness"} | {
    "progress_loc",
    "youth_press",
}
ES, EN, FR = "Español (es)", "English (en)", "Français (fr)"
TRANSLATED = {"survey": (ES, EN), "choices": (ES, EN), "indicators": (ES, EN, FR), "codes": (ES, EN, FR)}
ALONE = {"0", "88", "99"}
STAFF_ONLY = {  # lists that nobody is asked aloud, or where no answer means no interview
    *("wave", "country", "adm1", "selmethod", "selstat", "consent", "privacy", "iresult", "qual3", "yn", "secinc"),
    *("posttype", "obsmode", "light", "flow", "weather", "enctype", "dirn", "pick", "dist", "offref", "offpos", "flag"),
    *("sure", "actstat", "module", "ledby", "shadowlvl", "inst", "attend", "currency", "unittype", "complete"),
    *("source", "ictype", "known", "gpsq", "programme_area", "drug", "istat", "cmttype", "voice", "theme", "urg"),
    *("lang", "sens", "cstat", "fuwhen", "mode", "samejob", "disp", "subst", "jact", "seve", "chk"),
}


def test_it_ships_thirteen_forms():
    assert len(list(FORMS.glob("ssr_*.md"))) == 13


def test_it_compiles_without_a_warning(shipped):
    assert shipped.workbook.warnings == []
    assert shipped.form.warnings == []
    assert shipped.form.id == shipped.name


def test_it_is_spanish_first_and_english_too(shipped):
    assert shipped.form.default_language == ES
    assert set(shipped.form.languages) == {ES, EN}


def test_it_says_every_text_in_every_language(shipped):
    for sheet, languages in TRANSLATED.items():
        for row in shipped.sheets.get(sheet, ()):
            for column in {heading.partition("::")[0] for heading in row.cells if "::" in heading}:
                missing = [language for language in languages if f"{column}::{language}" not in row.cells]
                assert not missing, (sheet, row.number, column, missing)


def test_it_labels_everything_that_is_shown(shipped):
    unlabelled = [row["name"] for row in shipped.questions if f"label::{ES}" not in row]
    assert unlabelled == []


def test_it_explains_every_rule_that_can_refuse_an_answer(shipped):
    silent = [
        row["name"] for row in shipped.questions if "constraint" in row and f"constraint_message::{ES}" not in row
    ]
    assert silent == []


def test_it_keeps_the_lonely_answers_alone(shipped):
    for row in shipped.questions:
        kind, _, list_name = row["type"].partition(" ")
        if kind == "select_multiple":
            for code in ALONE & set(shipped.choices(list_name)):
                assert f"selected(., '{code}')" in row.get("constraint", ""), (row["name"], code)


def test_it_lets_every_respondent_leave_a_question_out(shipped):
    for row in shipped.questions:
        kind, _, list_name = row["type"].partition(" ")
        if kind in ("select_one", "select_multiple") and row.get("required") and list_name not in STAFF_ONLY:
            codes = set(shipped.choices(list_name))
            assert codes & {"66", "77", "88", "99"} or not codes, row["name"]


def test_it_offers_no_answer_twice(shipped):
    lists = {row.cells["list_name"] for row in shipped.sheets["choices"]}
    for list_name in lists:
        codes = shipped.choices(list_name)
        assert len(codes) == len(set(codes)), list_name


def test_it_uses_every_choice_list(shipped):
    asked = {
        row["type"].split()[1] for row in shipped.questions if row["type"].startswith(("select_one ", "select_mult"))
    }
    assert {row.cells["list_name"] for row in shipped.sheets["choices"]} == asked


def test_it_limits_free_text_and_keeps_numbers_of_people_out(shipped):
    texts = [row for row in shipped.questions if row["type"] == "text"]
    for row in texts:
        rule = row.get("constraint", "")
        assert "regex(" in rule or "string-length(.)" in rule, row["name"]
        assert re.search(r"regex\(\., '\^.*\$'\)", rule) or row["name"] in ("phrase", "l_what"), row["name"]


def test_it_hides_exactly_the_ten_private_questions_when_someone_can_hear(perception):
    hidden = {row["name"] for row in perception.questions if "privacy_ok" in row.get("relevant", "")}
    assert hidden == PRIVATE


def test_it_shows_nothing_of_the_interview_before_consent(perception):
    assert perception.question("main")["relevant"] == "${sel_status} = 1 and ${consent} = 1"


def test_it_names_no_sensitive_word_where_a_phone_lists_its_forms(shipped):
    title = shipped.form.title.lower()
    assert not re.search(r"polic|narco|cartel|cártel|corrup|reservad|restricted", title)


def test_it_gives_formulas_the_columns_that_arrive(shipped):
    form = shipped.form
    inside = tuple(f"{ref}/" for ref in form.repeats)
    columns = {name for ref, name in column_names(form).items() if not ref.startswith(inside)}
    assert columns <= shipped.registry.types.keys()
