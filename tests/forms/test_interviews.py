"""The forms as they are filled in: what is asked, what is refused, what is computed, counted out by hand."""

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from survey_server.xlsform.filling.instance import check_instance
from survey_server.xlsform.filling.interview import Interview

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
POINT = [{"name": "GT1701034", "adm1": "GT17", "area": "1", "border": "1", "gps_policy": "none", "mod_list": "1"}]
PERCEPTION = {"wave": "1", "country": "GT", "adm1": "GT17", "psu": "GT1701034", "dwelling": "7", "age": "33"}
VISIT = {"adm1": "GT17", "visit_no": "AB12", "enc_ref": "03", "obs2_id": "OB002", "off_alias": "AB123"}
SESSION = {"session_id": "TS-GT-20270115-01", "lead_id": "TR001", "shadow_id": "SH001", "p_code": "PT000001"}
USUAL = {
    "date": "2026-11-01",
    "time": "08:00:00.000-06:00",
    "dateTime": "2026-11-01T08:00:00.000-06:00",
    "geopoint": "14.6 -90.5 1500 5",
}


class Filled:
    """An interview in which every question was answered as given, else with the first choice or something usual."""

    def __init__(self, shipped, answers, seed=1, psus=POINT):
        datasets = {"psus.csv": psus} if shipped.name == "ssr_perception" else {}
        self.interview = Interview(
            shipped.form,
            properties={"username": "OB001"},
            now=NOW,
            random=random.Random(seed).random,
            datasets=datasets,
        )
        self.answers = answers
        self.asked, self.refused, done = [], [], set()
        while question := next((q for q in self.interview.questions() if q.ref not in done), None):
            done.add(question.ref)
            self._ask(question)

    def _ask(self, question):
        name = question.ref.rsplit("/", 1)[-1]
        self.asked.append(name)
        state = self.interview.state(question.ref)
        if name in self.answers:
            self.interview.answer(question.ref, self.answers[name])
        elif not state.value and not state.readonly:
            self._answer_as_usual(question, state)
        if not self.interview.state(question.ref).valid:
            self.refused.append(name)

    def _answer_as_usual(self, question, state):
        kind = question.bind.type if question.bind else "string"
        if state.choices:
            self.interview.answer(question.ref, state.choices[0].value)
        elif kind in ("int", "decimal"):
            for value in ("1", "0", "18"):
                self.interview.answer(question.ref, value)
                if self.interview.state(question.ref).valid:
                    break
        elif kind in USUAL:
            self.interview.answer(question.ref, USUAL[kind])

    def __getitem__(self, name):
        refs = [bind.ref for bind in self.interview.form.binds if bind.ref.rsplit("/", 1)[-1] == name]
        return self.interview.state(refs[0]).value


@pytest.fixture
def fill(everything):
    forms = {form.name: form for form in everything}

    def _fill(name, seed=1, **answers):
        return Filled(forms[f"ssr_{name}"], answers, seed)

    return _fill


def test_it_asks_a_hundred_things_of_one_of_three_adults(fill):
    filled = fill("perception", **PERCEPTION, n_adults="3", r_age="44")
    assert len(filled.asked) == 100
    assert filled["case_id"] == "GT1701034-D007-W1"
    assert filled["sel_pos"] in ("1", "2", "3")
    assert (filled["sel_age"], filled["age_grp"], filled["v_any"]) == ("44", "2", "1")
    assert filled.refused == []
    assert filled.interview.problems() == []


@pytest.mark.parametrize("seed", range(6))
def test_it_draws_one_of_each_pair_of_wordings(fill, seed):
    asked = set(fill("perception", seed, **PERCEPTION, n_adults="1").asked)
    assert len(asked & {"le_short", "le_long"}) == 1
    assert len(asked & {"k_note1", "k_note2"}) == 1


