"""The county's own organizations by code, and names of members of staff."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tanhui.parties import queries, services
from tanhui.parties.rules import credit_code_check
from tanhui.parties.types import Actor, OrganizationDetails, StaffDetails

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
BY = Actor.system("test")


def test_organizations_are_found_by_the_county_s_code_alone() -> None:
    coded = services.register(details=OrganizationDetails(name="虚构县教育局", code="education"), at=AT, by=BY)
    invented = "91430626MA4L00000"
    credit_code = invented + credit_code_check(invented)
    services.register(details=OrganizationDetails(name="虚构公司", credit_code=credit_code), at=AT, by=BY)
    assert queries.organizations() == {"education": coded}


def test_staff_are_named_by_what_people_call_them() -> None:
    named = services.register(details=StaffDetails("one", "甲科员", "a-long-password-for-tests"), at=AT, by=BY)
    plain = services.register(details=StaffDetails("two", "", "a-long-password-for-tests"), at=AT, by=BY)
    assert queries.staff_names([named.id, plain.id, 0]) == {named.id: "甲科员", plain.id: "two"}
