"""Entering the register: residents (one or many), organizations, staff, divisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict
from tanhui.kernel.ids import new_number
from tanhui.parties import _acting, _audit, queries
from tanhui.parties._sealed import seal_value
from tanhui.parties.models import (
    Consent,
    Division,
    Login,
    Organization,
    Party,
    Relation,
    Resident,
    SealedValue,
    User,
)
from tanhui.parties.rules import (
    clean_address,
    clean_birth_year,
    clean_credit_code,
    clean_identity_number,
    clean_nickname,
    clean_phone,
    clean_source,
    clean_username,
    identity_birth_date,
    needs_guardian,
    neutral_nickname,
)
from tanhui.parties.types import (
    Actor,
    ConsentMissing,
    DivisionTable,
    GuardianRequired,
    IdentityDetails,
    LoginId,
    OrganizationDetails,
    PartyRef,
    Purpose,
    RelationKind,
    ResidentDetails,
    Scope,
    StaffDetails,
    StaffRef,
)


def login_keys(logins: Sequence[LoginId]) -> list[bytes]:
    """The keyed hashes by which sign-in ids are found."""
    return key_ring().keyed_hashes("login", (f"{login.provider}\x1f{login.external_id}" for login in logins))


def find_login(login: LoginId) -> PartyRef | None:
    """The resident who signs in so, if registered."""
    row = Login.objects.filter(provider=login.provider, login_key=login_keys([login])[0]).first()
    return None if row is None else queries.party_by_id(row.party_id)


def residents(details: Sequence[ResidentDetails], at: datetime, by: Actor | None) -> list[PartyRef]:
    """Find or create each; a second try after somebody else registered the same sign-in id meanwhile."""
    drafts = [_checked(item, at, by) for item in details]
    try:
        with transaction.atomic():
            ids = _find_or_create(drafts, at, by)
    except IntegrityError as error:
        if "parties_login_once" not in str(error):
            raise
        ids = _find_or_create(drafts, at, by)
    refs = queries.parties(ids)
    return [refs[party_id] for party_id in ids]


def _checked(item: ResidentDetails, at: datetime, by: Actor | None) -> ResidentDetails:
    day = local_day(at)
    if item.login is not None and item.login.provider not in Login.Provider.values:
        raise BadInput(f"不支持的登录方式：{item.login.provider}", where="login.provider", fix="用 wechat")
    if not item.consents.get(Purpose.ACCOUNT):
        fix = "先展示授权文本，同意后连同文本版本一起提交"
        raise ConsentMissing("加入须先同意《个人碳账户》授权文本", where="consents", fix=fix)
    if item.phone:
        clean_phone(item.phone)
        if not item.consents.get(Purpose.CONTACT):
            raise ConsentMissing("保存手机号须单独同意“联系方式”", where="consents", fix="同意后再填手机号，或不填")
    if item.address:
        clean_address(item.address)
        if not item.consents.get(Purpose.CONTACT):
            raise ConsentMissing("保存地址须单独同意“联系方式”", where="consents", fix="同意后再填地址，或不填")
    if item.nickname:
        clean_nickname(item.nickname)
    if item.birth_year is not None:
        clean_birth_year(item.birth_year, day)
    if needs_guardian(item.birth_year, day) and item.guardian_id is None:
        raise GuardianRequired("未满 14 周岁须由监护人办理", where="guardian_id", fix="请监护人先加入，再为孩子登记")
    if by is None and item.guardian_id is not None:
        raise GuardianRequired("孩子由监护人登记", where="guardian_id", fix="请监护人在自己的账户中办理")
    if by is None and item.login is None:
        raise BadInput("自行加入须有登录方式", where="login", fix="代办登记请由代办员操作")
    if by is not None and by.user_id is not None:
        scope = Scope("division", item.division_code) if item.division_code else Scope()
        _acting.require(by, "parties.register_resident", scope)
        if not item.basis:
            raise ConsentMissing("代办登记须写明本人同意的依据", where="basis", fix="如：纸质授权书编号")
    elif by is not None and by.party_id is not None and by.party_id != item.guardian_id:
        raise BadInput("只有监护人可以为孩子登记", where="guardian_id", fix="由监护人在自己的账户中办理")
    return item


def _find_or_create(drafts: list[ResidentDetails], at: datetime, by: Actor | None) -> list[int]:
    known = _known_logins([draft.login for draft in drafts if draft.login is not None])
    fresh: dict[LoginId | int, ResidentDetails] = {}
    for place, draft in enumerate(drafts):
        if draft.login is None or draft.login not in known:
            fresh.setdefault(place if draft.login is None else draft.login, draft)
    created = dict(zip(fresh, _create(list(fresh.values()), at, by), strict=True))
    return [
        created[place] if draft.login is None else known.get(draft.login) or created[draft.login]
        for place, draft in enumerate(drafts)
    ]


def _known_logins(logins: list[LoginId]) -> dict[LoginId, int]:
    keys = dict(zip(login_keys(logins), logins, strict=True))
    rows = Login.objects.filter(login_key__in=list(keys)).values_list("login_key", "provider", "party_id")
    return {keys[bytes(key)]: party_id for key, provider, party_id in rows if keys[bytes(key)].provider == provider}


def _create(drafts: list[ResidentDetails], at: datetime, by: Actor | None) -> list[int]:
    if not drafts:
        return []
    divisions = {draft.division_code: _acting.division_named(draft.division_code) for draft in drafts}
    guardians = {draft.guardian_id for draft in drafts if draft.guardian_id is not None}
    _check_guardians(guardians, at)
    parties = Party.objects.bulk_create(
        Party(number=new_number("pty", at), kind=Party.Kind.RESIDENT, created_at=at) for _ in drafts
    )
    clerk_id = by.user_id if by is not None else None
    pairs = list(zip(parties, drafts, strict=True))
    Resident.objects.bulk_create(
        Resident(
            party=party,
            nickname=clean_nickname(draft.nickname) if draft.nickname else neutral_nickname(party.number),
            division=divisions[draft.division_code],
            birth_year=draft.birth_year,
            registered_by_id=clerk_id,
        )
        for party, draft in pairs
    )
    with_login = [(party, draft.login) for party, draft in pairs if draft.login is not None]
    keys = login_keys([login for _, login in with_login])
    Login.objects.bulk_create(
        Login(party=party, provider=login.provider, login_key=key, created_at=at)
        for (party, login), key in zip(with_login, keys, strict=True)
    )
    Consent.objects.bulk_create(
        Consent(
            party=party,
            purpose=purpose,
            text_version=version,
            given=True,
            at=at,
            by_party_id=draft.guardian_id if clerk_id is None else None,
            by_user_id=clerk_id,
        )
        for party, draft in pairs
        for purpose, version in draft.consents.items()
    )
    _create_relations(pairs, clerk_id, at)
    for party, draft in pairs:
        if draft.phone:
            seal_value(party.pk, SealedValue.Kind.PHONE, clean_phone(draft.phone), at)
        if draft.address:
            seal_value(party.pk, SealedValue.Kind.ADDRESS, clean_address(draft.address), at)
    if by is not None:
        target = parties[0].number if len(parties) == 1 else f"{len(parties)} 位居民"
        detail = {"residents": len(parties)}
        _audit.append(actor=by.name, action="parties.register", target=target, detail=detail, at=at)
    return [party.pk for party in parties]


def _check_guardians(ids: set[int], at: datetime) -> None:
    if not ids:
        return
    _acting.lock_parties(ids)
    for resident in Resident.objects.filter(pk__in=ids):
        ids.discard(resident.pk)
        if needs_guardian(resident.birth_year, local_day(at)):
            raise GuardianRequired("监护人须为成年人", where="guardian_id", fix="换一位监护人")
    if ids:
        raise BadInput("监护人须是已加入的居民", where="guardian_id", fix="请监护人先加入")


def _create_relations(pairs: list[tuple[Party, ResidentDetails]], clerk_id: int | None, at: datetime) -> None:
    relations = [
        Relation(
            kind=RelationKind.GUARDIAN,
            subject=party,
            holder_id=draft.guardian_id,
            basis=draft.basis or "监护人本人登记",
            started_at=at,
        )
        for party, draft in pairs
        if draft.guardian_id is not None
    ]
    if clerk_id is not None:
        relations += [
            Relation(kind=RelationKind.CLERK, subject=party, clerk_id=clerk_id, basis=draft.basis, started_at=at)
            for party, draft in pairs
        ]
    Relation.objects.bulk_create(relations)


def change_resident(details: ResidentDetails, party_id: int, at: datetime, by: Actor | None) -> PartyRef:
    """Change what was given; what is empty stays."""
    party, resident = _acting.lock_resident(party_id)
    _acting.require_hand(by, party, "parties.register_resident")
    if details.nickname:
        resident.nickname = clean_nickname(details.nickname)
    if details.division_code:
        resident.division = _acting.division_named(details.division_code)
    if details.birth_year is not None:
        resident.birth_year = clean_birth_year(details.birth_year, local_day(at))
        if needs_guardian(resident.birth_year, local_day(at)) and not _has_guardian(party):
            raise GuardianRequired("未满 14 周岁须有监护人", where="birth_year", fix="请监护人先加入并建立监护关系")
    if details.phone:
        require_consent(party_id, Purpose.CONTACT)
        seal_value(party_id, SealedValue.Kind.PHONE, clean_phone(details.phone), at)
    if details.address:
        require_consent(party_id, Purpose.CONTACT)
        seal_value(party_id, SealedValue.Kind.ADDRESS, clean_address(details.address), at)
    resident.save()
    if by is not None:
        _audit.append(actor=by.name, action="parties.change", target=party.number, detail={}, at=at)
    return queries.party_by_id(party_id)


def _has_guardian(party: Party) -> bool:
    return Relation.objects.filter(subject=party, kind=RelationKind.GUARDIAN, ended_at__isnull=True).exists()


def require_consent(party_id: int, purpose: Purpose) -> None:
    """Raises ConsentMissing where the latest word on this purpose is not a yes."""
    latest = Consent.objects.filter(party_id=party_id, purpose=purpose).order_by("-id").first()
    if latest is None or not latest.given:
        raise ConsentMissing(f"居民没有同意“{purpose.label}”", where=purpose.value, fix="请本人同意后再试")


def check_identity(details: IdentityDetails, at: datetime, by: Actor | None) -> PartyRef:
    """Keep name and number sealed after a clerk has seen the card; one number belongs to one resident."""
    party, resident = _acting.lock_resident(details.party_id)
    if by is None:
        raise BadInput("身份核验须由代办员当面办理", where="by", fix="携带身份证到便民服务点")
    _acting.require(by, "parties.check_identity", _acting.division_scope(party.pk))
    require_consent(party.pk, Purpose.IDENTITY)
    number = clean_identity_number(details.identity_number, local_day(at))
    name = details.real_name.strip()
    if not 1 <= len(name) <= 40:
        raise BadInput("姓名应为 1 至 40 个字", where="real_name", fix="按身份证填写")
    born_in = identity_birth_date(number).year
    if needs_guardian(born_in, local_day(at)) and not _has_guardian(party):
        raise GuardianRequired("未满 14 周岁须有监护人", where="identity_number", fix="请监护人先建立监护关系")
    try:
        with transaction.atomic():
            seal_value(party.pk, SealedValue.Kind.IDENTITY_NUMBER, number, at)
    except IntegrityError as error:
        fix = "一人一户：请本人在原账户中办理，或先注销原账户"
        raise Conflict("这个身份证号已在另一个账户核验过", where="identity_number", fix=fix) from error
    seal_value(party.pk, SealedValue.Kind.REAL_NAME, name, at)
    resident.identity_checked_at = at
    resident.birth_year = born_in
    resident.save()
    _audit.append(actor=by.name, action="parties.check_identity", target=party.number, detail={}, at=at)
    return queries.party_by_id(party.pk)


def organization(details: OrganizationDetails, at: datetime, by: Actor) -> PartyRef:
    """Find by credit code or the county's code, or create; what is given last stays."""
    _acting.require(by, "parties.register_organization")
    credit_code = clean_credit_code(details.credit_code) if details.credit_code else ""
    code = clean_source(details.code) if details.code else ""
    if not credit_code and not code:
        raise BadInput("单位须有统一社会信用代码或县内代码", where="credit_code", fix="对照营业执照或法人证书填写")
    name = details.name.strip()
    if not 1 <= len(name) <= 80:
        raise BadInput("单位名称应为 1 至 80 个字", where="name", fix="填写证照上的全称")
    division = _acting.division_named(details.division_code)
    wanted = {"name": name, "division": division, "code": code, "credit_code": credit_code}
    wanted = {field: value for field, value in wanted.items() if value}
    party_id = _known_organization(credit_code, code)
    try:
        with transaction.atomic():
            if party_id is None:
                party_id = Party.objects.create(
                    number=new_number("pty", at), kind=Party.Kind.ORGANIZATION, created_at=at
                ).pk
                Organization.objects.create(party_id=party_id, **wanted)
            elif Organization.objects.filter(pk=party_id, **wanted).exists():
                return queries.party_by_id(party_id)
            else:
                Organization.objects.filter(pk=party_id).update(**wanted)
    except IntegrityError as error:
        fix = "核对两个代码是否属于同一单位，或稍后重试"
        raise Conflict("信用代码或县内代码已属于另一单位", where="credit_code", fix=fix) from error
    ref = queries.party_by_id(party_id)
    detail = {"name": name, "credit_code": credit_code, "code": code}
    _audit.append(actor=by.name, action="parties.register", target=ref.number, detail=detail, at=at)
    return ref


