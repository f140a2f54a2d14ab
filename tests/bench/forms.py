"""Forms of the sizes that phones are measured with: forty questions and a cascade, five hundred, a hundred repeats."""

from __future__ import annotations

HEAD = "| survey |\n| | type | name | label | relevant | choice_filter | calculation | repeat_count |\n"


def survey40() -> str:
    """Forty questions: Likert rows, several choices, a repeat, and a cascade of 6, 30 and 300 places."""
    rows = [_row("select_one yn", "consent", "¿Acepta?"), _row("integer", "age", "Edad", "${consent} = '1'")]
    rows += [_row("select_one adm1", "adm1", "Departamento")]
    rows += [_row("select_one adm2", "adm2", "Municipio", choice_filter="adm1 = ${adm1}")]
    rows += [_row("select_one adm3", "adm3", "Aldea", choice_filter="adm2 = ${adm2}")]
    rows += [_row("select_one safe", f"safe{n}", f"¿Qué tan seguro se siente aquí? {n}") for n in range(12)]
    rows += [_row("select_multiple safe", f"several{n}", f"¿Cuáles? {n}") for n in range(3)]
    rows += [_row("text", f"why{n}", f"¿Por qué? {n}", f"${{safe{n}}} = '4'") for n in range(8)]
    rows += [_row("decimal", f"money{n}", f"Ingreso {n}") for n in range(6)]
    rows += [_row("calculate", "total", "", calculation=" + ".join(f"coalesce(${{money{n}}}, 0)" for n in range(6)))]
    rows += [_row("begin_repeat", "person", "Persona"), _row("integer", "p_age", "Edad")]
    rows += [_row("select_one yn", "p_works", "¿Trabaja?"), _row("end_repeat", "", ""), _row("text", "note", "Nota")]
    return HEAD + "".join(rows) + _choices() + _settings("survey40")


def big500() -> str:
    """Five hundred questions: a quarter with a condition, one in twenty calculated."""
    rows = []
    for n in range(500):
        if n % 20 == 19:
            rows.append(_row("calculate", f"q{n}", "", calculation=f"${{q{n - 1}}} + ${{q{n - 2}}}"))
        else:
            rows.append(_row("integer", f"q{n}", f"Pregunta {n}", f"${{q{n - 1}}} > 1" if n % 4 == 3 else ""))
    return HEAD + "".join(rows) + _settings("big500")


def repeat100() -> str:
    """A repeat of a hundred with five questions, one condition outside and a sum over all."""
    rows = [_row("select_one yn", "all", "¿Todos?"), _row("begin_repeat", "person", "Persona", repeat_count="100")]
    rows += [_row("integer", f"a{n}", f"Dato {n}", "${all} = '1'" if n == 4 else "") for n in range(5)]
    rows += [_row("end_repeat", "", ""), _row("calculate", "total", "", calculation="sum(${a1})")]
    return HEAD + "".join(rows) + _choices() + _settings("repeat100")


def _row(
    kind: str,
    name: str,
    label: str,
    relevant: str = "",
    choice_filter: str = "",
    calculation: str = "",
    repeat_count: str = "",
) -> str:
    return f"| | {kind} | {name} | {label} | {relevant} | {choice_filter} | {calculation} | {repeat_count} |\n"


def _choices() -> str:
    lines = ["| choices |\n| | list_name | name | label | adm1 | adm2 |\n"]
    lines += [f"| | yn | {code} | {label} | | |\n" for code, label in (("1", "Sí"), ("0", "No"))]
    lines += [f"| | safe | {n} | Grado {n} | | |\n" for n in range(1, 5)]
    lines += [f"| | adm1 | d{a} | Departamento {a} | | |\n" for a in range(6)]
    lines += [f"| | adm2 | d{a}m{b} | Municipio {a}.{b} | d{a} | |\n" for a in range(6) for b in range(5)]
    places = ((a, b, c) for a in range(6) for b in range(5) for c in range(10))
    lines += [f"| | adm3 | d{a}m{b}a{c} | Aldea {a}.{b}.{c} | d{a} | d{a}m{b} |\n" for a, b, c in places]
    return "".join(lines)


def _settings(name: str) -> str:
    return f"| settings |\n| | form_title | form_id | version |\n| | Medida {name} | {name} | 1 |\n"
