"""A form with the texts of one language, for a new phone's first question; those of its other languages come apart.

Over a thin line the texts are most of a form, and nobody reads two languages at once. Each part has the digest of its
bytes: the list of forms tells that of the form in the phone's language, and that document tells those of the others.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import LanguageAccept

from survey_server.db.models import FormVersion
from survey_server.problems import UnknownForm
from survey_server.web.assets import Asset, make_asset

_CODE = re.compile(r"\(([\w-]+)\)\s*\Z")
_MOST_KEPT = 40
"""How many parts stay compressed in memory: those of the forms that go out now."""


@dataclass(frozen=True)
class OneLanguageForms:
    """The forms as they go out in one language, made when they are first asked for."""

    _digests: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _parts: dict[tuple[str, str], Asset] = field(default_factory=dict)

    def find(self, version: FormVersion, wanted: LanguageAccept) -> dict[str, str] | None:
        """Language, digest and address of the form in the language closest to what a phone wants to read.

        None for a form of one language, which goes out whole.
        """
        if len(version.titles) < 2:
            return None
        if version.hash not in self._digests:
            forms, _ = _split(version)
            self._digests[version.hash] = {name: _digest(body) for name, body in forms.items()}
        digests = self._digests[version.hash]
        names = {_code(name): name for name in digests}
        name = names.get(wanted.best_match(list(names)) or "", next(iter(digests)))
        return _tell(version, name, digests[name])

    def get_part(self, version: FormVersion, digest: str) -> Asset:
        """The form in one language, or the texts of another; raises UnknownForm."""
        if (version.hash, digest) not in self._parts:
            if len(self._parts) >= _MOST_KEPT:
                self._parts.clear()
            self._parts[version.hash, digest] = _compressed(version, digest)
        return self._parts[version.hash, digest]


def _compressed(version: FormVersion, digest: str) -> Asset:
    for bodies in _split(version):
        for body in bodies.values():
            if _digest(body) == digest:
                return make_asset(digest, "application/json", body)
    raise UnknownForm("There is no such part of this form.")


def _split(version: FormVersion) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """By language, the default one first: the form with its texts alone, and its texts alone."""
    form = json.loads(version.phone)
    names = sorted(form["languages"], key=lambda name: name != form["default_language"])
    texts = {name: _dense({key: each[name] for key, each in form["texts"].items()}) for name in names}
    files = {name: _tell(version, name, _digest(body)) for name, body in texts.items()}
    forms = {}
    for name in names:
        spoken = {key: {name: each[name]} for key, each in form["texts"].items()}
        others = [file for other, file in files.items() if other != name]
        forms[name] = _dense({**form, "texts": spoken, "others": others})
    return forms, texts


def _tell(version: FormVersion, language: str, digest: str) -> dict[str, str]:
    return {"language": language, "sha256": digest, "url": f"/api/v1/forms/{version.hash}/{digest}.json"}


def _code(name: str) -> str:
    """Of "Español (es)", es; a name without a code is its own."""
    found = _CODE.search(name)
    return found[1] if found else name


def _dense(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
