"""Volunteer teams and who belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Count

from tanhui.community import _hands
from tanhui.community.models import Membership, Team
from tanhui.community.rules import check_words
from tanhui.community.types import TeamDetails, TeamMember, TeamView
from tanhui.kernel.errors import Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor

# Minutes of service of a team: what its members gave at its host's occasions while they belonged to it. A check-in
# counts once for a team, also where somebody has two roles in it.
_MINUTES = """
SELECT t.id, coalesce(sum(c.minutes), 0)::bigint
FROM community_team t
JOIN community_occasion o ON o.host_id = t.host_id AND o.kind = 'volunteer'
JOIN community_check_in c ON c.occasion_id = o.id AND c.state = 'counted' AND c.minutes IS NOT NULL
WHERE t.id = ANY(%s) AND EXISTS (
  SELECT FROM community_membership m WHERE m.team_id = t.id AND m.party_id = c.party_id
    AND m.joined_at <= c.happened_at AND (m.left_at IS NULL OR c.happened_at < m.left_at))
GROUP BY t.id
"""


def set_team(details: TeamDetails, at: datetime, by: Actor) -> str:
    """Found a team, change it, or end it; with it end its memberships."""
    _hands.require(by, _hands.RUN, details.division_code)
    title = check_words(details.title, "title", 80, least=1)
    host = _hands.organization(details.host)
    place = _hands.division(details.division_code).statistical_code
    if details.number:
        team = _locked(details.number)
        _hands.require(by, _hands.RUN, team.division_code)
        if team.ended_at is not None:
            raise Conflict("这支队伍已解散", where=details.number, fix="另建一支队伍")
        team.title, team.host_id, team.division_code = title, host.id, place
        if details.ended:
            team.ended_at = at
            Membership.objects.filter(team=team, left_at__isnull=True).update(left_at=at)
        team.save()
    else:
        team = Team.objects.create(
            number=new_number("tem", at), title=title, host_id=host.id, division_code=place, created_at=at
        )
    detail = {"title": title, "host": host.number, "ended": details.ended}
    _hands.record(by, "community.team", team.number, detail, at)
    return team.number


def set_member(details: TeamMember, at: datetime, by: Actor) -> str:
    """Join or leave; repeated, it changes nothing."""
    person = _hands.living(details.party_id)
    parties.require_hand(by, person.id, _hands.SERVE)
    team = _locked(details.team)
    standing = Membership.objects.filter(team=team, party_id=person.id, role=details.role.value, left_at__isnull=True)
    if details.joined and team.ended_at is not None:
        raise Conflict("这支队伍已解散", where=details.team, fix="选择其他队伍")
    if details.joined == standing.exists():
        return team.number
    if details.joined:
        Membership.objects.create(team=team, party_id=person.id, role=details.role.value, joined_at=at)
    else:
        standing.update(left_at=at)
    if by.user_id is not None:
        detail = {"party": person.number, "role": details.role.value, "joined": details.joined}
        _hands.record(by, "community.team_member", team.number, detail, at)
    return team.number


def _locked(number: str) -> Team:
    row = Team.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这支队伍", where=number[:40], fix="从队伍列表中选择")
    return row


def team_views(rows: Sequence[Team]) -> list[TeamView]:
    """Teams with members by role and minutes of service."""
    hosts = parties.parties({row.host_id for row in rows})
    members: dict[int, dict[str, int]] = {}
    counted = Membership.objects.filter(team__in=rows, left_at__isnull=True).values_list("team_id", "role")
    for team, role, count in counted.annotate(count=Count("id")):
        members.setdefault(team, {})[role] = count
    minutes = _minutes([row.pk for row in rows])
    return [
        TeamView(
            number=row.number,
            title=row.title,
            host=hosts[row.host_id].number,
            host_title=hosts[row.host_id].display_name,
            division_code=row.division_code,
            members=members.get(row.pk, {}),
            minutes=minutes.get(row.pk, 0),
            ended=row.ended_at is not None,
        )
        for row in rows
    ]


def _minutes(teams: list[int]) -> Mapping[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_MINUTES, [teams])
        return dict(cursor.fetchall())
