"""Logs by structlog: lines for people on a terminal, JSON otherwise. No log ever holds a message's data."""

import sys
from typing import cast

import structlog


def configure(role: str) -> structlog.typing.FilteringBoundLogger:
    """Set up logging to standard error for one process and return its logger."""
    on_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger().bind(role=role))
