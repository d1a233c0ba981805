"""What has to be in place before workers and API start: tables, organisation, secret keys, and (alone) the namespaces.

`whistle up` calls it in-process; where the servers are given it is a job of its own: `python -m runtime.provision`.
`python -m runtime.provision --admin <person>` makes the first administrator, or lets one in again.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from alembic.util.exc import CommandError
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from identity.accounts import ONE_TIME_HOURS, Unknown, first_administrator
from notary.keys import log_keys
from runtime import instance, keyring, leftovers, namespaces
from runtime.console import Console
from runtime.faults import SetupError
from runtime.folder import DataFolder
from runtime.postgres import DATABASE, OWNER, wait_for
from runtime.settings import Profile, Settings, load
from store import accesses, accounts, demo, migrate
from store.access_tables import customers
from store.accesses import Access, Outcome
from store.session import EVERYWHERE, make_engine, sessions


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
    log_keys(settings)
    namespaces.ensure(
        settings.temporal_address, [settings.temporal_namespace, settings.rehearsal_namespace], seconds=120.0
    )
    tell_of_locked_doors(settings.database_url, settings, console)
    tell_of_demo(settings.database_url, settings, console)
    console.say("数据表、组织资料、密钥与命名空间就绪", "tables, organisation, keys and namespaces are in place")


def tell_of_locked_doors(owner_url: str, settings: Settings, console: Console) -> None:
    """Say how the first person gets in where nobody could; call it when the tables are there."""
    if settings.demo_open or settings.oidc_issuer is not None:
        return
    with _owner(owner_url) as session:
        if accounts.any_administrator(session):
            return
    console.say(
        "尚无人可以登录; 建立首位管理员: python -m runtime.provision --admin <工号>",
        "nobody can log in yet; make the first administrator: python -m runtime.provision --admin <person>",
    )


def tell_of_demo(owner_url: str, settings: Settings, console: Console) -> None:
    """Say loudly that production runs on the demo organisation, if it does; call it when the tables are there."""
    said = leftovers.demo(settings, owner_url)
    if said is not None:
        console.say(*said)


def administrator(settings: Settings, person: str, name_zh: str = "", name_en: str = "") -> str:
    """Return a password for one log-in of the administrator `person`, who is entered if he is not there.

    The database is the one that is set, or that of the instance that runs on the data folder.

    Raises:
        SetupError: there is no such database, or the person cannot be made an administrator.
    """
    owner_url = settings.database_url or _embedded(settings)
    wait_for(owner_url, 20.0)
    try:
        with _owner(owner_url) as session:
            password = first_administrator(session, person, datetime.now(UTC), name_zh, name_en)
            entry = Access("system", "system", "provision", Outcome.CHANGED, detail=f"administrator {person}")
            accesses.add(session, entry)
    except ProgrammingError as error:
        raise SetupError(
            f"数据表尚未建立 ({error.orig}); 请先运行 python -m runtime.provision 或 whistle up",
            f"the tables are not there ({error.orig}); run python -m runtime.provision or whistle up first",
        ) from None
    except Unknown:
        raise SetupError(f"{person} 已离职; 请换一个工号", f"{person} has left; take another id") from None
    except ValueError as error:
        raise SetupError(f"{person} 不能成为管理员: {error}; 请换一个工号", f"{error}; take another id") from None
    return password


def _embedded(settings: Settings) -> str:
    """The address of the embedded database, for its owner, of the instance that runs on the data folder."""
    running = instance.find(settings)
    if running is None:
        raise SetupError(
            f"数据目录 {settings.data_dir} 没有实例在运行; 请先运行 whistle up, 或设置 WHISTLE_DATABASE_URL",
            f"no instance runs on the data folder {settings.data_dir}; start it with whistle up, "
            "or set WHISTLE_DATABASE_URL",
        )
    password = DataFolder(running.settings.data_dir).passwords().owner
    return f"postgresql+psycopg2://{OWNER}:{password}@{settings.loopback}:{running.settings.postgres_port}/{DATABASE}"


@contextmanager
def _owner(url: str) -> Iterator[Session]:
    """One transaction as the database's owner."""
    engine = make_engine(url, 1, sight=EVERYWHERE)
    try:
        with sessions(engine).begin() as session:
            yield session
    finally:
        engine.dispose()


def main(words: Sequence[str] | None = None) -> int:
    """Provision what the environment names, or with `--admin` make an administrator there; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m runtime.provision", description=main.__doc__)
    parser.add_argument("--admin", metavar="PERSON", help="give this administrator a password for one log-in")
    parser.add_argument("--name-zh", default="", help="his name in Chinese, if he is to be entered")
    parser.add_argument("--name-en", default="", help="his name in English")
    wanted = parser.parse_args(words)
    console = Console()
    try:
        if wanted.admin is None:
            everything(load(), console)
            return 0
        password = administrator(load(), wanted.admin, wanted.name_zh, wanted.name_en)
    except SetupError as error:
        console.line(str(error))
        return 1
    console.say(
        f"{wanted.admin} 的一次性密码, 只显示这一次, {ONE_TIME_HOURS} 小时内登录并改密",
        f"the password of {wanted.admin} for one log-in within {ONE_TIME_HOURS} hours, shown this once",
    )
    console.line(password)
    return 0


if __name__ == "__main__":
    sys.exit(main())
