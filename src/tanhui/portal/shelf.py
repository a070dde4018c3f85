"""The library of methods and factors as the portal shows it: the documents, read once until a file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui_methods import Library, load_library

FAMILIES = {
    "transport": "绿色出行",
    "recycling": "回收利用",
    "consumption": "绿色消费",
    "energy": "节约能源",
    "forestry": "林业碳汇",
    "goods": "绿色产品",
    "schemes": "评价规范",
}
REGIONS = {
    "world": "全球",
    "CN": "全国",
    "CN-central": "华中区域",
    "CN-11": "北京市",
    "CN-31": "上海市",
    "CN-42": "湖北省",
    "CN-4201": "武汉市",
    "CN-43": "湖南省",
    "CN-430626": "平江县",
    "CN-44": "广东省",
    "CN-4401": "广州市",
    "CN-4403": "深圳市",
    "CN-5105": "泸州市",
}
TABLES = {
    "grid-electricity": "电力",
    "fuels": "燃料",
    "gwp": "全球增温潜势",
    "scenario-parameters": "各地场景参数（供对照）",
}


def _folders() -> tuple[Path, tuple[Path, ...]]:
    county = load_county(settings.TANHUI_COUNTY)
    return PROJECT_ROOT / "methods", (PROJECT_ROOT / "factors", county.folder / "factors")


def _state(methods: Path, factors: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    files = sorted([*methods.glob("*/*/*.md"), *(path for folder in factors for path in folder.glob("*.csv"))])
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=2)
def _read(methods: Path, factors: tuple[Path, ...], _state: tuple[tuple[str, int], ...]) -> Library:
    return load_library(methods, factors)


def library() -> Library:
    """All method versions and factor rows of this installation. Raises MethodErrors where a file is wrong."""
    methods, factors = _folders()
    return _read(methods, factors, _state(methods, factors))


def region_words(code: str) -> str:
    """A region as people say it; the code itself where it has no name here."""
    return REGIONS.get(code, code)
