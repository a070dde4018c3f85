"""The tests of the room set limits of speed themselves: an invented person may be busier than a real one."""

from __future__ import annotations

import pytest

from tanhui.rewards import _limits


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limits, unless a test sets them."""
    monkeypatch.setattr(_limits, "limits", _limits.Limits)
