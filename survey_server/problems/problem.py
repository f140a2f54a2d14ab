"""What every problem is: a status, a title, a detail, and more that a program can read."""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    """Something the user has to know: what, where and what to do (RFC 9457 problem details)."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on the server"

    def __init__(self, detail: str = "", **extras: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extras = extras

    @property
    def code(self) -> str:
        """The name that a program can compare, in kebab case: `BadToken` -> `bad-token`."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))

    def to_document(self) -> dict[str, Any]:
        """The problem as an RFC 9457 document."""
        return {
            "type": f"urn:survey-server:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extras,
        }
