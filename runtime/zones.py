"""Time zones: every process computes with the data of the pinned `tzdata` wheel, whatever the machine has installed.

An order's limits are computed by whichever process has it in hand. Two machines with zone data of two years would
disagree about a due time, and a replay with the machine that made the history.
"""

import zoneinfo
from importlib import resources

from runtime.faults import SetupError


def pin() -> str:
    """Let `zoneinfo` know no other data than the wheel's from now on; return its version, such as 2026a.

    Raises:
        SetupError: the wheel is not installed.
    """
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    return version()


def version() -> str:
    """Return the version of the wheel's data, such as 2026a.

    Raises:
        SetupError: the wheel is not installed.
    """
    try:
        # The first line of this file of the tz database reads: # version 2026a
        with (resources.files("tzdata.zoneinfo") / "tzdata.zi").open(encoding="utf-8") as data:
            return data.readline().split()[-1]
    except (ModuleNotFoundError, OSError, IndexError) as error:
        raise SetupError(
            f"缺少 tzdata 软件包 ({error}); 请重新安装依赖",
            f"the package tzdata is missing ({error}); install it again",
        ) from None
