"""The two function libraries know the same names, and the phone loads the family of each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from survey_server.xlsform.expressions.axes import AXES
from survey_server.xlsform.expressions.functions import LIBRARY

ENGINE = Path(__file__).parents[2] / "static" / "js" / "engine"
ANY_NUMBER = 999
PHONE = """
const { AXES, FAMILIES, FUNCTIONS, loadFamilies } = await import(process.argv[2] + '/library.js');
await import(process.argv[2] + '/evaluate.js');
const missed = [];
const calls = () => Object.keys(FUNCTIONS).map((name) => ['call', name]);
const steps = () => Object.keys(AXES).map((axis) => ['path', '.', [axis, 'x']]);
const known = () => [...calls(), ...steps()];
for (const family of Object.keys(FAMILIES)) {
  const before = known().map(String);
  await import(`${process.argv[2]}/families/${family}.js`);
  for (const tree of known().filter((each) => !before.includes(String(each)))) {
    if (!FAMILIES[family].test(JSON.stringify(tree))) missed.push(tree);
  }
}
await loadFamilies();
const arities = Object.entries(FUNCTIONS).map(([name, [least, most]]) => [name, [least, most]]);
console.log(JSON.stringify({ functions: Object.fromEntries(arities), axes: Object.keys(AXES), missed }));
"""


def phone() -> dict[str, Any]:
    """What the phone's engine knows, and what it wouldn't load for a form that needs it."""
    run = ["node", "--input-type=module", "-e", PHONE, "x", str(ENGINE)]
    found: dict[str, Any] = json.loads(subprocess.check_output(run))
    return found


def test_it_knows_the_same_functions_on_both_sides() -> None:
    server = {name: [each.least, ANY_NUMBER if each.most is None else each.most] for name, each in LIBRARY.items()}
    assert phone()["functions"] == server


def test_it_knows_the_same_axes_on_both_sides() -> None:
    assert set(phone()["axes"]) == set(AXES)


def test_it_loads_a_family_for_every_form_that_needs_it() -> None:
    assert phone()["missed"] == []
