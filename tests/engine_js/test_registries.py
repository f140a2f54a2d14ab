"""The two function libraries know the same names, and how many arguments each takes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from survey_server.xlsform.functions import LIBRARY

INDEX = Path(__file__).parents[2] / "static" / "js" / "engine" / "functions" / "index.js"
LIST = """import(process.argv[1]).then(async ({ FUNCTIONS, loadFunctions }) => {
  await loadFunctions();
  const arities = Object.entries(FUNCTIONS).map(([name, [least, most]]) => [name, [least, most]]);
  console.log(JSON.stringify(Object.fromEntries(arities)));
})"""
ANY_NUMBER = 999


def test_it_knows_the_same_functions_on_both_sides() -> None:
    phone = json.loads(subprocess.check_output(["node", "-e", LIST, str(INDEX)]))
    server = {name: [each.least, ANY_NUMBER if each.most is None else each.most] for name, each in LIBRARY.items()}
    assert phone == server
