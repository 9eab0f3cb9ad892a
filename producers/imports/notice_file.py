"""A log of notices as a file, in any form in which tables circulate."""

import io

from producers.imports.notice_rows import LIMITS, LogReading, NoticeLog, read_log, wanted
from producers.tables.reading import How, read_table


def read_file(content: bytes, how: How, reading: LogReading) -> NoticeLog:
    """Read the log. Raises `TableError` where the file as a whole cannot be read; then nothing of it was sent."""
    table = read_table(io.BytesIO(content), len(content), wanted(reading.values), LIMITS, how)
    return read_log(table, reading)
