"""Village mode: a page that works a whole morning without network, what it takes along, and what it brings back.

The page itself holds no personal data: it is kept by the phone's service worker. What it takes along (the pack) stands
in the phone's own store, and is deleted there by a button.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import CheckInDetails, Measured, UploadResult, Weighed
from tanhui.kernel.errors import BadInput, TanhuiError
from tanhui.office.access import office_page
from tanhui.office.acts import actor
from tanhui.office.community_desk import place_names, serving
from tanhui.office.offline_shell import CAMERA, worker_script
from tanhui.parties import queries as parties

MOST_ENTRIES = 100
"""Of one upload; a phone with more sends several."""
_FILES = (
    *("tanhui/tanhui.css", "tanhui/rewards.css", "tanhui/village.css", "tanhui/favicon.svg"),
    *(f"tanhui/offline/{name}.js" for name in ("queue", "tokens", "scan", "upload")),
    "tanhui/village-mode.js",
)
"""Everything that the page needs to stand without network."""


@require_safe
@office_page("village-mode")
def mode(request: HttpRequest) -> HttpResponse:
    """The shell; its script fills it from the phone's store."""
    response = render(request, "office/community/mode.html", {"section": "village-mode"})
    response["Permissions-Policy"] = CAMERA
    return response


@require_safe
@office_page("village-worker")
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: keeps the shell and its files, nothing else."""
    return worker_script("village", pages=[reverse("office:village-mode")], files=_FILES)


@require_safe
@office_page("village-pack")
def pack(request: HttpRequest) -> HttpResponse:
    """What the phone takes along for a morning in one division; without one, where the person serves."""
    places = serving(request.user, "village-pack")
    names = place_names()
    answer: dict[str, Any] = {
        "clerk": request.user.get_username(),
        "csrf": get_token(request),
        "places": [(each.statistical_code, names[each.statistical_code]) for each in places],
    }
    wanted = request.GET.get("division", "")
    if wanted:
        try:
            made = queries.pack(by=actor(request), division_code=wanted, at=timezone.now())
        except TanhuiError as error:
            return _problem(error)
        answer |= {"pack": asdict(made), "place": names.get(wanted, "")}
    return JsonResponse(answer)


@require_POST
@office_page("village-upload")
def upload(request: HttpRequest) -> HttpResponse:
    """Entries made without network: each judged by itself, each answered; sent twice, the same answers."""
    try:
        told = _told(request)
    except TanhuiError as error:
        return _problem(error)
    entries, answers = [], list[dict[str, Any]]()
    for row in told:
        try:
            entries.append(_entry(row))
        except TanhuiError as error:
            answers.append(
                _answer(UploadResult(str(row.get("nonce", ""))[:64], None, error.code, error.message, error.fix))
            )
    answers += [_answer(each) for each in services.upload(entries=entries, at=timezone.now(), by=actor(request))]
    return JsonResponse({"results": answers})


def _told(request: HttpRequest) -> list[dict[str, Any]]:
    fix = "不要清空这部手机，联系平台运营人员"
    try:
        told = json.loads(request.body)
        clerk, rows = str(told["clerk"]), list(told["entries"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("上传的内容无法识别", where="entries", fix=fix) from error
    if clerk != request.user.get_username():
        raise BadInput(f"这些记录是{clerk[:60]}记的", where="clerk", fix=f"请{clerk[:60]}登录后再上传")
    if len(rows) > MOST_ENTRIES or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"一次最多上传{MOST_ENTRIES}条", where="entries", fix=fix)
    return rows


def _entry(row: dict[str, Any]) -> CheckInDetails:
    """One entry as the phone kept it. Raises BadInput, NotFound (no such person)."""
    try:
        if not _storable(row):
            raise ValueError("a database cannot store it")
        happened_at = datetime.fromisoformat(str(row["happened_at"]))
        if happened_at.tzinfo is None:
            raise ValueError("an instant needs a zone")
        measured = tuple(
            Measured(
                material=str(each["material"])[:60],
                mass_g=_whole(each.get("mass_g")),
                item_count=_whole(each.get("item_count")),
                weighed=Weighed(each.get("weighed", "hand")),
                reading=str(each.get("reading", ""))[:40],
            )
            for each in row.get("measured", [])
        )
        person, card = str(row.get("party", "")), str(row.get("card", ""))
        occasion, nonce, minutes = str(row["occasion"])[:40], str(row["nonce"]), _whole(row.get("minutes"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput("这条记录无法识别", where="entries", fix="在网页上重新录入这一条") from error
    return CheckInDetails(
        occasion=occasion,
        nonce=nonce,
        happened_at=happened_at,
        party_id=parties.party(person).id if person and not card else None,
        card=card,
        measured=measured,
        minutes=minutes,
        offline=True,
    )


def _storable(row: dict[str, Any]) -> bool:
    """No character that a database refuses: one such entry must not keep the others from being answered."""
    text = json.dumps(row, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _whole(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("not a whole number")


def _answer(result: UploadResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"nonce": result.nonce}
    if result.view is None:
        return answer | {"state": "refused", "code": result.code, "message": result.message, "fix": result.fix}
    view = result.view
    return answer | {
        "state": view.state.value,
        "number": view.number,
        "message": view.message,
        "receipt": reverse("office:village-receipt", args=[view.number]),
    }


def _problem(error: TanhuiError) -> HttpResponse:
    return JsonResponse({"code": error.code, "message": error.message, "fix": error.fix}, status=error.status)