def test_it_hides_what_others_may_not_hear(fill):
    nothing = dict.fromkeys(("v_rob", "v_assault", "v_burg", "v_theft", "cross_freq", "p_contact"), "0")
    filled = fill("perception", **{**PERCEPTION, "age": "61"}, n_adults="1", privacy_ok="3", **nothing)
    private = {"v_threat", "v_ext", "p_corrupt", "p_bribe", "j_free", "j_witness", "progress_loc", "youth_press"}
    assert len(filled.asked) == 85
    assert not private & set(filled.asked)
    assert "v_last" not in filled.asked
    assert filled["v_any"] == "0"


def test_it_hides_the_delicate_part_of_a_crossing(fill):
    asked = set(fill("perception", **PERCEPTION, n_adults="1", privacy_ok="3", cross_freq="3").asked)
    assert not asked & {"x_where", "x_post", "x_pay"}
    assert asked >= {"x_nvis", "x_doc", "x_ask", "x_record", "x_search", "x_thor", "x_court", "x_wait"}


def test_it_takes_a_private_answer_back_when_someone_comes(fill):
    filled = fill("perception", **PERCEPTION, n_adults="1", privacy_ok="1")
    assert filled["v_threat"] == "1"
    filled.interview.answer("/data/consent_grp/privacy_ok", "3")
    assert filled["v_threat"] == ""
    assert b"<v_threat>" not in filled.interview.finish(now=NOW)


def test_it_asks_why_not_only_of_those_who_told_nobody(fill):
    asked = fill("perception", **PERCEPTION, n_adults="1", v_reported="0").asked
    assert "v_satis" not in asked
    assert "v_whynot" in asked


def test_it_offers_as_the_last_event_only_what_happened(fill):
    happened = {"v_rob": "0", "v_assault": "1", "v_threat": "0", "v_ext": "0", "v_burg": "0", "v_theft": "1"}
    filled = fill("perception", **PERCEPTION, n_adults="1", **happened)
    offered = filled.interview.state("/data/main/e_grp/e2_grp/v_last").choices
    assert [choice.value for choice in offered] == ["2", "6", "7", "88", "99"]


def test_it_keeps_nothing_of_the_interview_without_consent(fill):
    filled = fill("perception", **PERCEPTION, n_adults="2", consent="0")
    assert len(filled.asked) == 19
    assert filled.asked[-3:] == ["refuse_why", "result", "z_sec"]
    assert b"<main>" not in filled.interview.finish(now=NOW)


def test_it_closes_the_interview_when_the_person_leaves_after_consent(fill):
    filled = fill("perception", **PERCEPTION, n_adults="1")
    filled.interview.answer("/data/select_grp/sel_status", "2")
    assert not filled.interview.state("/data/main").relevant


def test_it_ends_where_no_adult_lives(fill):
    filled = fill("perception", **PERCEPTION, n_adults="0")
    assert len(filled.asked) == 9
    assert filled["sel_pos"] == "0"


def test_it_refuses_minors_and_contradictions(fill):
    filled = fill("perception", **{**PERCEPTION, "age": "1"}, n_adults="1", avoid="0 1")
    assert filled.refused == ["age", "avoid"]


def test_it_draws_every_adult_and_every_wording_alike_often(perception):
    rng = random.Random(2027)
    drawn = Counter()
    for _ in range(400):
        start = Interview(perception.form, now=NOW, random=rng.random, datasets={"psus.csv": POINT})
        for ref, value in (("n_adults", "4"), ("sel_method", "1"), ("sel_status", "1")):
            start.answer(f"/data/select_grp/{ref}", value)
        start.answer("/data/consent_grp/consent", "1")
        drawn[start.state("/data/select_grp/sel_pos").value] += 1
        arms = start.state("/data/main/i_grp/le_arm").value, start.state("/data/main/k_grp/sb_ver").value
        drawn[arms] += 1
    assert len(drawn) == 8
    assert all(60 <= drawn[key] <= 140 for key in drawn)  # 100 expected, 4.6 standard errors


