"""The same write at once, on real connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from tests.doors.api_client import event, open_county, send, sign_in

from tanhui.scenarios import queries


def test_one_act_sent_by_four_hands_at_once_is_one_act(
    transactional_db: None, in_threads: Callable[..., list[Any]], settings: Any
) -> None:
    settings.TANHUI_DEMO = True
    open_county()
    me = sign_in(Client(), "li") | {"Idempotency-Key": "k1"}
    act = {"scenario": "walking", "happened_at": "2026-11-20T08:00:00+08:00", "quantities": {"step_count": 8000}}

    def declare() -> Any:
        return Client().post("/api/v1/resident/acts", act, content_type="application/json", headers=me)

    answers = in_threads(*[declare] * 4)
    assert [answer.status_code for answer in answers] == [202] * 4, answers
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == ["", "true", "true", "true"]
    assert len(Client().get("/api/v1/resident/statement", headers=me).json()["lines"]) == 1


def test_one_message_sent_by_four_hands_at_once_is_one_delivery(
    transactional_db: None, in_threads: Callable[..., list[Any]]
) -> None:
    open_county()
    events = [event(n, subject=f"U{n}") for n in range(50)]
    answers = in_threads(*[lambda: send(Client(), events)] * 4)
    assert [answer.status_code for answer in answers] == [202] * 4, answers
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert sorted(answer.json()["repeated"] for answer in answers) == [False, True, True, True]
    assert [row.rows_waiting for row in queries.deliveries()] == [50]
