"""What the invented people of the perception survey answer, question by question."""

from __future__ import annotations

from survey_server.demo.scales import Scale

_AGREE = Scale({"1": 12, "2": 34, "3": 34, "4": 15, "88": 4, "99": 1})
_LIKELY = Scale({"1": 18, "2": 30, "3": 30, "4": 18, "88": 3, "99": 1})
_TREND = Scale({"1": 18, "2": 50, "3": 29, "88": 3})
_SUPPORT = Scale({"1": 26, "2": 36, "3": 20, "4": 14, "88": 3, "99": 1})
_COMMON = Scale({"4": 12, "3": 28, "2": 34, "1": 20, "88": 4, "99": 2})
_YES_15 = Scale({"0": 83, "1": 15, "88": 2})


def _trust(centre: float) -> Scale:
    """A 1 to 7 trust scale, best first, around `centre`."""
    weights = {str(code): max(0.05, 1 - abs(code - centre) / 4) * 24 for code in range(7, 0, -1)}
    return Scale({**weights, "88": 2, "99": 1})


OPINIONS: dict[str, Scale] = {
    "top_problem": Scale(
        {"1": 28, "2": 20, "6": 12, "7": 10, "5": 9, "4": 7, "3": 6, "9": 4, "8": 2, "96": 1, "88": 1}
    ),
    "safe_day": Scale({"1": 30, "2": 38, "3": 20, "4": 9, "77": 1, "88": 1, "99": 1}),
    "safe_night": Scale({"1": 13, "2": 28, "3": 31, "4": 21, "77": 4, "88": 2, "99": 1}),
    "safe_home": Scale({"1": 33, "2": 37, "3": 19, "4": 8, "88": 2, "99": 1}),
    "safe_road": Scale({"1": 12, "2": 30, "3": 32, "4": 20, "77": 3, "88": 2, "99": 1}),
    "safe_border": Scale({"1": 11, "2": 29, "3": 33, "4": 21, "77": 3, "88": 2, "99": 1}),
    "safe_trend": _TREND,
    "border_pres": Scale({"1": 24, "2": 52, "3": 20, "88": 4}),
    "see_patrol": Scale({"1": 10, "2": 20, "3": 22, "4": 26, "5": 20, "88": 2}),
    "would_report": _LIKELY,
    "v_satis": Scale({"1": 8, "2": 24, "3": 34, "4": 31, "88": 3}),
    "tr_police": _trust(3.4),
    "tr_border": _trust(3.2),
    "tr_army": _trust(4.4),
    "tr_pros": _trust(3.3),
    "tr_courts": _trust(3.1),
    "tr_muni": _trust(3.6),
    "tr_comm": _trust(4.6),
    "tr_church": _trust(5.0),
    "pj_voice": _AGREE,
    "pj_neutral": Scale({"1": 7, "2": 25, "3": 41, "4": 22, "88": 4, "99": 1}),
    "pj_respect": _AGREE,
    "pj_explain": Scale({"1": 9, "2": 29, "3": 38, "4": 19, "88": 4, "99": 1}),
    "p_effective": _AGREE,
    "p_arrive": Scale({"1": 7, "2": 22, "3": 27, "4": 20, "5": 8, "6": 12, "88": 4}),
    "p_corrupt": _COMMON,
    "j_punish": Scale({"1": 8, "2": 21, "3": 37, "4": 29, "88": 4, "99": 1}),
    "j_fair": Scale({"1": 5, "2": 18, "3": 43, "4": 29, "88": 4, "99": 1}),
    "j_free": Scale({"1": 5, "2": 17, "3": 41, "4": 31, "88": 5, "99": 1}),
    "j_speed": Scale({"1": 4, "2": 16, "3": 44, "4": 31, "88": 4, "99": 1}),
    "j_witness": Scale({"1": 13, "2": 24, "3": 32, "4": 26, "88": 4, "99": 1}),
    "progress": Scale({"1": 7, "2": 25, "3": 35, "4": 18, "5": 11, "88": 4}),
    "progress_loc": Scale({"1": 6, "2": 24, "3": 40, "4": 16, "5": 9, "88": 5}),
    "viol_trend": Scale({"3": 20, "2": 47, "1": 30, "88": 3}),
    "youth_press": _COMMON,
    "aid_police": _SUPPORT,
    "aid_army": _SUPPORT,
    "aid_just": Scale({"1": 30, "2": 38, "3": 17, "4": 11, "88": 3, "99": 1}),
    "aid_change": _TREND,
    "job_youth": Scale({"1": 5, "2": 17, "3": 41, "4": 34, "88": 3}),
    "inc_enough": Scale({"1": 9, "2": 38, "3": 36, "4": 15, "99": 2}),
    "inc_trend": _TREND,
    "x_thor": Scale({"1": 15, "2": 34, "3": 33, "4": 15, "88": 3}),
    "x_court": Scale({"1": 22, "2": 42, "3": 24, "4": 9, "88": 3}),
}

