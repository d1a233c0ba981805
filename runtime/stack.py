"""PostgreSQL and Temporal, brought up and taken down together: under `whistle up`, and under every test."""

from collections.abc import Sequence
from types import TracebackType

from runtime import engine, namespaces
from runtime.console import Console
from runtime.faults import SetupError
from runtime.folder import DataFolder, demand_space
from runtime.postgres import APP, OWNER, EmbeddedPostgres, wait_for
from runtime.settings import Settings
from runtime.temporal import EmbeddedTemporal, EmbeddedUi


class EmbeddedStack:
    """The servers below the application; what the settings give an address for is used, not started.

    A context manager: inside the block everything answers; after it nothing is left running.

    Attributes:
        settings: what API and workers need, addresses filled in.
        postgres: the embedded database, None if an outer one serves application and engine.
        temporal: the embedded engine, None if `temporal_address` is set.
        ui: Temporal's web UI, None if it is off or cannot be had.
    """

    def __init__(self, settings: Settings, console: Console | None = None, skipping: Sequence[str] = ()) -> None:
        """Say what to start; `skipping` are further namespaces, beside the rehearsals', where time may be skipped."""
        self.settings = settings
        self.postgres: EmbeddedPostgres | None = None
        self.temporal: EmbeddedTemporal | None = None
        self.ui: EmbeddedUi | None = None
        self._console = console or Console()
        self._folder = DataFolder(settings.data_dir)
        self._skipping = skipping

    @property
    def owner_url(self) -> str:
        """Return the application database's address for its owner, who migrates."""
        return self.settings.database_url or ""

    @property
    def app_url(self) -> str:
        """Return the application database's address for API and workers."""
        return self.settings.app_database_url or ""

    @property
    def temporal_target(self) -> str:
        """Return the engine's host:port."""
        return self.settings.temporal_target

    def __enter__(self) -> "EmbeddedStack":
        """Bring everything up."""
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take everything down."""
        self.down()

    def acquire(self) -> None:
        """Take the data folder, so that what an earlier instance left in it may be cleared away.

        Raises:
            SetupError: it cannot be had.
        """
        self._folder.acquire()

    def up(self) -> None:
        """Start what is not given, in order, each answering before the next.

        Raises:
            SetupError: something stands in the way; what was started is stopped again.
        """
        given = self.settings
        if (given.database_url is None) != (given.app_database_url is None):
            raise SetupError(
                "WHISTLE_DATABASE_URL 与 WHISTLE_APP_DATABASE_URL 须同时设置或都不设置",
                "set both WHISTLE_DATABASE_URL and WHISTLE_APP_DATABASE_URL, or neither",
            )
        self.acquire()
        try:
            demand_space(given.data_dir, 1.0, "运行", "running")
            self._start()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """Stop what was started, in reverse order."""
        for part in (self.ui, self.temporal, self.postgres):
            if part is not None:
                part.stop()
        self._folder.release()

    def _start(self) -> None:
        given, console = self.settings, self._console
        programs = None if given.temporal_address else engine.find(given, console)
        ui_program = engine.find_ui(given, console) if given.ui_enabled else None
        if given.database_url is None or programs is not None:
            self.postgres = EmbeddedPostgres(given, self._folder)
            self.postgres.start()
            console.say(f"PostgreSQL 就绪, 端口 {self.postgres.port}", f"PostgreSQL is up, port {self.postgres.port}")
        if given.database_url is not None:
            wait_for(given.database_url, 20.0)
        elif self.postgres is not None:
            addresses = {"database_url": self.postgres.url(OWNER), "app_database_url": self.postgres.url(APP)}
            self.settings = given.model_copy(update=addresses)
        if programs is not None and self.postgres is not None:
            self.temporal = EmbeddedTemporal(given, programs, self.postgres, self._folder, self._skipping)
            self.temporal.start()
            console.say(
                f"Temporal 就绪, {self.temporal.target}, 来自{programs.way_zh}",
                f"Temporal is up at {self.temporal.target}, from {programs.way_en}",
            )
        else:
            namespaces.ensure(given.temporal_target, [given.temporal_namespace, given.rehearsal_namespace], 20.0)
            console.say(
                f"使用已有的 Temporal {given.temporal_target}", f"using the Temporal server at {given.temporal_target}"
            )
        self.settings = self.settings.model_copy(update={"temporal_address": given.temporal_target})
        if ui_program is not None:
            self.ui = EmbeddedUi(given, ui_program, self._folder)
            self.ui.start()
