"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tanhui.kernel.errors import BadInput
from tanhui.project import doctor
from tanhui.project.doctor import State

NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)


def test_an_open_secrets_file_fails_with_the_command_to_run(tmp_path, monkeypatch):
    for name in doctor.NAMES:
        monkeypatch.delenv(doctor.environment_name(name), raising=False)
    assert doctor.secrets(tmp_path).state is State.WARNING
    path = tmp_path / "secrets.json"
    path.write_text("{}")
    path.chmod(0o640)
    found = doctor.secrets(tmp_path)
    assert found.state is State.FAILED
    assert found.fix == f"chmod 600 {path}"
    path.chmod(0o600)
    assert doctor.secrets(tmp_path).state is State.GOOD


@pytest.mark.parametrize(
    ("free", "state"), [(20 << 30, State.GOOD), (5 << 30, State.WARNING), (100 << 20, State.FAILED)]
)
def test_disk(tmp_path, monkeypatch, free, state):
    class Usage:
        pass

    usage = Usage()
    usage.free = free
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert doctor.disk(tmp_path / "not" / "yet").state is state


def test_a_clock_before_the_release_fails():
    assert doctor.clock(datetime(2020, 1, 1, tzinfo=UTC)).state is State.FAILED
    assert "2026-12-01 12:00:00" in doctor.clock(NOW).text


def test_a_package_of_another_version_is_named(tmp_path):
    lock = tmp_path / "runtime.txt"
    lock.write_text("django==1.0 \\\n    --hash=sha256:00\nnot-for-this-platform==1 ; sys_platform == 'win32' \\\n")
    found = doctor.dependencies(lock)
    assert found.state is State.WARNING
    assert "django" in found.text
    assert "锁定 1.0" in found.text


def test_a_check_that_breaks_is_a_finding():
    def ours():
        raise BadInput("坏了", where="这里", fix="修好")

    def theirs():
        raise RuntimeError("bang")

    assert doctor._guarded("甲", ours) == doctor.Finding("甲", State.FAILED, "坏了（这里）", "修好")
    assert doctor._guarded("乙", theirs).text == "RuntimeError：bang"


@pytest.mark.django_db
def test_the_database_of_the_tests_is_good():
    assert doctor.database().state is not State.FAILED
    assert doctor.migrations().state is State.GOOD
    assert doctor.database_clock(lambda: datetime.now(UTC)).state is State.GOOD


@pytest.mark.django_db
def test_clocks_that_differ_are_reported():
    found = doctor.database_clock(lambda: datetime.now(UTC) + timedelta(minutes=5))
    assert found.state is State.FAILED
    assert "300 秒" in found.text


@pytest.mark.django_db
def test_pending_migrations_are_named():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'account'")
    found = doctor.migrations()
    assert found.state is State.FAILED
    assert "account.0001_initial" in found.text


@pytest.mark.django_db
def test_a_worker_is_known_by_its_heartbeat():
    now = datetime.now(UTC)
    assert doctor.worker(now).state is State.WARNING
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [now])
    assert doctor.worker(now).state is State.GOOD
    assert doctor.worker(now + timedelta(minutes=5)).state is State.WARNING


def test_the_command_answers_with_json_and_exit_code(tmp_path):
    environment = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "TANHUI_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "tanhui.project.cli", "doctor", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1
    assert findings["Python"]["state"] == "good"
    assert findings["数据库"]["state"] == "failed"
    assert "DATABASE_URL" in findings["数据库"]["fix"]
