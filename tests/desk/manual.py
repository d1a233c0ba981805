"""The generated parts of docs/operations.md: settings and commands. `python -m tests.desk.manual` writes them anew."""

from pathlib import Path
from typing import Any

import typer

from cli import app
from runtime.settings import ENV_PREFIX, PROJECT, Settings

PAGE = PROJECT / "docs" / "operations.md"


def settings_table() -> str:
    """Every setting: its variable, its default, what it is."""
    lines = ["| variable | default | what it is |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default: Any = "" if field.default_factory is not None else field.default
        if isinstance(default, Path):
            default = default.relative_to(PROJECT)
        shown = "–" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        lines.append(
            f"| `{ENV_PREFIX}{name.upper()}` | {'see right' if default == '' else shown} | {field.description} |"
        )
    return "\n".join(lines)


def command_table() -> str:
    """Every command of the command line with the first line of its help."""
    lines = ["| command | what it does |", "| --- | --- |"]

    def walk(path: str, command: Any) -> None:
        if hasattr(command, "commands"):
            for name in sorted(command.commands):
                walk(f"{path} {name}", command.commands[name])
        else:
            lines.append(f"| `{path}` | {(command.help or '').strip().splitlines()[0]} |")

    walk("whistle", typer.main.get_command(app))
    return "\n".join(lines)


BLOCKS = {"settings": settings_table, "commands": command_table}


def marked(name: str) -> tuple[str, str]:
    """The lines between which a generated part stands."""
    return f"<!-- {name}: generated -->\n", f"\n<!-- end of {name} -->"


def main() -> None:
    """Write the generated parts into the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, block in BLOCKS.items():
        begin, end = marked(name)
        head, _, rest = text.partition(begin)
        text = head + begin + block() + end + rest.partition(end)[2]
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
