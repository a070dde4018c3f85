"""The command `tanhui`. Nothing heavy is imported before a sub-command really runs."""

from __future__ import annotations

from tanhui.project.cli.root import main

__all__ = ["main"]
