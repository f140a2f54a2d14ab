"""The phone's engine stays light: what every form loads of it, as it travels."""

from __future__ import annotations

from survey_server.web.assets import read_assets

LIMIT = 20 * 1024


def test_it_weighs_less_than_twenty_kilobytes_over_the_wire() -> None:
    modules = [each for each in read_assets().under("js/engine/") if each.path.endswith(".js")]
    usual = [each for each in modules if "/families/" not in each.path]
    assert sum(len(each.encodings.get("br", each.body)) for each in usual) < LIMIT
