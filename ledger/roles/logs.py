"""Logs by structlog: lines for people on a terminal, one JSON object a line otherwise, or where CUSTODY_LOGS is `json`.

None holds a message's data. What libraries log, Python's warnings, and an error that ends the process come the same
way: whoever collects the logs parses every line.
"""

import logging
import os
import sys
import traceback
import warnings
from types import TracebackType
from typing import Final, cast

import structlog

FORM: Final = "CUSTODY_LOGS"
_LIBRARIES: Final = logging.WARNING
"""What libraries say of their ordinary work is of no use to an operator."""


def configure(role: str) -> structlog.typing.FilteringBoundLogger:
    """Set up logging to standard error for one process and return its logger."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    shown: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty() and os.environ.get(FORM) != "json"
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    structlog.configure(
        processors=[*before, structlog.processors.format_exc_info, shown],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    log = cast("structlog.typing.FilteringBoundLogger", structlog.get_logger().bind(role=role))
    _take_over_libraries(role, [*before, _without_traceback], shown)
    warnings.showwarning = lambda message, category, filename, lineno, file=None, line=None: log.warning(
        "python.warning", kind=category.__name__, place=f"{filename}:{lineno}"
    )
    sys.excepthook = lambda kind, error, trace: _tell_the_end(log, kind, trace)
    return log


def _take_over_libraries(
    role: str, before: list[structlog.typing.Processor], shown: structlog.typing.Processor
) -> None:
    """Let what libraries log through `logging` come in the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda _, __, event: {**event, "event": "library.said", "reason": str(event["event"]), "role": role},
                shown,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [
        *(each for each in root.handlers if not isinstance(each.formatter, structlog.stdlib.ProcessorFormatter)),
        handler,
    ]
    root.setLevel(_LIBRARIES)


def _without_traceback(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop what an error says: it may repeat a message's data."""
    event.pop("exc_info", None)
    event.pop("stack_info", None)
    return event


def _tell_the_end(
    log: structlog.typing.FilteringBoundLogger, kind: type[BaseException], trace: TracebackType | None
) -> None:
    """Say that an error nobody foresaw ends the process: its kind and where, never what it says of a child."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    log.critical(
        "role.crashed",
        reason=f"{kind.__name__} at {frames[-1] if frames else 'an unknown place'}: a fault of this program; "
        "report this line",
        frames=frames[-20:],
    )


__all__ = ["configure"]