def _known_organization(credit_code: str, code: str) -> int | None:
    for field, value in (("credit_code", credit_code), ("code", code)):
        found = Organization.objects.filter(**{field: value}).first() if value else None
        if found is not None:
            return int(found.pk)
    return None


def staff(details: StaffDetails, at: datetime, by: Actor) -> StaffRef:
    """Create a staff account. Raises Conflict where the name is taken, BadInput for a weak password."""
    _acting.require(by, "parties.register_staff")
    username = clean_username(details.username)
    account = User(username=username, display_name=details.display_name.strip()[:40], created_at=at)
    try:
        validate_password(details.password, account)
    except ValidationError as error:
        raise BadInput("；".join(error.messages), where="password", fix="换一个更长、更难猜的密码") from error
    account.set_password(details.password)
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise Conflict(f"用户名 {username} 已被使用", where="username", fix="换一个用户名") from error
    _audit.append(actor=by.name, action="parties.register", target=f"staff:{username}", detail={}, at=at)
    return StaffRef(account.pk, username, account.display_name)


def divisions(table: DivisionTable, at: datetime, by: Actor) -> int:
    """Bring the divisions to what the table says; those missing are retired. The number of rows changed."""
    _acting.require(by, "parties.register_organization")
    known = {division.statistical_code: division for division in Division.objects.all()}
    changed = 0
    for row in sorted(table.rows, key=lambda item: item.statistical_code):
        parent = known.get(row.parent_code)
        if row.level not in Division.Level.values or (row.level != Division.Level.COUNTY and parent is None):
            fix = "level 写 county、township 或 village；上级须在表中"
            raise BadInput(f"区划 {row.statistical_code} 的级别或上级无法识别", where="divisions.csv", fix=fix)
        wanted = {
            "code": row.code,
            "name": row.name,
            "level": row.level,
            "parent_id": parent.pk if parent else None,
            "retired_at": None,
        }
        division = known.get(row.statistical_code)
        if division is not None and all(getattr(division, name) == value for name, value in wanted.items()):
            continue
        changed += 1
        known[row.statistical_code], _ = Division.objects.update_or_create(
            statistical_code=row.statistical_code, defaults=wanted
        )
    named = [row.statistical_code for row in table.rows]
    gone = Division.objects.filter(retired_at__isnull=True).exclude(statistical_code__in=named)
    changed += gone.update(retired_at=at)
    if changed:
        detail = {"rows": len(table.rows), "changed": changed}
        _audit.append(actor=by.name, action="parties.register", target="divisions", detail=detail, at=at)
    return changed
