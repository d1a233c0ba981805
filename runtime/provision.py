"""What has to be in place before workers and API start: tables, organisation, and (alone) the namespaces.

`whistle up` calls it in-process; where the servers are given it is a job of its own: `python -m runtime.provision`.
"""

import sys
from collections.abc import Sequence

from alembic.util.exc import CommandError

from runtime import namespaces
from runtime.console import Console
from runtime.faults import SetupError
from runtime.postgres import wait_for
from runtime.settings import Profile, Settings, load
from store import demo, migrate


def logins() -> Sequence[tuple[str, str, str, str]]:
    """Return the development log-ins: identity, role, unit and label of each."""
    return demo.LOGINS


def tables(owner_url: str, profile: Profile) -> None:
    """Bring the tables up to date and, in development, load the demo organisation; harmless when repeated.

    Raises:
        SetupError: a later version of the program has been at work on these tables.
    """
    try:
        migrate.upgrade(owner_url)
    except CommandError as error:
        raise SetupError(
            f"数据表由其他版本的程序建立 ({error}); 请用原版本启动, 或以 WHISTLE_DATA_DIR 另选目录",
            f"the tables were made by another version of the program ({error}); "
            "start it with that version, or choose another folder with WHISTLE_DATA_DIR",
        ) from None
    if profile is Profile.DEVELOPMENT:
        demo.load(owner_url)


def everything(settings: Settings, console: Console) -> None:
    """Provision an installation whose servers are given.

    Raises:
        SetupError: a server's address is missing, or it does not answer.
    """
    if settings.database_url is None or settings.temporal_address is None:
        raise SetupError(
            "请设置 WHISTLE_DATABASE_URL 与 WHISTLE_TEMPORAL_ADDRESS",
            "set WHISTLE_DATABASE_URL and WHISTLE_TEMPORAL_ADDRESS",
        )
    wait_for(settings.database_url, 60.0)
    tables(settings.database_url, settings.profile)
    namespaces.ensure(
        settings.temporal_address, [settings.temporal_namespace, settings.rehearsal_namespace], seconds=120.0
    )
    console.say("数据表、组织资料与命名空间就绪", "tables, organisation and namespaces are in place")


def main() -> int:
    """Provision what the environment names; return the exit code."""
    console = Console()
    try:
        everything(load(), console)
    except SetupError as error:
        console.line(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
