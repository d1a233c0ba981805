"""`whistle`: the command line, put together from the desk's commands.

Exit codes: 0 done · 1 refused or failed · 2 command, file or setting not understood · 3 the API does not answer ·
130 Ctrl-C.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from desk import (
    accesses,
    account,
    accounts,
    acting,
    audits,
    callbacks,
    clocks,
    directory,
    doctor,
    fit,
    imports,
    lab,
    login,
    migrate,
    notices,
    orders,
    organisation,
    policy,
    rebuild,
    render,
    secret_keys,
    sights,
    tour,
    witness,
)
from desk.client import DeskError
from runtime import settings, zones
from runtime.faults import SetupError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="哨子 / Whistle: complaints, from the hotline to the end. "
    "Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 the API does not answer, 130 Ctrl-C.",
)
orders.app.command("clocks")(account.clocks)
orders.app.command("callbacks")(callbacks.callbacks)
orders.app.command("sample")(callbacks.sample)
orders.app.command("reveal")(sights.reveal)
orders.app.command("follow")(sights.follow)
orders.app.command("unfollow")(sights.unfollow)
app.add_typer(orders.app, name="orders")
directory.app.command("load")(organisation.load)
directory.app.command("example")(organisation.example)
app.add_typer(directory.app, name="directory")
app.add_typer(accounts.app, name="accounts")
app.add_typer(acting.app, name="acting")
app.command("login")(login.log_in)
app.command("logout")(login.log_out)
app.command("password")(login.change_password)
app.add_typer(accesses.app, name="customers")
app.command("accesses")(accesses.accesses)
app.command("notices")(notices.notices)
app.add_typer(imports.app, name="import")
app.command("tour")(tour.tour)
app.command("doctor")(doctor.doctor)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(clocks.app, name="clocks")
app.add_typer(secret_keys.app, name="keys")
policy.app.command("migrate")(migrate.migrate)
policy.app.command("fit-check")(fit.fit_check)
app.add_typer(policy.app, name="policy")
app.add_typer(audits.app, name="audit")
app.add_typer(lab.app, name="lab")
app.command("witness")(witness.witness)


def _version(wanted: bool) -> None:
    if wanted:
        render.out.print(f"whistle {version('whistle')}")
        raise typer.Exit


@app.callback()
def whistle(
    shown: Annotated[
        bool, typer.Option("--version", help="版本 / the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """哨子 / Whistle."""


@app.command()
def up() -> None:
    """启动全部 / start everything, here and now; Ctrl-C stops it."""
    from runtime import supervisor

    settings.demand_known()
    raise typer.Exit(supervisor.up(settings.load()))


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line with these words, by default the process's own; ends with SystemExit and the exit code."""
    try:
        zones.pin()
        app(words)
    except DeskError as error:
        render.err.print(str(error), style="red", soft_wrap=True, markup=False)
        sys.exit(error.code)
    except SetupError as error:
        render.err.print(str(error), style="red", soft_wrap=True, markup=False)
        sys.exit(2 if isinstance(error, settings.SettingError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
