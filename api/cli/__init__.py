"""The command line."""

import sys

from api.cli import app


def main() -> None:
    """Entry point of ``huxin``."""
    sys.exit(app.main())
