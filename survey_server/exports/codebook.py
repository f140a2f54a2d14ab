"""What the columns mean: as a table, as DDI Codebook XML, and as an R script that reads the CSV with its labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from lxml import etree

from survey_server.exports.cells import harmless
from survey_server.exports.csv_files import file_name
from survey_server.exports.plan import BLANK, MAIN, Plan, Variable, text_in

_DDI = "ddi:codebook:2_5"
_HEADING = ("table", "column", "path", "type", "versions", "label", "code", "code_label")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def codebook_lines(plan: Plan, language: str) -> list[Sequence[str]]:
    """A heading, then a line for every variable and one for each of its codes."""
    lines: list[Sequence[str]] = [_HEADING]
    for table, variables in plan.tables.items():
        for variable in variables:
            about = (table, variable.name, variable.path, variable.kind, " ".join(variable.versions))
            lines.append((*about, variable.label(language), "", ""))
            lines += [(*about, "", choice.code, text_in(choice.labels, language)) for choice in variable.choices]
    return lines


def codebook_csv(plan: Plan, language: str) -> bytes:
    """The codebook as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in line] for line in codebook_lines(plan, language))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def codebook_ddi(plan: Plan, rows: int) -> bytes:
    """The codebook as DDI Codebook 2.5: a `var` for every column, its wording and categories in every language."""
    root = etree.Element(_tag("codeBook"), nsmap={None: _DDI}, version="2.5")  # type: ignore[dict-item]
    citation = etree.SubElement(etree.SubElement(root, _tag("stdyDscr")), _tag("citation"))
    title = etree.SubElement(etree.SubElement(citation, _tag("titlStmt")), _tag("titl"))
    title.text = text_in(plan.titles, "es") or plan.form_id
    for number, table in enumerate(plan.tables):
        about = etree.SubElement(root, _tag("fileDscr"), ID=f"F{number}")
        text = etree.SubElement(about, _tag("fileTxt"))
        etree.SubElement(text, _tag("fileName")).text = f"{file_name(plan, table)}.csv"
        if table == MAIN:
            size = etree.SubElement(text, _tag("dimensns"))
            etree.SubElement(size, _tag("caseQnty")).text = str(rows)
    data = etree.SubElement(root, _tag("dataDscr"))
    for number, variables in enumerate(plan.tables.values()):
        for place, variable in enumerate(variables):
            _variable(data, variable, f"V{number}_{place}", f"F{number}")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def read_script(plan: Plan, language: str) -> bytes:
    """An R script that reads every CSV file of the export; coded questions become factors with their labels."""
    lines = [
        "# Reads the CSV files beside this script. A blank cell is a question that was not asked, unless the row's",
        f"# {BLANK} column names it: then it was asked and not answered.",
        "# It runs in any locale: texts are marked as UTF-8, whatever R itself speaks.",
        "",
        "read_export <- function(name) {",
        '  data <- read.csv(name, encoding = "UTF-8", check.names = FALSE, na.strings = "", colClasses = "character")',
        '  names(data)[1] <- sub("^\\xef\\xbb\\xbf", "", names(data)[1], useBytes = TRUE)',
        "  data",
        "}",
        "",
    ]
    for table, variables in plan.tables.items():
        frame = _r_name(file_name(plan, table))
        lines.append(f"{frame} <- read_export({_quoted(f'{file_name(plan, table)}.csv')})")
        for variable in variables:
            lines += _r_lines(frame, variable, language)
        lines.append("")
    return "\n".join(lines).encode()


def _r_lines(frame: str, variable: Variable, language: str) -> list[str]:
    column = f"{frame}[[{_quoted(variable.name)}]]"
    if variable.is_number:
        return [f"{column} <- as.numeric({column})"]
    if variable.kind != "one" or not variable.choices:
        return []
    labelled = {choice.code: text_in(choice.labels, language) or choice.code for choice in reversed(variable.choices)}
    codes, labels = (", ".join(_quoted(text) for text in list(part)[::-1]) for part in (labelled, labelled.values()))
    return [f"{column} <- factor({column}, levels = c({codes}), labels = make.unique(c({labels})))"]


def _variable(data: etree._Element, variable: Variable, number: str, file: str) -> None:
    own = etree.SubElement(data, _tag("var"), ID=number, name=variable.name, files=file)
    for language, label in variable.labels.items() or [("", variable.name)]:
        _labelled(own, "labl", language, label)
    for language, label in variable.labels.items():
        question = etree.SubElement(own, _tag("qstn"))
        _labelled(question, "qstnLit", language, label)
    for choice in variable.choices:
        category = etree.SubElement(own, _tag("catgry"))
        etree.SubElement(category, _tag("catValu")).text = _clean(choice.code)
        for language, label in choice.labels.items():
            _labelled(category, "labl", language, label)
    kind = "numeric" if variable.is_number else "character"
    etree.SubElement(own, _tag("varFormat"), type=kind).text = variable.kind
    etree.SubElement(own, _tag("notes"), type="path").text = variable.path
    etree.SubElement(own, _tag("notes"), type="versions").text = " ".join(variable.versions)


def _labelled(parent: etree._Element, name: str, language: str, text: str) -> None:
    element = etree.SubElement(parent, _tag(name))
    element.text = _clean(text)
    code = language.rpartition("(")[2].rstrip(")")
    if code.isalnum() and code.isascii():
        element.set(_XML_LANG, code)


def _clean(text: str) -> str:
    """Without the control characters that XML can't hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def _tag(name: str) -> str:
    return f"{{{_DDI}}}{name}"


def _quoted(text: str) -> str:
    """A text of R in plain ASCII, so that it means the same in every locale."""
    return '"' + "".join(_escaped(letter) for letter in text if letter not in "\r\0") + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if " " <= letter <= "~":
        return letter
    return "\\n" if letter == "\n" else f"\\U{{{ord(letter):x}}}"


def _r_name(name: str) -> str:
    clean = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)
    return clean if clean[:1].isalpha() else f"t_{clean}"
