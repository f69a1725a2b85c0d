"""Logs of the processes above the chain: set up from the settings; ``node.logs`` has the form."""

import logging
from typing import TextIO

from api.settings import Settings
from node import logs

event = logs.event
DEBUG, INFO, WARNING, ERROR, CRITICAL = (
    logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL,
)  # fmt: skip


def configure(process: str, settings: Settings, stream: TextIO | None = None) -> None:
    """``process`` is told in every line: ``http``, ``relay``."""
    logs.configure(process, settings.log_level, settings.log_format, stream)
