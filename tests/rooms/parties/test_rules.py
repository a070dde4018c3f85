"""Pure decisions: check characters, ages, scopes, separated duties."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui.kernel.errors import BadInput
from tanhui.parties import rules
from tanhui.parties.types import Role, Scope

ON = date(2026, 3, 1)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BODIES = st.text(ALPHABET, min_size=17, max_size=17)

# The example of GB 32100-2015 itself, and codes in public registers.
REAL_CODES = ["91350100M000100Y43", "91440300708461136T", "914403001922038216"]


@pytest.mark.parametrize("code", REAL_CODES)
def test_codes_of_real_organizations_pass(code):
    assert rules.clean_credit_code(code.lower()) == code


@given(BODIES)
def test_every_body_has_one_check_character(body):
    right = rules.credit_code_check(body)
    passing = []
    for letter in ALPHABET:
        try:
            passing.append(rules.clean_credit_code(body + letter)[-1])
        except BadInput:
            continue
    assert passing == [right]


@given(BODIES, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(body, place, letter):
    code = body + rules.credit_code_check(body)
    wrong = code[:place] + letter + code[place + 1 :]
    if wrong != code:
        with pytest.raises(BadInput):
            rules.clean_credit_code(wrong)


@given(BODIES, st.integers(0, 15))
def test_two_neighbors_swapped_are_always_noticed(body, place):
    code = body + rules.credit_code_check(body)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if wrong != code:
        with pytest.raises(BadInput):
            rules.clean_credit_code(wrong)


def refusal(check, *arguments):
    """What `check` says against it; None where it passes."""
    try:
        check(*arguments)
    except BadInput as error:
        return error
    return None


@given(st.text(max_size=30))
def test_any_text_is_either_a_code_or_refused_by_name(text):
    error = refusal(rules.clean_credit_code, text)
    assert error.where == "credit_code" if error else len(rules.clean_credit_code(text)) == 18


@given(st.dates(date(1900, 1, 1), ON), st.integers(110000, 659999), st.integers(0, 999))
def test_identity_numbers_with_the_right_check_character_pass_and_give_the_birth_date(born_on, place, order):
    body = f"{place}{born_on:%Y%m%d}{order:03}"
    answers = {letter: refusal(rules.clean_identity_number, body + letter, ON) for letter in "0123456789X"}

    assert all(body not in str(error) for error in answers.values())
    (right,) = [letter for letter, error in answers.items() if error is None]
    assert rules.identity_birth_date(body + right) == born_on
    assert rules.clean_identity_number(f" {body}{right.lower()} ", ON) == body + right


@pytest.mark.parametrize("number", ["11010519491231002", "110105194912310021", "110105189912310023", "x" * 18, ""])
def test_other_identity_numbers_are_refused(number):
    with pytest.raises(BadInput):
        rules.clean_identity_number(number, ON)


def test_an_impossible_birth_date_is_refused_even_with_a_right_check_character():
    body = "11010519490231002"
    accepted = 0
    for letter in "0123456789X":
        with pytest.raises(BadInput):
            rules.clean_identity_number(body + letter, ON)
        accepted += 1
    assert accepted == 11


@pytest.mark.parametrize(
    ("text", "phone"),
    [("13800001111", "13800001111"), ("+86 138-0000-1111", "13800001111"), ("１３８00001111", "13800001111")],
)
def test_phones_have_one_form(text, phone):
    assert rules.clean_phone(text) == phone


@pytest.mark.parametrize("text", ["", "12800001111", "1380000111", "138000011112", "0730-6222222", "+1 3800001111"])
def test_other_phones_are_refused(text):
    with pytest.raises(BadInput):
        rules.clean_phone(text)


@given(st.integers(1900, 2026))
def test_the_year_of_the_fourteenth_birthday_still_needs_a_guardian(year):
    assert rules.needs_guardian(year, ON) == (2026 - year <= 14)
    assert not rules.needs_guardian(None, ON)


@pytest.mark.parametrize("code", ["demo-bus", "a", "x" * 40, "bus2"])
def test_codes_of_sources(code):
    assert rules.clean_source(code) == code


@pytest.mark.parametrize("code", ["", "-a", "a-", "a--b", "Demo", "a_b", "x" * 41, "公交", "a\n"])
def test_other_codes_of_sources_are_refused(code):
    with pytest.raises(BadInput):
        rules.clean_source(code)


# Scopes and duties


@pytest.mark.parametrize(
    ("held", "asked", "covers"),
    [
        ("", "division:430626104000", True),
        ("", "", True),
        ("division:430626104000", "", False),
        ("division:430626104000", "division:430626104001", True),
        ("division:430626104", "division:430626104001", True),
        ("division:430626000000", "division:430626104001", True),
        ("division:430626104001", "division:430626104000", False),
        ("division:430626104000", "division:430626118001", False),
        ("division:430626104001", "division:430626104002", False),
        ("source:demo-bus", "source:demo-bus", True),
        ("source:demo-bus", "source:demo-bus-2", False),
        ("source:demo-bus", "organization:demo-bus", False),
    ],
)
def test_what_a_scope_covers(held, asked, covers):
    assert Scope.parse(held).covers(Scope.parse(asked)) is covers
    assert str(Scope.parse(held)) == held


@pytest.mark.parametrize("text", ["division", "division:", ":x", "planet:earth"])
def test_other_scopes_are_refused(text):
    with pytest.raises(BadInput):
        Scope.parse(text)


@given(st.sets(st.sampled_from(list(Role))), st.sampled_from(list(Role)))
def test_duties_are_separated(held, new):
    both = held | {new}
    allowed = rules.roles_together(frozenset(held), new)
    if Role.AUDITOR in both and len(both) > 1:
        assert not allowed
    if {Role.OPERATOR, Role.COMMITTEE} <= both:
        assert not allowed
    if len(both) == 1:
        assert allowed


def test_personal_values_do_not_show_when_details_are_printed():
    from tanhui.parties.types import IdentityDetails, LoginId, ResidentDetails, StaffDetails, WechatCode

    shown = repr(
        [
            ResidentDetails(login=LoginId("wechat", "o-secret"), phone="13800001111"),
            IdentityDetails(1, "张三", "11010519491231002X"),
            StaffDetails("zhang", "", "pass-word"),
            WechatCode("code-secret"),
        ]
    )
    for trace in ("o-secret", "13800001111", "张三", "11010519491231002X", "pass-word", "code-secret"):
        assert trace not in shown
