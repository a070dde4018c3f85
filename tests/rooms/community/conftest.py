"""Every test of the room lives in an invented county of its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rooms.community.village import COUNTY_FOLDER, open_county


@pytest.fixture(autouse=True)
def county(settings: Any, db: None) -> None:
    """The folder of the invented county, and what a village needs."""
    settings.TANHUI_COUNTY = COUNTY_FOLDER
    open_county()
