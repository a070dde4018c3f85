"""Where the database is: `DATABASE_URL`, or the embedded cluster in `var/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from tanhui.kernel.errors import BadInput
from tanhui.project.postgres import Cluster


def embedded_cluster(var: Path, *, say: Callable[[str], None] | None = None) -> Cluster:
    """The county's own cluster; not yet started. `say` receives a line whenever something takes long."""
    cluster = Cluster(var / "postgres")
    return cluster if say is None else replace(cluster, say=say)


def uses_embedded(environment: Mapping[str, str]) -> bool:
    """Whether the embedded PostgreSQL is to be used: no `DATABASE_URL` is given."""
    return not environment.get("DATABASE_URL")


def database_settings(environment: Mapping[str, str], var: Path) -> dict[str, Any]:
    """Django's `DATABASES["default"]`. Raises BadInput where `DATABASE_URL` cannot be read."""
    url = environment.get("DATABASE_URL") or embedded_cluster(var).url
    pool_size = int(environment.get("TANHUI_DB_POOL") or 0)
    return django_database(url, pool_size)


def django_database(url: str, pool_size: int = 0) -> dict[str, Any]:
    """A connection URL as Django's settings; `pool_size` 0 means one lasting connection a thread."""
    try:
        parts = dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        fix = "例：postgresql://用户:密码@主机:5432/数据库"
        raise BadInput(f"数据库地址无法识别（{str(error).strip()}）", where="环境变量 DATABASE_URL", fix=fix) from error
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", None) or "tanhui",
        "USER": parts.pop("user", None) or "",
        "PASSWORD": parts.pop("password", None) or "",
        "HOST": parts.pop("host", None) or "",
        "PORT": str(parts.pop("port", None) or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "tanhui", **parts},
    }
    if pool_size:
        settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 20}
    else:
        settings["CONN_MAX_AGE"] = 60
    return settings
