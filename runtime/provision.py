"""What has to be in place before workers and API start: tables, organisation, secret keys, and (alone) the namespaces.

`whistle up` calls it in-process; where the servers are given it is a job of its own: `python -m runtime.provision`.
"""

import sys
from collections.abc import Sequence

from alembic.util.exc import CommandError
from sqlalchemy import select

from runtime import keyring, namespaces
from runtime.console import Console
from runtime.faults import SetupError
from runtime.postgres import wait_for
from runtime.settings import Profile, Settings, load
from store import demo, migrate
from store.access_tables import customers
from store.session import EVERYWHERE, make_engine


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


def keys(owner_url: str, settings: Settings) -> None:
    """See that the secret keys are there; call it when the tables are.

    They are made once, for a database in which nothing is sealed yet. New keys beside sealed data would only hide that
    the old ones are lost.

    Raises:
        SetupError: the file is missing or lacks a key that customers' data are sealed with, or cannot be used.
    """
    path = settings.keyring_path
    engine = make_engine(owner_url, 1, sight=EVERYWHERE)
    try:
        with engine.begin() as link:
            used = set(link.scalars(select(customers.c.kek).where(customers.c.wrapped.is_not(None)).distinct()))
    finally:
        engine.dispose()
    if used and not path.exists():
        raise SetupError(
            f"没有密钥文件 {path}, 而数据库中的个人信息以其加密; 请从备份恢复, 或以 WHISTLE_KEYS_FILE 指明其位置",
            f"there is no keys file {path}, and personal data in the database are sealed with it; restore it from its "
            "backup, or say with WHISTLE_KEYS_FILE where it is",
        )
    missing = used - set(keyring.ensure(path).keks)
    if missing:
        lacking = ", ".join(sorted(missing))
        raise SetupError(
            f"密钥文件 {path} 缺少数据库所用的密钥 {lacking}; 请恢复含有它的备份",
            f"the keys file {path} lacks the keys {lacking} that the database uses; restore a backup that has them",
        )


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
    keys(settings.database_url, settings)
    namespaces.ensure(
        settings.temporal_address, [settings.temporal_namespace, settings.rehearsal_namespace], seconds=120.0
    )
    console.say("数据表、组织资料、密钥与命名空间就绪", "tables, organisation, keys and namespaces are in place")


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
