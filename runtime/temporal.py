"""An embedded Temporal server on the embedded PostgreSQL: schema, start, namespaces, and its web UI."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from runtime import namespaces, ports
from runtime.engine import Programs
from runtime.faults import SetupError
from runtime.folder import ENGINE_VERSION, DataFolder
from runtime.postgres import ENGINE, ENGINE_DATABASE, VISIBILITY_DATABASE, EmbeddedPostgres
from runtime.process import Child, bind_to_parent
from runtime.settings import PROJECT, Settings

DYNAMIC_CONFIG = PROJECT / "engine" / "dynamicconfig.yaml"

# Each of the server's parts listens twice, for calls and for membership. The ports follow from one setting, so a
# restart finds its own old entries in the membership table instead of another installation's server.
_PORT_VARIABLES = (
    "FRONTEND_GRPC_PORT",
    "FRONTEND_HTTP_PORT",
    "FRONTEND_MEMBERSHIP_PORT",
    "HISTORY_GRPC_PORT",
    "HISTORY_MEMBERSHIP_PORT",
    "MATCHING_GRPC_PORT",
    "MATCHING_MEMBERSHIP_PORT",
    "WORKER_GRPC_PORT",
    "WORKER_MEMBERSHIP_PORT",
)
_LOG_IN = "To read payloads, log in to Whistle as an administrator or auditor in this browser."
_SYSTEM = "temporal-system"  # the server's own namespace, there from the first moment
PORT_COUNT = len(_PORT_VARIABLES)
_SCHEMATA = {ENGINE_DATABASE: "postgresql/v12/temporal", VISIBILITY_DATABASE: "postgresql/v12/visibility"}


class EmbeddedTemporal:
    """One Temporal server with all its parts in one process."""

    def __init__(
        self,
        settings: Settings,
        programs: Programs,
        postgres: EmbeddedPostgres,
        folder: DataFolder,
        skipping: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._skipping = [settings.rehearsal_namespace, *skipping]
        self._programs = programs
        self._postgres = postgres
        self._folder = folder
        self._config = folder.path / "temporal" / "dynamicconfig.yaml"
        port = settings.temporal_port
        self.target = f"127.0.0.1:{port}"
        # Asks for a workflow that never was: the answer 404 passes through frontend, history and the database, so it
        # also fails when the server's database pool stays closed after a reconnect.
        self._canary = f"http://127.0.0.1:{port + 1}/api/v1/namespaces/{_SYSTEM}/workflows/whistle-canary"
        inner = {name: str(port + offset) for offset, name in enumerate(_PORT_VARIABLES)}
        self.child = Child(
            "Temporal",
            [str(programs.server), "--allow-no-auth", "start"],
            log=settings.logs / "temporal.log",
            cwd=folder.path,
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": os.environ.get("HOME", "/"),
                "TZ": "UTC",
                "GOGC": "400",
                "DB": "postgres12_pgx",
                "POSTGRES_SEEDS": "127.0.0.1",
                "DB_PORT": str(postgres.port),
                "POSTGRES_USER": ENGINE,
                "POSTGRES_PWD": postgres.password(ENGINE),
                "DBNAME": ENGINE_DATABASE,
                "VISIBILITY_DBNAME": VISIBILITY_DATABASE,
                "SQL_MAX_CONNS": "20",
                "NUM_HISTORY_SHARDS": str(self._shards()),
                "BIND_ON_IP": "127.0.0.1",
                "TEMPORAL_BROADCAST_ADDRESS": "127.0.0.1",
                "DYNAMIC_CONFIG_FILE_PATH": str(self._config),
                "LOG_LEVEL": "warn",
                **inner,
            },
            stop_signal=signal.SIGTERM,
            stop_seconds=30.0,
        )

    def start(self) -> None:
        """Start the server, its schema, namespaces and search attributes in place.

        Raises:
            SetupError: a port is taken, the schema cannot be made, or the server does not start.
        """
        self.child.end_orphan()
        for offset in range(PORT_COUNT):
            ports.demand(self._settings.temporal_port + offset, "Temporal", "WHISTLE_TEMPORAL_PORT")
        if self._folder.marker().get("schema") != ENGINE_VERSION:
            self._bring_schema_up_to_date()
            self._folder.note(schema=ENGINE_VERSION, shards=self._settings.temporal_shards)
        self._write_config()
        self.restart()
        namespaces.ensure(self.target, [self._settings.temporal_namespace, self._settings.rehearsal_namespace])

    def restart(self) -> None:
        """Start the server again after it died.

        Raises:
            SetupError: it does not start.
        """
        self.child.start()
        self.child.wait_until(self.answers, 90.0)

    def stop(self) -> None:
        """Stop the server."""
        self.child.stop()

    def answers(self) -> bool:
        """Return whether the server answers a call that goes down to its database."""
        try:
            with urllib.request.urlopen(self._canary, timeout=5):  # nosec B310  # our own engine
                return True
        except urllib.error.HTTPError as error:
            return error.code == 404
        except OSError:
            return False

    def _shards(self) -> int:
        """Return the number of shards: what the folder was made with, for it can never change."""
        return int(self._folder.marker().get("shards", self._settings.temporal_shards))

    def _write_config(self) -> None:
        text = DYNAMIC_CONFIG.read_text()
        for name in self._skipping:
            if name != "whistle-rehearsal":  # the file's last block lists where time may be skipped
                text += f'  - value: true\n    constraints:\n      namespace: "{name}"\n'
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(text)

    def _bring_schema_up_to_date(self) -> None:
        for database, schema in _SCHEMATA.items():
            connection = self._postgres.connect(ENGINE, database)
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select to_regclass('schema_version') is not null")
                    row = cursor.fetchone()
            finally:
                connection.close()
            if not (row and row[0]):
                self._sql_tool(database, "setup-schema", "-v", "0.0")
            self._sql_tool(database, "update-schema", "--schema-name", schema)

    def _sql_tool(self, database: str, *arguments: str) -> None:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "SQL_PLUGIN": "postgres12",
            "SQL_HOST": "127.0.0.1",
            "SQL_PORT": str(self._postgres.port),
            "SQL_USER": ENGINE,
            "SQL_PASSWORD": self._postgres.password(ENGINE),
        }
        log = self._settings.logs / "temporal-schema.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            done = subprocess.run(
                [self._programs.sql_tool, "--db", database, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=bind_to_parent(signal.SIGTERM),
            )
        if done.returncode != 0:
            raise SetupError(
                f"无法建立 Temporal 的数据表 ({database}, {arguments[0]}); 详见 {log}",
                f"Temporal's tables could not be made ({database}, {arguments[0]}); see {log}",
            )


class EmbeddedUi:
    """Temporal's own web UI."""

    def __init__(self, settings: Settings, program: Path, folder: DataFolder) -> None:
        self._settings = settings
        self._config = folder.path / "temporal" / "ui"
        self.url = f"http://127.0.0.1:{settings.ui_port}"
        self.child = Child(
            "Temporal UI",
            [str(program), "--root", str(self._config), "--config", "config", "--env", "whistle", "start"],
            log=settings.logs / "temporal-ui.log",
            env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "TZ": "UTC"},
        )

    def start(self) -> None:
        """Start the UI.

        Raises:
            SetupError: its port is taken or it does not start.
        """
        self.child.end_orphan()
        ports.demand(self._settings.ui_port, "Temporal UI", "WHISTLE_UI_PORT")
        (self._config / "config").mkdir(parents=True, exist_ok=True)
        (self._config / "config" / "whistle.yaml").write_text(
            f"temporalGrpcAddress: {self._settings.temporal_target}\n"
            f"host: 127.0.0.1\nport: {self._settings.ui_port}\nenableUi: true\ndisableNewsFetch: true\n"
            f"defaultNamespace: {self._settings.temporal_namespace}\n"
            f"cors:\n  allowOrigins:\n    - {self.url}\n"
            f"codec:\n  endpoint: {self._settings.codec_url}\n  includeCredentials: true\n"
            f"  defaultErrorMessage: {_LOG_IN}\n"
            # An order reads what is encrypted for it; what is entered here would come in clear and stop it.
            "startWorkflowDisabled: true\nworkflowSignalDisabled: true\nworkflowUpdateDisabled: true\n"
            "batchActionsDisabled: true\nactivityCommandsDisabled: true\n"
        )
        self.restart()

    def restart(self) -> None:
        """Start it again after it died."""
        self.child.start()
        self.child.wait_until(self.answers, 30.0)

    def stop(self) -> None:
        """Stop the UI."""
        self.child.stop()

    def answers(self) -> bool:
        """Return whether the UI accepts connections."""
        return ports.is_listening(self._settings.ui_port)
