"""What development leaves behind in a database and production must not run on: the demo organisation."""

from __future__ import annotations

import psycopg2

from runtime.settings import Profile, Settings

Said = tuple[str, str]
"""A sentence in Chinese and in English."""

_DEMO = """
select set_config('whistle.person', '*', true);
select exists (select from people where id = 'hq-admin' and email like '%@example.invalid')
"""


def demo(settings: Settings, url: str) -> Said | None:
    """What is to be said loudly where production runs on the demo organisation; None where there is nothing to say.

    `url` is the application's database, for its owner or for the role that API and workers use.

    Raises:
        psycopg2.Error: the database does not answer, or has no tables yet.
    """
    if settings.profile is not Profile.PRODUCTION:
        return None
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://", 1), connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_DEMO)
            (there,) = cursor.fetchone() or (False,)
    finally:
        connection.close()
    return _LOUD if there else None


_LOUD: Said = (
    "! 生产模式, 而数据库中有演示组织 (hq-admin 及其他虚构人员): 请换用空数据库",
    "! this is production, and the database holds the demo organisation (hq-admin and others): use an empty database",
)
