"""Secrets: from the environment, or made once and kept in `var/secrets.json`, readable by its owner only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tanhui.kernel.errors import BadInput

NAMES = ("django", "personal_data", "lookup", "number", "voucher", "card", "statement")
"""What each secret is for: sessions and signatures of Django; encryption of personal data; keyed hashes by
which personal data are found; public numbers that hide a row's serial, and the codes of vouchers; signatures of
vouchers; of the cards of residents without a phone; of clearing statements and monthly statements."""

SECRET_BYTES = 32


def environment_name(name: str) -> str:
    """The environment variable that overrides the secret `name`: 64 hexadecimal digits."""
    return f"TANHUI_SECRET_{name.upper()}"


def load_secrets(folder: Path) -> dict[str, bytes]:
    """All secrets, 32 bytes each. What neither the environment nor the file has is made and written (mode 600).

    Raises BadInput where a value is not 64 hexadecimal digits or the file can be read by others.
    """
    found = {name: _from_environment(name) for name in NAMES}
    if all(found.values()):
        return {name: value for name, value in found.items() if value is not None}
    kept = _kept(folder)
    return {name: found[name] or kept[name] for name in NAMES}


def _from_environment(name: str) -> bytes | None:
    variable = environment_name(name)
    text = os.environ.get(variable)
    return None if not text else _parse(text, f"环境变量 {variable}")


def _parse(text: object, where: str) -> bytes:
    try:
        value = bytes.fromhex(str(text))
    except ValueError:
        value = b""
    if len(value) != SECRET_BYTES:
        raise BadInput(
            "密钥不是 64 位十六进制数",
            where=where,
            fix='可用 python3 -c "import secrets; print(secrets.token_hex(32))" 生成',
        )
    return value


def _kept(folder: Path) -> dict[str, bytes]:
    path = folder / "secrets.json"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "secrets.lock"):
        known = _read(path)
        missing = [name for name in NAMES if name not in known]
        if missing:
            known.update({name: secrets.token_bytes(SECRET_BYTES) for name in missing})
            _write(path, known)
    return known


def _read(path: Path) -> dict[str, bytes]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadInput("密钥文件可被其他用户读取", where=str(path), fix=f"chmod 600 {path}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        fix = "从备份恢复这个文件；没有备份时，已加密的个人信息无法再读出"
        raise BadInput("密钥文件已损坏", where=str(path), fix=fix) from error
    return {name: _parse(text, f"{path} 的 {name}") for name, text in content.items()}


def _write(path: Path, values: dict[str, bytes]) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: value.hex() for name, value in values.items()}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
