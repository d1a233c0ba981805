"""`whistle audit`: the auditor's commands, put together from their parts."""

from __future__ import annotations

import typer

from desk import audit_bundles, audit_exports, audit_keys, audit_process, audit_replay, audit_travel, audit_verify

app = typer.Typer(no_args_is_help=True, help="审计 / replay, prove, look back, ask what would have been.")
app.command("key")(audit_keys.key)
app.command("export-log")(audit_exports.export_log)
app.command("verify")(audit_verify.verify)
app.command("export")(audit_bundles.export)
app.command("verifier")(audit_bundles.verifier)
app.command("replay")(audit_replay.replay)
app.command("at")(audit_travel.at)
app.command("process")(audit_process.process)
