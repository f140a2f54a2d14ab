"""Every kind of issue that the server can raise has its words."""

from __future__ import annotations

import re

from survey_server.web.office.texts import CATALOGUE, read_catalogue

PACKAGE = CATALOGUE.parents[1]


def test_it_has_words_for_every_kind_of_issue() -> None:
    rooms = ("xlsform/filling/instance.py", "db/intake/reading.py", "db/field/site_rules.py", "db/intake/personal.py")
    instance, arrivals, rules, personal = ((PACKAGE / room).read_text() for room in rooms)
    kinds = set(re.findall(r"""(?:Issue|flag)\(\s*"([a-z-]+)\"""", instance + arrivals + rules + personal))
    kinds |= set(re.findall(r"""(?:return|:) "([a-z]+(?:-[a-z]+)+)\"""", arrivals))
    assert {"unknown-site", "closed-wave", "unknown-question", "constraint"} <= kinds
    assert {f"issue.kinds.{kind}" for kind in kinds} <= set(read_catalogue())
