"""Quizzes: the questions that a nonce draws, what was answered, what it was worth. Passing earns no points."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from tanhui.community import _hands
from tanhui.community._documents import Question, Quiz, documents
from tanhui.community._documents import quiz as document
from tanhui.community.models import QuizAttempt
from tanhui.community.rules import check_nonce
from tanhui.community.types import KeyReused, LimitReached, QuizAnswers, QuizInfo, QuizResult, QuizView
from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_end, day_start, local_day
from tanhui.kernel.errors import BadInput
from tanhui.kernel.ids import new_number


def infos() -> list[QuizInfo]:
    """What quizzes there are, in the order of their files."""
    return [
        QuizInfo(
            each.code, each.title, each.summary, len(each.questions), each.draw, each.pass_score, each.attempts_a_day
        )
        for each in documents().quizzes.values()
    ]


def put(code: str, nonce: str, party_id: int | None) -> QuizView:
    """The questions for this person and nonce; the same again draws the same. Raises NotFound, BadInput."""
    check_nonce(nonce)
    bank = document(code)
    drawn = tuple(each.view for each in _drawn(bank, nonce, party_id))
    return QuizView(bank.code, bank.title, nonce, drawn, bank.pass_score)


def marked(details: QuizAnswers) -> QuizResult:
    """What somebody without an account answered, marked and not kept. Raises NotFound, BadInput."""
    check_nonce(details.nonce)
    bank = document(details.quiz)
    return _result("", bank, _drawn(bank, details.nonce, None), details.chosen)


def answer(details: QuizAnswers, party_id: int, at: datetime) -> QuizResult:
    """Within the caller's transaction: mark and keep the answers."""
    check_nonce(details.nonce)
    bank = document(details.quiz)
    _hands.living(party_id)
    _hands.lock_person(party_id)
    asked = digest(["quiz", bank.code, dict(details.chosen)])
    known = QuizAttempt.objects.filter(party_id=party_id, nonce=details.nonce).first()
    if known is not None:
        if bytes(known.input_hash) != asked:
            raise KeyReused("这个请求号已用于另一次作答", where="nonce", fix="换一个新的请求号再答")
        return _stored(known, replayed=True)
    today = local_day(at)
    had = QuizAttempt.objects.filter(party_id=party_id, quiz=bank.code, at__gte=day_start(today), at__lt=day_end(today))
    if had.count() >= bank.attempts_a_day:
        raise LimitReached(f"这套题每天最多答 {bank.attempts_a_day} 次", where=bank.title, fix="明天再来")
    drawn = _drawn(bank, details.nonce, party_id)
    number = new_number("qza", at)
    result = _result(number, bank, drawn, details.chosen)
    QuizAttempt.objects.create(
        number=number,
        quiz=bank.code,
        party_id=party_id,
        nonce=details.nonce,
        input_hash=asked,
        chosen=dict(details.chosen),
        right=dict(result.right),
        score=result.score,
        score_of=result.score_of,
        passed=result.passed,
        at=at,
    )
    return result


def results_of(party_id: int, limit: int) -> list[QuizResult]:
    """A person's attempts, newest first."""
    return [_stored(row) for row in QuizAttempt.objects.filter(party_id=party_id).order_by("-id")[:limit]]


def _drawn(bank: Quiz, nonce: str, party_id: int | None) -> list[Question]:
    """Nobody can tell beforehand which questions a nonce draws, and nobody else draws the same."""
    secret = settings.TANHUI_SECRETS["number"]

    def place(question: Question) -> bytes:
        drawn = f"quiz:{bank.code}:{party_id}:{nonce}:{question.view.code}"
        return hmac.digest(secret, drawn.encode(), "sha256")

    return sorted(bank.questions, key=place)[: bank.draw]


def _result(number: str, bank: Quiz, drawn: list[Question], chosen: Mapping[str, str]) -> QuizResult:
    options = {each.view.code: dict(each.view.options) for each in drawn}
    for question, option in chosen.items():
        if option not in options.get(question, {}):
            raise BadInput("答案里有不是这次出的题或选项", where=question[:40], fix="重新取题后作答")
    score = sum(chosen.get(each.view.code) == each.right for each in drawn)
    return QuizResult(
        number=number,
        quiz=bank.code,
        score=score,
        score_of=len(drawn),
        passed=score >= bank.pass_score,
        right={each.view.code: each.right for each in drawn},
        explained={each.view.code: _explained(each) for each in drawn},
    )


def _explained(question: Question) -> str:
    return f"{question.explained}（{question.source}）" if question.source else question.explained


def _stored(row: QuizAttempt, *, replayed: bool = False) -> QuizResult:
    """An attempt as it was marked; questions that left the bank since have no explanation any more."""
    bank = documents().quizzes.get(row.quiz)
    known = {each.view.code: _explained(each) for each in bank.questions} if bank else {}
    return QuizResult(
        number=row.number,
        quiz=row.quiz,
        score=row.score,
        score_of=row.score_of,
        passed=row.passed,
        right=dict(row.right),
        explained={code: known.get(code, "") for code in row.right},
        replayed=replayed,
    )
