"""`whistle audit key`: a key for the log or for a witness, and the public half of one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from desk import render
from desk.client import Usage
from notary import keys
from notary.note import Kind, NoteError, Signer
from runtime import settings


def key(
    file: Annotated[
        Path | None, typer.Argument(help="密钥文件 / the key file. Default: this installation's own.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="生成 / make a key in a new file.")] = False,
    witness: Annotated[bool, typer.Option("--witness", help="见证人密钥 / of a witness, not of a log.")] = False,
    name: Annotated[str, typer.Option(help="名称 / its name. Default: WHISTLE_LOG_ORIGIN.")] = "",
) -> None:
    """日志密钥 / print the vkey of the key that signs the log, or with --new make one; what is printed is no secret."""
    ours = settings.load()
    path = file or ours.log_key_file
    if new:
        if witness and not name:
            raise Usage("--witness 需要 --name / needs --name, such as witness.example.net/w1")
        try:
            made = Signer.generate(name or ours.log_origin, Kind.WITNESS if witness else Kind.LOG)
        except NoteError as error:
            raise Usage(f"--name {name}: {error}") from None
        keys.write(path, [made])
    for vkey in keys.vkeys(path):
        render.out.print(vkey, soft_wrap=True, highlight=False, markup=False)
