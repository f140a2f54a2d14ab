"""Fills a form as an enumerator does: question by question, only what is shown, until nothing is left to ask."""

from __future__ import annotations

from collections.abc import Callable

from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.filling.state import Question

Reader = Callable[[str], str]
Offer = Callable[[], list[str]]
Answerer = Callable[[str, Offer, Reader], str]


class NoAnswer(RuntimeError):
    """The demo has no valid answer for a question: the form has changed and the demo must follow."""


def answer_all(interview: Interview, answer: Answerer) -> None:
    """Answer every question that is shown; `answer(name, offered, read)` gives the value as stored.

    `offered()` tells the values of the choices, for whoever needs them: to work them out takes a while. `read(ref)`
    tells what the form itself has worked out. Questions that an answer brings up are asked in the next pass. Raises
    NoAnswer when an answer breaks a rule of the form.
    """
    asked: set[str] = set()
    while shown := [question for question in interview.questions() if question.ref not in asked]:
        for question in shown:
            asked.add(question.ref)
            _ask(interview, question, answer)
    if broken := interview.problems():
        raise NoAnswer(f"{broken[0].ref}: {broken[0].message}")


def _ask(interview: Interview, question: Question, answer: Answerer) -> None:
    state = interview.state(question.ref)
    if not state.relevant or state.readonly:
        return
    name = question.ref.rsplit("/", 1)[-1]

    def offered() -> list[str]:
        if not question.control.choices:
            return []
        return sorted(interview.wording.offers(interview.node(question.ref), question.control) or ())

    interview.answer(question.ref, answer(name, offered, lambda ref: interview.state(ref).value))
