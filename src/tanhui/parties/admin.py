"""A read-only window on the room. Sealed values and keys are shown by kind and date only, never by content."""

from __future__ import annotations

from django.contrib import admin

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.parties import models


@admin.register(models.User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("username", "display_name", "is_active", "created_at", "last_login")
    search_fields = ("username", "display_name")
    fields = ("username", "display_name", "is_active", "created_at", "last_login")


@admin.register(models.Division)
class DivisionAdmin(ReadOnlyAdmin):
    list_display = ("statistical_code", "code", "name", "level", "parent", "retired_at")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("name", "statistical_code", "code")


@admin.register(models.Party)
class PartyAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "created_at", "erased_at")
    list_filter = ("kind",)
    search_fields = ("number",)
    show_full_result_count = False


@admin.register(models.Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "credit_code", "division")
    list_select_related = ("division",)
    search_fields = ("name", "code", "credit_code")


@admin.register(models.Resident)
class ResidentAdmin(ReadOnlyAdmin):
    """Residents by number and nickname; birth year and identity stay out of the list."""

    list_display = ("party", "nickname", "division")
    list_select_related = ("party", "division")
    search_fields = ("party__number",)
    fields = ("party", "nickname", "division", "registered_by")
    show_full_result_count = False


@admin.register(models.Login)
class LoginAdmin(ReadOnlyAdmin):
    list_display = ("party", "provider", "created_at")
    list_select_related = ("party",)
    fields = ("party", "provider", "created_at")
    search_fields = ("party__number",)
    show_full_result_count = False


@admin.register(models.SealedValue)
class SealedValueAdmin(ReadOnlyAdmin):
    list_display = ("party", "kind", "suite", "key_id", "recorded_at")
    list_select_related = ("party",)
    list_filter = ("kind", "suite", "key_id")
    fields = ("party", "kind", "suite", "key_id", "recorded_at")
    show_full_result_count = False


@admin.register(models.Relation)
class RelationAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject", "holder", "clerk", "started_at", "ended_at")
    list_select_related = ("subject", "holder", "clerk")
    list_filter = ("kind",)


@admin.register(models.RoleGrant)
class RoleGrantAdmin(ReadOnlyAdmin):
    list_display = ("user", "role", "scope", "granted_by", "started_at", "ended_at")
    list_select_related = ("user", "granted_by")
    list_filter = ("role",)


@admin.register(models.Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("party", "purpose", "text_version", "given", "at")
    list_select_related = ("party",)
    list_filter = ("purpose", "given")
    search_fields = ("party__number",)
    show_full_result_count = False


@admin.register(models.Binding)
class BindingAdmin(ReadOnlyAdmin):
    list_display = ("source", "party", "purpose", "started_at", "ended_at")
    list_select_related = ("party",)
    list_filter = ("purpose",)
    fields = ("source", "party", "purpose", "started_at", "ended_at")
    search_fields = ("party__number",)
    show_full_result_count = False


@admin.register(models.BindingEvent)
class BindingEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "binding", "bound", "at")
    list_select_related = ("binding",)
    show_full_result_count = False


@admin.register(models.Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("party", "at")
    list_select_related = ("party",)


@admin.register(models.AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "at", "actor", "action", "target")
    search_fields = ("=actor", "=action", "=target")
    fields = ("sequence", "at", "actor", "action", "target", "detail")
    show_full_result_count = False


@admin.register(models.AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin):
    list_display = ("sequence",)
    fields = ("sequence",)
