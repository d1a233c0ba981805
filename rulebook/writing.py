"""A stored document as YAML again, which people can read and change, and which freezes to the very same document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_WIDE = 120


class _Writer(yaml.SafeDumper):
    """Writes everything in its place, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors: what stands twice is written twice."""
        return True


def yaml_of(document: Mapping[str, Any]) -> str:
    """The YAML of a document, in its own order; what is flat stands in one line."""
    written: str = yaml.dump(
        dict(document), Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_WIDE, default_flow_style=None
    )
    return written