FACTS: dict[str, Scale] = {
    "cross_freq": Scale({"0": 62, "1": 18, "2": 11, "3": 5, "4": 3, "5": 1}),
    "x_where": Scale({"1": 74, "2": 23, "88": 2, "99": 1}),
    "x_nvis": Scale({"0": 18, "1": 40, "2": 28, "3": 12, "88": 2}),
    "x_doc": Scale({"1": 52, "0": 46, "88": 2}),
    "x_ask": Scale({"1": 44, "0": 54, "88": 2}),
    "x_record": Scale({"1": 36, "0": 60, "88": 4}),
    "x_search": Scale({"1": 28, "0": 70, "88": 2}),
    "x_pay": Scale({"0": 86, "1": 11, "88": 1, "99": 2}),
    "v_rob": Scale({"0": 91, "1": 8, "99": 1}),
    "v_assault": Scale({"0": 95, "1": 4, "99": 1}),
    "v_threat": Scale({"0": 92, "1": 6, "99": 2}),
    "v_ext": Scale({"0": 91, "1": 7, "99": 2}),
    "v_burg": Scale({"0": 92, "1": 7, "99": 1}),
    "v_theft": Scale({"0": 88, "1": 11, "99": 1}),
    "p_bribe": Scale({"0": 88, "1": 9, "88": 1, "99": 2}),
    "le_short": Scale({"0": 24, "1": 42, "2": 25, "3": 7, "99": 2}),
    "le_long": Scale({"0": 20, "1": 38, "2": 27, "3": 10, "4": 3, "99": 2}),
    "aid_aware": Scale({"0": 74, "1": 23, "88": 3}),
    "aid_prio": Scale({"1": 18, "2": 9, "3": 12, "4": 27, "5": 14, "6": 16, "96": 2, "88": 2}),
    "new_job": Scale({"0": 80, "1": 18, "88": 2}),
    "cmt_known": Scale({"0": 55, "1": 39, "88": 6}),
    "cmt_part": Scale({"0": 62, "1": 37, "99": 1}),
    "kid_great": _YES_15,
    "edu": Scale({"0": 12, "1": 25, "2": 20, "3": 19, "4": 17, "5": 7}),
    "activity": Scale({"1": 24, "2": 23, "3": 16, "4": 24, "5": 5, "6": 4, "7": 4}),
    "hh_size": Scale({"1": 4, "2": 10, "3": 17, "4": 22, "5": 19, "6": 13, "7": 8, "8": 5, "9": 2}),
    "media": Scale({"1": 24, "2": 26, "3": 33, "4": 3, "5": 8, "6": 4, "7": 2}),
    "yrs_here": Scale({str(years): 1 for years in (2, 5, 8, 12, 15, 18, 20, 25, 30, 35, 40)}),
    "x_wait": Scale({"5": 12, "10": 22, "15": 20, "20": 16, "30": 15, "45": 8, "60": 5, "90": 2}),
    "z_underst": Scale({"1": 72, "2": 24, "3": 4}),
    "z_fear": Scale({"0": 91, "1": 9}),
    "z_sec": Scale({"0": 97, "1": 2, "5": 1}),
    "avoid": Scale({"1": 26, "1 4": 16, "4": 10, "1 2": 8, "3": 5, "7": 3, "1 2 4": 6, "0": 24, "99": 2}),
    "v_last": Scale({"1": 20, "2": 9, "3": 14, "4": 16, "5": 16, "6": 24, "7": 1}),
    "v_reported": Scale({"0": 64, "1": 24, "1 2": 5, "2": 3, "4": 2, "99": 2}),
    "v_whynot": Scale({"1": 36, "2": 22, "3": 8, "6": 14, "7": 7, "5": 6, "1 2": 6, "88": 1}),
    "p_contact": Scale({"0": 48, "1": 22, "3": 13, "2": 9, "1 3": 5, "4": 3}),
}

FACTS_LATER: dict[str, Scale] = {
    "v_rob": Scale({"0": 93, "1": 6, "99": 1}),
    "v_assault": Scale({"0": 96, "1": 3, "99": 1}),
    "v_threat": Scale({"0": 93.5, "1": 4.5, "99": 2}),
    "v_ext": Scale({"0": 93, "1": 5, "99": 2}),
    "v_reported": Scale({"0": 43, "1": 44, "1 2": 7, "2": 2, "4": 2, "99": 2}),
}
"""What is planted in the second wave: fewer victims of violence, of whom more go to the police."""
