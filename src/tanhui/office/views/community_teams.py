"""Volunteer teams: who they belong to, how many in each role, the hours they gave."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import TeamMember, TeamRole, TeamView
from tanhui.kernel.errors import TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.community_desk import FORM, ask, find, mine, place_names, serving
from tanhui.office.community_forms import MemberForm, TeamForm
from tanhui.office.form_page import form_page
from tanhui.parties import queries as parties
from tanhui.parties.types import Scope

SECTION = "community-teams"


@require_safe
@office_page("community-teams")
def teams(request: HttpRequest) -> HttpResponse:
    """All teams within reach, those that ended last."""
    found = sorted(
        mine(request, "community-teams", queries.teams(ended=True)), key=lambda each: (each.ended, each.title)
    )
    places = place_names()
    rows = [(each, places.get(each.division_code, ""), sum(each.members.values())) for each in found]
    return render(request, "office/community/teams.html", {"section": SECTION, "rows": rows})


@require_safe
@office_page("community-team")
def team(request: HttpRequest, number: str) -> HttpResponse:
    """One team."""
    return _team(request, queries.team(number))


def _team(
    request: HttpRequest, found: TeamView, form: MemberForm | None = None, choices: Any = (), status: int = 200
) -> HttpResponse:
    ask(request, "community-team", found)
    scope = Scope("division", found.division_code)
    context = {
        "section": SECTION,
        "team": found,
        "place": place_names().get(found.division_code, ""),
        "members": [(role.label, found.members.get(role.value, 0)) for role in TeamRole],
        "form": (form or MemberForm())
        if may(request.user, "community-team-member", scope) and not found.ended
        else None,
        "choices": choices,
        "may_change": may(request.user, "community-team-change", scope),
    }
    return render(request, "office/community/team.html", context, status=status)


@require_POST
@office_page("community-team-member")
def member(request: HttpRequest, number: str) -> HttpResponse:
    """A resident joins in one of the four roles, or leaves."""
    found = queries.team(number)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _team(request, found, form, status=422)
    data = form.cleaned_data
    try:
        persons = find(request, data["who"])
        if len(persons) > 1:
            return _team(request, found, form, persons)
        details = TeamMember(number, persons[0].id, TeamRole(data["role"]), data["joined"])
        services.arrange(details=details, at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        form.add_error("who", f"{error.message}。{error.fix}" if error.fix else error.message)
        return _team(request, found, form, status=error.status)
    words = f"{persons[0].display_name}{'加入了' if data['joined'] else '退出了'}{found.title}（{details.role.label}）"
    act(request, verb=lambda: words, done=lambda said: said)
    return redirect("office:community-team", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-team-new")
def new(request: HttpRequest) -> HttpResponse:
    """A new team."""
    return _edit(request, "community-team-new", None)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-team-change")
def change(request: HttpRequest, number: str) -> HttpResponse:
    """A team's details, or its end."""
    return _edit(request, "community-team-change", queries.team(number))


def _edit(request: HttpRequest, page: str, current: TeamView | None) -> HttpResponse:
    form = TeamForm(
        request.POST or None,
        places=serving(request.user, page),
        hosts=list(parties.organizations().values()),
        current=current,
    )

    def save() -> str:
        number = services.arrange(details=form.details(), at=timezone.now(), by=actor(request))
        return reverse("office:community-team", args=[number])

    title = f"修改：{current.title}" if current else "新志愿队伍"
    back = reverse("office:community-team", args=[current.number]) if current else reverse("office:community-teams")
    return form_page(request, form, save, template=FORM, section=SECTION, title=title, back=back)
