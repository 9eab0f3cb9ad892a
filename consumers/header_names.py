"""Lets the Kafka client read messages whose header names are not UTF-8, instead of stopping at them for ever.

kafka-python 3.0 decodes header names strictly and reports the whole partition as corrupt, at every poll: one message of
one agency would stop the intake of all. Such a name is read with its odd bytes written out (`x-\\xff`); everything else
about a damaged batch is still an error.
"""

from typing import Any

from kafka.errors import CorruptRecordError
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch


class _NamesAsTheyAre(bytearray):
    """Bytes whose slices decode without failing."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return _NamesAsTheyAre(part) if isinstance(index, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        """Return the text, with bytes that are none written out."""
        return bytes(self).decode(encoding, errors)


class TolerantRecordBatch(DefaultRecordBatch):  # type: ignore[misc]  # the library is untyped
    """A batch that reads one record again, tolerantly, where a header name was not UTF-8."""

    _buffer: Any

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except CorruptRecordError as error:
            if not isinstance(error.__context__, UnicodeDecodeError):
                raise
            strict = self._buffer
            self._buffer = _NamesAsTheyAre(strict)
            try:
                return super().__next__()
            finally:
                self._buffer = strict

    next = __next__


def accept_any_header_name() -> None:
    """Make consumers of this process read such messages."""
    memory_records.DefaultRecordBatch = TolerantRecordBatch
