"""Labels, hints and messages: itext in every language, inline texts, outputs inside them, and media."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from survey_server.xlsform.expressions.nodes import ELEMENT, TEXT, Node
from survey_server.xlsform.model import Forms, Parts

if TYPE_CHECKING:
    from survey_server.xlsform.complaints import Complaints
    from survey_server.xlsform.expressions.expression import Tree

ITEXT_CALL = re.compile(r"""\s*jr:itext\(\s*(?:'([^']*)'|"([^"]*)")\s*\)\s*$""")
MEDIA = ("image", "big-image", "audio", "video")
ReadTree = Callable[[str, str, str, int], "Tree | None"]  # text, ref, aspect, line


class Texts:
    """All texts of a form by key; a key is an itext id, or = and the place of an inline text."""

    def __init__(self, complaints: Complaints, read_tree: ReadTree) -> None:
        self.complaints = complaints
        self.read_tree = read_tree
        self.languages: list[str] = []
        self.default = ""
        self.by_key: dict[str, dict[str, Forms]] = {}
        self.inline: dict[str, Forms] = {}
        self._has_outputs: bool | None = None

    def read_itext(self, itext: Node) -> None:
        """Read all translations."""
        for translation in itext.elements():
            language = translation.get("lang")
            if translation.name != "translation" or language is None:
                self.complaints.refuse(
                    "A translation has no lang.", 'Write <translation lang="...">.', line=translation.line
                )
                continue
            if language in self.languages:
                self.complaints.refuse(
                    f"The language “{language}” is defined twice.", "Remove one.", line=translation.line
                )
                continue
            self.languages.append(language)
            if translation.get("default") is not None:
                if self.default:
                    self.complaints.refuse(
                        f"“{self.default}” and “{language}” are both the default language.",
                        "Leave default=\"true()\" at one.", line=translation.line,
                    )  # fmt: skip
                self.default = self.default or language
            self._read_translation(translation, language)
        if not self.languages:
            self.complaints.refuse("The itext has no translations.", "Add one, or remove <itext>.", line=itext.line)
        self.default = self.default or (self.languages[0] if self.languages else "")

    def _read_translation(self, translation: Node, language: str) -> None:
        for text in translation.elements():
            text_id = text.get("id")
            if not text_id:
                self.complaints.refuse("A text has no id.", 'Write <text id="...">.', line=text.line)
                continue
            by_language = self.by_key.setdefault(text_id, {})
            if language in by_language:
                self.complaints.refuse(f"The text “{text_id}” is defined twice.", "Remove one.", line=text.line)
                continue
            forms: Forms = {}
            for value in text.elements():
                form = value.get("form") or ""
                if form in forms:
                    self.complaints.refuse(
                        f"The text “{text_id}” has two values" + (f" of the form “{form}”." if form else "."),
                        "Remove one.", line=value.line,
                    )  # fmt: skip
                forms[form] = value.value().strip() if form in MEDIA else trimmed(self.parts(value, text_id, "label"))
            if "" not in forms and "long" in forms:
                forms[""] = forms["long"]
            by_language[language] = forms

    def parts(self, node: Node, ref: str, aspect: str) -> Parts:
        """The text of an element, cut at its outputs."""
        if not node.children:
            return [node.text] if node.text else []
        found: Parts = []
        for child in node.children:
            if child.kind == TEXT:
                found.append(child.text)
            elif child.kind == ELEMENT and child.name == "output":
                source = child.get("value") or child.get("ref") or ""
                tree = self.read_tree(source, ref, aspect, child.line)
                if tree is not None:
                    found.append({"value": tree})
            else:
                found += self.parts(child, ref, aspect)
        return found

    def read_label(self, node: Node, ref: str, aspect: str) -> str:
        """The key of a <label> or <hint>, by itext reference or inline."""
        source = node.get("ref")
        if source is not None:
            return self.read_reference(source, ref, aspect, node.line)
        return self.add_inline(trimmed(self.parts(node, ref, aspect)), ref, aspect)

    def read_reference(self, source: str, ref: str, aspect: str, line: int) -> str:
        """The key of a text that is referred to as jr:itext('id'), or computed."""
        found = ITEXT_CALL.match(source)
        if found:
            key = found[1] if found[1] is not None else found[2]
            if self.default not in self.by_key.get(key, {}):
                complain = self.complaints.warn if aspect.endswith("_message") else self.complaints.refuse
                complain(
                    f"The text “{key}” isn't defined.", "Add it to the itext in the default language.",
                    ref=ref, aspect=aspect, line=line,
                )  # fmt: skip
            return key
        if not source.strip().startswith("jr:itext("):
            self.complaints.refuse(
                f"“{source}” is no reference to a text.", "Write jr:itext('id').", ref=ref, aspect=aspect, line=line
            )
            return ""
        tree = self.read_tree(source, ref, aspect, line)
        return self.add_inline([{"value": tree}] if tree is not None else [], ref, aspect)

    def add_inline(self, parts: Parts, ref: str, aspect: str) -> str:
        """Keep a text that is the same in every language."""
        key = f"={ref}:{aspect}"
        number = 2
        while key in self.inline and self.inline[key] != {"": parts}:
            key = f"={ref}:{aspect}:{number}"
            number += 1
        self.inline[key] = {"": parts}
        return key

    def read_message(self, source: str, ref: str, aspect: str, line: int) -> str:
        """The key of a message that stands in an attribute."""
        if ITEXT_CALL.match(source):
            return self.read_reference(source, ref, aspect, line)
        return self.add_inline([source], ref, aspect)

    def has_outputs(self) -> bool:
        """Whether any itext holds outputs, so that labels may differ from moment to moment."""
        if self._has_outputs is None:
            self._has_outputs = any(
                isinstance(part, dict)
                for key, versions in self.by_key.items() if not key.startswith("/")
                for forms in versions.values() for value in forms.values() if isinstance(value, list) for part in value
            )  # fmt: skip
        return self._has_outputs

    def trees(self, key: str) -> list[Tree]:
        """The trees of the outputs in a text, in any language."""
        versions = [self.inline[key]] if key in self.inline else list(self.by_key.get(key, {}).values())
        parts = [part for forms in versions for value in forms.values() if isinstance(value, list) for part in value]
        return [part["value"] for part in parts if isinstance(part, dict)]

    def all_texts(self) -> dict[str, dict[str, Forms]]:
        """Every text in every language; what a language lacks is taken from the default language, else from any."""
        languages = self.languages or [""]
        found: dict[str, dict[str, Forms]] = {}
        for key, by_language in self.by_key.items():
            fallback = by_language.get(self.default) or next(iter(by_language.values()), {})
            found[key] = {language: _filled(by_language.get(language), fallback) for language in languages}
        for key, forms in self.inline.items():
            found[key] = dict.fromkeys(languages, forms)
        return found


def trimmed(parts: Parts) -> Parts:
    """The parts without the white space around the text that the XML was laid out with."""
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return [part for part in parts if part != ""]


def _filled(forms: Forms | None, fallback: Forms) -> Forms:
    """A text with the forms that it lacks; pyxform writes - where a translation is missing."""
    own = {form: value for form, value in (forms or {}).items() if value not in (["-"], "-")}
    return {**fallback, **own} if own else fallback