def test_it_asks_68_things_of_an_encounter(fill):
    flags = {"country": "GT", "enc_type": "3", "n_people": "2", "flags": "1 6", "post": "GTP01"}
    filled = fill("observer", **VISIT, **flags)
    assert len(filled.asked) == 68
    assert (filled["enc_id"], filled["n_flags"]) == ("GTP01-AB12-03", "2")
    assert {"flag_note", "flag_rep"} <= set(filled.asked)
    assert filled.interview.problems() == []


def test_it_refuses_names_and_being_ones_own_partner(fill):
    wrong = {**VISIT, "obs2_id": "OB001", "enc_ref": "3", "off_alias": "Juan"}
    assert fill("observer", **wrong).refused == ["obs2_id", "enc_ref", "off_alias"]


@pytest.mark.parametrize(
    ("arrived", "began", "ended", "refused", "minutes"),
    [
        ("07:30", "08:00", "08:10", [], "30"),
        ("08:00", "08:00", "08:00", [], "0"),
        ("23:00", "23:50", "00:10", [], "50"),
        ("23:40", "00:30", "00:45", [], "50"),
        ("07:30", "08:00", "07:59", ["enc_end"], "30"),
        ("22:00", "23:50", "23:40", ["enc_end"], "110"),
        ("07:00", "08:00", "14:30", ["enc_end"], "60"),
        ("09:00", "08:00", "08:05", ["enc_start"], "1380"),
    ],
)
def test_it_follows_the_clock_past_midnight(fill, arrived, began, ended, refused, minutes):
    clock = {"arrive_t": arrived, "enc_start": began, "enc_end": ended}
    filled = fill("observer", **VISIT, **{name: f"{time}:00.000-06:00" for name, time in clock.items()})
    assert filled.refused == refused
    assert filled["minutes_in"] == minutes


def test_it_offers_only_posts_of_the_kind_that_was_said(fill):
    filled = fill("observer", **VISIT, post_type="2")
    assert [choice.value for choice in filled.interview.state("/data/ses/post").choices] == ["GTP02"]


def test_it_adds_up_a_training_session(fill):
    blocks = {"n_blocks": "3", "b_min": "60", "b_led": "3", "b_shmin": "20", "n_roster": "4"}
    costs = {"c_trainers": "1000", "c_travel": "500", "c_venue": "1", "c_meals": "1", "c_mat": "1", "c_other": "1"}
    filled = fill("training", **SESSION, **blocks, **costs, p_pre="40", p_post="70")
    names = ("tot_min", "sh_min", "sh_share", "n_any", "c_total", "c_per", "n_women", "n_pair", "sum_gain", "n_left")
    assert [float(filled[name]) for name in names] == [180, 60, 0.333, 4, 1504, 376, 4, 4, 120, 0]
    assert filled.refused == []


def test_it_lets_nobody_lead_who_was_not_there(fill):
    filled = fill("training", **{**SESSION, "shadow_id": "NONE"}, b_led="2", b_min="60", b_shmin="70")
    assert filled.refused == ["b_led", "b_shmin"]


def test_it_reports_a_session_that_was_cancelled_in_advance(fill):
    filled = fill("training", **SESSION, held="3", s_date="2030-01-01")
    assert filled.refused == []
    assert filled.interview.problems() == []
    assert "t_start" not in filled.asked


def test_it_warns_of_more_than_thirty_people(fill):
    assert "roster_note" in fill("training", **SESSION, n_roster="31").asked
    assert "roster_note" not in fill("training", **SESSION, n_roster="30").asked


def test_it_refuses_more_parts_than_there_are_in_all(fill):
    wrong = {"staff": "100", "staff_tr": "140", "seiz_n": "5", "seiz_k9": "9", "dead_viol": "3", "hom": "4"}
    assert fill("admin_monthly", adm1="GT17", **wrong).refused == ["staff_tr", "seiz_k9", "hom"]


