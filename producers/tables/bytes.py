"""The bytes of a file of text, unpacked where it is packed (xz, gzip), never more than may be; and their encoding.

A packed file of some kilobytes can hold gigabytes: unpacking goes on piece by piece, and stops at the limit.
"""

import codecs
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from producers.tables.table import MEGABYTE, Limits, TableError, beyond

PACKED_XZ: Final = b"\xfd7zXZ\x00"
PACKED_GZIP: Final = b"\x1f\x8b"
WORKBOOK: Final = b"PK\x03\x04"
_PIECE: Final = 65_536
_PACKED_PIECE: Final = 8_192
_LZMA_MEMORY: Final = 256 * MEGABYTE
_OTHER_FORMS: Final = {
    b"\xd0\xcf\x11\xe0": (
        "an Excel workbook of the old form (.xls) or has a password; nothing was sent; open it in Excel and save it "
        "as .xlsx without a password, or as CSV in UTF-8"
    ),
    b"%PDF": "a PDF; nothing was sent; ask for the table itself, as CSV or as a workbook",
    b"BZh": "packed with bzip2; nothing was sent; unpack it first with `bunzip2`",
    b"7z\xbc\xaf": "a 7-Zip archive; nothing was sent; unpack it first",
    b"Rar!": "a RAR archive; nothing was sent; unpack it first",
    b"(\xb5/\xfd": "packed with zstd; nothing was sent; unpack it first with `unzstd`",
    b"<html": "a web page; nothing was sent; save the table itself, as CSV or as a workbook",
    b"<!DOC": "a web page; nothing was sent; save the table itself, as CSV or as a workbook",
}
_UNDEFINED_1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LONE_BYTE: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")


def check_form(beginning: bytes) -> None:
    """Raise `TableError` where the file is of a form nobody reads here; the message names the cure."""
    for magic, what in _OTHER_FORMS.items():
        if beginning.lstrip()[: len(magic)].upper() == magic.upper():
            raise TableError(1, f"the file is {what}")


def pieces(raw: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """Yield the bytes of the file from its beginning, unpacked. Raises `TableError` where they break off."""
    raw.seek(0)
    magic = raw.read(len(PACKED_XZ))
    raw.seek(0)
    if magic == PACKED_XZ:
        made = _from_xz(raw)
    elif magic.startswith(PACKED_GZIP):
        made = _from_gzip(raw)
    else:
        made = iter(lambda: raw.read(_PIECE), b"")
    size = 0
    for piece in made:
        size += len(piece)
        if size > limits.unpacked_bytes:
            raise beyond(
                1,
                f"the file holds more than {limits.unpacked_bytes:,} bytes of text, the limit of {limits.kind}",
                "cut it into several",
            )
        yield piece


def _from_xz(raw: BinaryIO) -> Iterator[bytes]:
    """Unpack xz: one stream, or several one behind the other."""
    packed = raw.read(_PACKED_PIECE)
    try:
        while packed:
            unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)
            while not unpacker.eof:
                if unpacker.needs_input and not packed:
                    packed = raw.read(_PACKED_PIECE)
                    if not packed:
                        raise _BreaksOffError("the packed file breaks off")
                yield unpacker.decompress(packed, _PIECE)
                packed = b""
            packed = _next_stream(unpacker.unused_data, raw)
    except lzma.LZMAError as error:
        if "limit" in str(error).lower():
            raise beyond(
                1,
                f"the file needs more than {_LZMA_MEMORY:,} bytes of memory to be unpacked, the limit",
                "unpack it with `xz -d`, or pack it anew with `xz -6`",
            ) from None
        raise _BreaksOffError("the packed file is damaged") from None


def _next_stream(rest: bytes, raw: BinaryIO) -> bytes:
    """Return how the next stream behind one that ended begins; padding is passed over, nothing at the end."""
    rest = rest.lstrip(b"\0")
    while not rest:
        piece = raw.read(_PACKED_PIECE)
        if not piece:
            return b""
        rest = piece.lstrip(b"\0")
    return rest


def _from_gzip(raw: BinaryIO) -> Iterator[bytes]:
    packed = raw.read(_PACKED_PIECE)
    try:
        while packed:
            unpacker = zlib.decompressobj(31)
            while not unpacker.eof:
                packed = packed or raw.read(_PACKED_PIECE)
                piece = unpacker.decompress(packed, _PIECE)
                if not packed and not piece and not unpacker.eof:
                    raise _BreaksOffError("the packed file breaks off")
                packed = unpacker.unconsumed_tail
                yield piece
            packed = _next_stream(unpacker.unused_data, raw)
    except zlib.error:
        raise _BreaksOffError("the packed file is damaged") from None


class _BreaksOffError(Exception):
    """The packed bytes end, or make no sense from here on."""


class Text(io.RawIOBase):
    """The unpacked bytes of a file, to be decoded; `broken` says why they end before the file does."""

    def __init__(self, made: Iterator[bytes]) -> None:
        super().__init__()
        self._made = made
        self._rest = memoryview(b"")
        self.broken: str | None = None

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill `buffer` with what comes next; 0 at the end, or where the bytes break off."""
        while not self._rest:
            try:
                self._rest = memoryview(next(self._made))
            except StopIteration:
                return 0
            except _BreaksOffError as error:
                self.broken = str(error)
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def encoding_of(raw: BinaryIO, limits: Limits) -> str:
    """Return how the text is encoded: what its first bytes say, else UTF-8 where it can be that.

    A text that has no character beyond ASCII in UTF-8, but bytes that are none, and only such as Windows-1252 has,
    is Windows-1252, as Excel in the United States saves `CSV`. Anything else counts as UTF-8, and is told by the line
    on which it is not.
    """
    made = pieces(raw, limits)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    foreign = False
    try:
        for number, piece in enumerate(made):
            if number == 0 and (marked := _marked(piece)) is not None:
                return marked
            if piece.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(piece)
            if _BEYOND_ASCII.search(text) is not None:
                return "utf-8"
            foreign = foreign or _LONE_BYTE.search(text) is not None
            if foreign and _UNDEFINED_1252.search(piece) is not None:
                return "utf-8"
        foreign = foreign or bool(decoder.decode(b"", final=True))
    except (_BreaksOffError, TableError):
        pass  # said where the rows are read
    return "cp1252" if foreign else "utf-8"


def _marked(piece: bytes) -> str | None:
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if piece.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    head = piece[:400]
    most = len(head) * 2 // 5  # of each second byte, in a text of Latin letters
    if len(head) >= 8 and head[1::2].count(0) >= most and not head[::2].count(0):
        return "utf-16-le"
    if len(head) >= 8 and head[::2].count(0) >= most and not head[1::2].count(0):
        return "utf-16-be"
    return None


ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
"""What the encodings are called among people."""
