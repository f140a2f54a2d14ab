"""Fills a form as an enumerator does: question by question, only what is shown, until nothing is left to ask."""

from __future__ import annotations

from collections.abc import Callable

from survey_server.xlsform.interview import Interview

Answerer = Callable[[str, list[str]], str]


class NoAnswer(RuntimeError):
    """The demo has no valid answer for a question: the form has changed and the demo must follow."""


def answer_all(interview: Interview, answer: Answerer) -> None:
    """Answer every question that is shown; `answer(name, choice values)` gives the value as stored.

    Questions that an answer brings up are asked in the next pass. Raises NoAnswer when an answer breaks a rule.
    """
    asked: set[str] = set()
    while True:
        shown = [question for question in interview.questions() if question.ref not in asked]
        if not shown:
            return
        for question in shown:
            asked.add(question.ref)
            _ask(interview, question.ref, answer)


def _ask(interview: Interview, ref: str, answer: Answerer) -> None:
    state = interview.state(ref)
    if not state.relevant or state.readonly:
        return
    name = ref.rsplit("/", 1)[-1]
    value = answer(name, [choice.value for choice in state.choices or []])
    interview.answer(ref, value)
    after = interview.state(ref)
    if not after.valid or after.missing:
        raise NoAnswer(f"{ref}: {value!r} is refused by the form")