def test_it_asks_little_of_a_month_without_data(fill):
    assert len(fill("admin_monthly", adm1="GT17", complete="3").asked) == 9


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Llamar al 55551234567", True),
        ("Piden patrullas\nal 5555 1234", True),
        ("DPI 1234 56789 0101", True),
        ("x" * 281, True),
        ("Piden patrullas desde 2026-11-21, tres por semana", False),
    ],
)
def test_it_keeps_phone_and_document_numbers_out_of_free_text(fill, text, refused):
    assert fill("committee", cmt_id="CM0001", n_items="1", v_text=text).refused == ["v_text"] * refused


def test_it_counts_concerns_but_not_those_that_are_kept_back(fill):
    points = {"cmt_id": "CM0001", "n_items": "2", "v_text": "Patrullas"}
    assert fill("committee", **points)["n_concern"] == "2"
    assert fill("committee", **points, v_sens="1")["n_concern"] == "0"


def test_it_marks_the_short_test(fill):
    right = {"k1": "2", "k2": "3", "k3": "1", "k4": "2"}
    assert fill("followup", p_code="PT000001", **right, k5="2")["k_score"] == "80"


def test_it_asks_nothing_of_someone_who_was_not_found(fill):
    assert len(fill("followup", p_code="PT000001", same_job="5").asked) == 4


def test_it_asks_officers_about_the_climate_in_private_only(fill):
    asked = set(fill("followup", p_code="PT000001", privacy_ok="3").asked)
    assert not asked & {"clim_bribe", "clim_report", "clim_lead", "threat_off"}


def test_it_shows_when_cases_do_not_add_up(fill):
    filled = fill("justice", open_start="100", incoming="20", disposed="15", open_end="104", over1y="105")
    assert filled["flow_gap"] == "-1"
    assert "flow_note" in filled.asked
    assert filled.refused == ["over1y"]


def test_it_meets_no_more_objectives_than_were_planned(fill):
    assert fill("joint", act_id="JA-20270115-01", planned="3", met="4").refused == ["met"]


def test_it_holds_no_activity_before_its_day(fill):
    assert fill("joint", act_id="JA-20300115-01", j_date="2030-01-15").refused == ["held"]
    cancelled = fill("joint", act_id="JA-20300115-01", j_date="2030-01-15", held="3")
    assert cancelled.refused == []
    assert "met" not in cancelled.asked


def test_it_wants_the_location_that_it_was_promised(fill):
    filled = fill("incident", inc_id="GT-000001", adm1="GT17", muni="GT1701", loc="", gps_q="1")
    assert [(problem.ref, problem.kind) for problem in filled.interview.problems()] == [("/data/e3/loc", "required")]


def test_it_wants_an_appointment_after_the_visit(fill):
    assert fill("contact", adm1="GT17", disp="50", appt="2026-11-20T10:00:00.000-06:00").refused == ["appt"]
    assert fill("contact", adm1="GT17", disp="50", appt="2026-11-28T10:00:00.000-06:00").refused == []


def test_it_asks_no_details_of_an_interview_that_never_was(fill):
    asked = set(fill("backcheck", case_id="GT1701034-D007-W1", was_int="0").asked)
    assert not asked & {"bc_min", "was_card", "was_vol", "felt_ok", "felt_safe"}


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("restricted", {"l_what": "Vi un cobro", "enc_id": "GTP01-AB12-03"}),
        ("checkin", {"phrase": "todo bien"}),
        ("backcheck", {"case_id": "GT1701034-D007-W1"}),
        ("incident", {"inc_id": "GT-000001", "adm1": "GT17", "muni": "GT1701"}),
        ("admin_monthly", {"adm1": "GT17"}),
        ("followup", {"p_code": "PT000001"}),
        ("training", SESSION),
        ("observer", VISIT),
    ],
)
def test_it_arrives_as_it_was_finished(fill, name, answers):
    filled = fill(name, **answers)
    assert filled.refused == []
    assert filled.interview.problems() == []
    arrived = check_instance(filled.interview.form, filled.interview.finish(now=NOW))
    assert arrived.issues == []
