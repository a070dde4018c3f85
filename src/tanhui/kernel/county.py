"""One county is one folder: everything that is Pingjiang and not code is read through here."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from tanhui.kernel.errors import NotFound

PROJECT_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class County:
    """The county's folder and the facts of `county.toml` (name, codes, branding)."""

    folder: Path

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The content of `county.toml`."""
        return self.table("county.toml")

    @property
    def name(self) -> str:
        """The Chinese name, such as 平江县."""
        return str(self.facts["name"])

    @property
    def is_demo(self) -> bool:
        """Whether the county calls itself a demonstration, or this process was told so."""
        return bool(settings.TANHUI_DEMO or self.facts.get("demo", False))

    @property
    def division_code(self) -> str:
        """The GB/T 2260 code, six digits."""
        return str(self.facts["division_code"])

    def table(self, relative: str) -> dict[str, Any]:
        """A TOML file of the folder, as a dictionary. Raises NotFound where it is missing."""
        path = self._existing(relative)
        with path.open("rb") as file:
            return tomllib.load(file)

    def rows(self, relative: str) -> list[dict[str, str]]:
        """A CSV file of the folder, header as keys. Raises NotFound where it is missing."""
        path = self._existing(relative)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def _existing(self, relative: str) -> Path:
        path = self.folder / relative
        if not path.is_file():
            fix = "从 counties/pingjiang 复制同名文件后修改"
            raise NotFound(f"县域文件夹缺少 {relative}", where=str(path), fix=fix)
        return path

    def files(self, relative: str, suffix: str) -> list[Path]:
        """The files of a sub-folder with that suffix, by name; none where the sub-folder is missing."""
        return sorted((self.folder / relative).glob(f"*{suffix}"))


def load_county(name: str, root: Path = PROJECT_ROOT) -> County:
    """The county folder `counties/<name>`. Raises NotFound with the known names."""
    folder = root / "counties" / name
    if not (folder / "county.toml").is_file():
        names = sorted(path.parent.name for path in (root / "counties").glob("*/county.toml"))
        message = f"没有名为 {name} 的县域文件夹（已有：{'、'.join(names) or '无'}）"
        raise NotFound(message, where=str(folder), fix="设置环境变量 TANHUI_COUNTY")
    return County(folder)
