"""The compose file: valid by the compose specification, complete, in the right order, and its scripts really run."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import psycopg2
import pytest
import yaml

from runtime import engine, ports
from runtime.console import Console
from runtime.folder import ENGINE_VERSION, POSTGRES_MAJOR, DataFolder
from runtime.postgres import (
    APP,
    BIN,
    DATABASE,
    ENGINE_DATABASE,
    OWNER,
    SUPERUSER,
    VISIBILITY_DATABASE,
    WALLS,
    EmbeddedPostgres,
)
from runtime.settings import PROJECT, Settings, load
from store import migrate


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    assert isinstance(found, dict)
    return found


def test_it_is_valid_by_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = resources.files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()
    jsonschema.validate(compose, json.loads(schema))


def test_its_versions_are_those_of_the_embedded_servers(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images["postgres"] == f"postgres:{POSTGRES_MAJOR}"
    assert images["temporal"] == f"temporalio/server:{ENGINE_VERSION}"
    assert images["temporal-schema"] == f"temporalio/admin-tools:{ENGINE_VERSION}"
    assert images["ui"] == f"temporalio/ui:{engine.UI_VERSION}"
    assert compose["services"]["worker"]["deploy"]["replicas"] == 2


def test_every_service_starts_after_what_it_stands_on(compose: dict[str, Any]) -> None:
    services = compose["services"]

    def before(name: str) -> set[str]:
        direct = services[name].get("depends_on", {})
        for other, how in direct.items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for the health of {other}, which has no check"
        return set(direct).union(*(before(other) for other in direct)) if direct else set()

    foundation = {"postgres", "temporal-schema", "temporal"}
    assert foundation - {"temporal"} <= before("temporal")
    assert foundation <= before("provision")
    assert foundation | {"provision"} <= before("worker")
    assert foundation | {"provision", "worker"} <= before("api")


def test_only_provisioning_gets_the_owners_password(compose: dict[str, Any]) -> None:
    holders = {
        name
        for name, service in compose["services"].items()
        if "WHISTLE_DATABASE_URL" in service.get("environment", {})
    }
    assert holders == {"provision"}


def test_the_keys_outlive_the_containers_and_workers_only_read_them(compose: dict[str, Any]) -> None:
    folder = str(Path(compose["services"]["api"]["environment"]["WHISTLE_KEYS_FILE"]).parent)
    mounted = {name: service["volumes"] for name, service in compose["services"].items() if "build" in service}
    assert mounted == {
        "provision": [f"keys:{folder}"],
        "worker": [f"keys:{folder}:ro"],
        "api": [f"keys:{folder}"],
        "witness-1": ["witness-1:/var/lib/whistle/witness"],
        "witness-2": ["witness-2:/var/lib/whistle/witness"],
    }
    assert "keys" in compose["volumes"]
    assert f"--owner whistle --mode 0700 {folder}" in (PROJECT / "Dockerfile").read_text()


def test_temporals_ui_is_set_up_as_the_embedded_one(compose: dict[str, Any]) -> None:
    given = compose["services"]["ui"]["environment"]
    assert given["TEMPORAL_CODEC_ENDPOINT"] == "${WHISTLE_PUBLIC_URL:-http://127.0.0.1:8010}/v1/codec"
    assert given["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] == "true"
    closed = ("START_WORKFLOW", "WORKFLOW_SIGNAL", "WORKFLOW_UPDATE", "BATCH_ACTIONS", "ACTIVITY_COMMANDS")
    assert {given[f"TEMPORAL_{name}_DISABLED"] for name in closed} == {"true"}


def test_its_settings_are_known(compose: dict[str, Any]) -> None:
    known = {f"WHISTLE_{name.upper()}" for name in Settings.model_fields}
    used = {
        variable
        for service in compose["services"].values()
        for variable in service.get("environment", {})
        if variable.startswith("WHISTLE_")
    }
    assert used <= known


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster as its container finds it: without any role or database of ours."""
    folder = DataFolder(tmp_path / "data")
    folder.acquire()
    server = EmbeddedPostgres(load(data_dir=folder.path, postgres_port=ports.free_run(1)), folder)
    server.start_bare()
    yield server
    server.stop()
    folder.release()


def test_its_scripts_make_roles_and_schema_and_may_be_repeated(
    compose: dict[str, Any], bare: EmbeddedPostgres, tmp_path: Path
) -> None:
    programs = engine.find(load(), Console())
    path = {"PATH": f"{programs.folder}:{BIN}:{os.environ['PATH']}"}
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(bare.port), "PGPASSWORD": bare.password(SUPERUSER)}
    chosen = {"OWNER_PASSWORD": "one", "APP_PASSWORD": "two", "ENGINE_PASSWORD": "three"}
    roles = compose["configs"]["roles"]["content"].replace("$$", "$")
    subprocess.run(["bash", "-euc", roles], env={**path, **address, **chosen}, check=True, timeout=60)

    (command,) = compose["services"]["temporal-schema"]["command"]
    given = compose["services"]["temporal-schema"]["environment"]
    reached = {"SQL_HOST": "127.0.0.1", "SQL_PORT": str(bare.port), "SQL_PASSWORD": "three"}
    versions = []
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-euc", command.replace("$$", "$")],
            env={**path, **given, **reached},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        versions.append([_schema_version(bare, database) for database in (ENGINE_DATABASE, VISIBILITY_DATABASE)])
    assert versions[0] == versions[1]
    assert all(version > "1" for version in versions[0])

    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(host="127.0.0.1", port=bare.port, user=APP, password="two", dbname=ENGINE_DATABASE)

    migrate.upgrade(f"postgresql+psycopg2://{OWNER}:one@127.0.0.1:{bare.port}/{DATABASE}")
    with contextlib.closing(bare.connect(database=DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select pg_get_userbyid(proowner), count(*) from pg_proc"
            " where prosecdef and pronamespace = 'public'::regnamespace group by 1"
        )
        assert cursor.fetchall() == [(WALLS, 3)], "what looks past the walls is not the owner's"
    app = psycopg2.connect(host="127.0.0.1", port=bare.port, user=APP, password="two", dbname=DATABASE)
    with contextlib.closing(app), app.cursor() as cursor:
        for statement in ("select lo_create(0)", "create temporary table mine (id text)", "select lo_get(1)"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            app.rollback()


def _schema_version(server: EmbeddedPostgres, database: str) -> str:
    with contextlib.closing(server.connect(database=database)) as connection, connection.cursor() as cursor:
        cursor.execute("select curr_version from schema_version")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])
