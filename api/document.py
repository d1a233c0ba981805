"""The OpenAPI document on standard output, without any server: `python -m api.document > console/openapi.json`.

The console's types are made from it. It is that of the development profile, which has every operation.
"""

import json
import sys

from api.app import create_app
from runtime.settings import Profile, Settings


def main() -> None:
    """Write the document."""
    document = create_app(Settings(profile=Profile.DEVELOPMENT, demo_logins=True)).openapi()
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
