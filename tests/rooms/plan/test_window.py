"""The read-only window shows every table of the room and changes none."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import RequestFactory
from tests.rooms.plan.filing import filed, open_county, restaurant, staff

from tanhui.parties.models import User
from tanhui.parties.types import Role


@pytest.mark.django_db
def test_every_table_is_shown_and_none_is_changed() -> None:
    open_county()
    filed(restaurant(), register="restaurants")
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=staff("administrator", Role.ADMINISTRATOR).user_id)
    models = list(apps.get_app_config("plan").get_models())
    assert len(models) > 25
    opened = 0
    for model in models:
        window = admin.site._registry[model]
        page = window.changelist_view(request)
        assert str(model._meta.verbose_name) in page.render().content.decode()
        allowed = (window.has_add_permission, window.has_change_permission, window.has_delete_permission)
        assert [may(request) for may in allowed] == [False, False, False]
        row = model._default_manager.first()
        if row is not None:
            assert window.changeform_view(request, str(row.pk)).status_code == 200
            opened += 1
    assert opened >= 10
