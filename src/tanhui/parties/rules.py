"""Pure decisions: codes with check characters, ages, nicknames, who may act for whom."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from tanhui.kernel.errors import BadInput
from tanhui.parties.types import Role

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_IDENTITY_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_IDENTITY_CHECKS = "10X98765432"
_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_PHONE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_SOURCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_DEVELOPMENT_NAME = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,39}", re.ASCII)

NICKNAME_LENGTH = 20
CHILD_AGE = 14


def credit_code_check(body: str) -> str:
    """The check character of the first 17 characters of a unified social credit code (GB 32100-2015, annex A).

    Raises BadInput where a character is not in its alphabet (no I, O, S, V, Z).
    """
    if len(body) != 17 or any(letter not in _CREDIT_ALPHABET for letter in body):
        raise BadInput("统一社会信用代码的前 17 位只能是数字和大写字母（不含 I、O、S、V、Z）", where="credit_code")
    total = sum(_CREDIT_ALPHABET.index(letter) * weight for letter, weight in zip(body, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def clean_credit_code(text: str) -> str:
    """The code in its one form, 18 characters. Raises BadInput with what is wrong."""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if len(code) != 18:
        raise BadInput(
            f"统一社会信用代码应为 18 位，收到 {len(code)} 位", where="credit_code", fix="对照营业执照或法人证书核对"
        )
    if credit_code_check(code[:17]) != code[17]:
        raise BadInput(
            f"统一社会信用代码的校验码不对：{code}", where="credit_code", fix="对照营业执照或法人证书逐位核对"
        )
    return code


def clean_identity_number(text: str, on: date) -> str:
    """The identity number in its one form, 18 characters (GB 11643-1999). Raises BadInput, never repeating it."""
    number = unicodedata.normalize("NFKC", text).strip().upper()
    fix = "对照身份证逐位核对"
    if not _IDENTITY.fullmatch(number):
        raise BadInput("身份证号应为 18 位，末位可为 X", where="identity_number", fix=fix)
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _IDENTITY_WEIGHTS, strict=True))
    if _IDENTITY_CHECKS[total % 11] != number[17]:
        raise BadInput("身份证号的校验码不对", where="identity_number", fix=fix)
    try:
        born_on = identity_birth_date(number)
    except ValueError as error:
        raise BadInput("身份证号中的出生日期不存在", where="identity_number", fix=fix) from error
    if not date(1900, 1, 1) <= born_on <= on:
        raise BadInput("身份证号中的出生日期不合理", where="identity_number", fix=fix)
    return number


def identity_birth_date(number: str) -> date:
    """The birth date within an identity number. Raises ValueError where there is no such day."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def clean_phone(text: str) -> str:
    """A mainland mobile number as 11 digits; spaces, hyphens and +86 are taken off. Raises BadInput."""
    phone = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    phone = phone.removeprefix("+86").removeprefix("0086")
    if not _PHONE.fullmatch(phone):
        raise BadInput("手机号应为 11 位、以 1 开头", where="phone", fix="只填中国大陆手机号，可带 +86")
    return phone


def clean_address(text: str) -> str:
    """Where collectors find the house, 2 to 80 characters in one line. Raises BadInput."""
    address = " ".join(unicodedata.normalize("NFC", text).split())
    if not 2 <= len(address) <= 80 or any(unicodedata.category(letter)[0] == "C" for letter in address):
        raise BadInput("上门地址应为 2 至 80 个字", where="address", fix="写到村、组、门牌，如：新丰村 3 组 12 号")
    return address


def clean_nickname(text: str) -> str:
    """A nickname of 1 to 20 characters without control characters or long numbers. Raises BadInput."""
    nickname = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(nickname) <= NICKNAME_LENGTH:
        raise BadInput(f"昵称应为 1 至 {NICKNAME_LENGTH} 个字", where="nickname", fix="改短后再保存")
    if any(unicodedata.category(letter)[0] == "C" for letter in nickname):
        raise BadInput("昵称中有看不见的控制字符", where="nickname", fix="删去后再保存")
    if re.search(r"[0-9]{7,}", unicodedata.normalize("NFKC", nickname)):
        raise BadInput("昵称中不要写电话、证件等长串号码", where="nickname", fix="为保护您的信息，请换一个昵称")
    return nickname


def neutral_nickname(number: str) -> str:
    """The nickname of somebody who gave none: 居民 and four characters of the public number."""
    return f"居民 {number[-4:].upper()}"


def clean_birth_year(year: int, on: date) -> int:
    """A birth year between 1900 and this year. Raises BadInput."""
    if not 1900 <= year <= on.year:
        raise BadInput(f"出生年份应在 1900 至 {on.year} 之间", where="birth_year", fix="填四位公历年份，也可以不填")
    return year


def needs_guardian(birth_year: int | None, on: date) -> bool:
    """Whether somebody may be under 14 on that day. With a year only, the whole year of the birthday counts."""
    return birth_year is not None and on.year - birth_year <= CHILD_AGE


def clean_source(code: str) -> str:
    """The code of a partner: lower-case letters, digits, hyphens, at most 40. Raises BadInput."""
    if len(code) > 40 or not _SOURCE.fullmatch(code):
        raise BadInput(f"接入方代码无法识别：{code[:60]}", where="source", fix="用小写字母、数字和连字符，最多 40 个")
    return code


def clean_development_name(name: str) -> str:
    """The free name of a development sign-in. Raises BadInput."""
    if not _DEVELOPMENT_NAME.fullmatch(name):
        raise BadInput("演示登录名只能用小写字母、数字和连字符", where="name", fix="例如 resident-0001")
    return name


def clean_username(name: str) -> str:
    """A staff user name. Raises BadInput."""
    if not _USERNAME.fullmatch(name):
        raise BadInput(
            "用户名须以小写字母开头，只用小写字母、数字、点、下划线和连字符，2 至 40 个",
            where="username",
            fix="例如 zhang.min",
        )
    return name


def roles_together(held: frozenset[Role], new: Role) -> bool:
    """Whether one person may hold these roles: an auditor nothing else; nobody both runs the platform and signs off
    its rules, or its payments.
    """
    both = held | {new}
    if Role.AUDITOR in both:
        return both == {Role.AUDITOR}
    return Role.OPERATOR not in both or not both & {Role.COMMITTEE, Role.FINANCE}
