"""What Kafka's clients pack record batches with, unpacked up to a bound: a batch of 195 kB can hold 200 MB.

The libraries' own functions unpack all there is before anybody can say stop. Here each codec is read as a stream, or
says beforehand how large it is, and nothing beyond the bound is made.
"""

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import cramjam
import lz4.frame
import zstandard

MOST_UNPACKED: Final = 64 * 1_048_576
"""Bytes of a batch when unpacked. A topic carries batches of 8 MiB; what a client packs into one is far less."""
_PIECE: Final = 1_048_576
_XERIAL: Final = b"\x82SNAPPY\0"
_BEGINS_BYTES: Final = 131_072


class DamagedError(ValueError):
    """Packed bytes in which there is no sense, or of a codec nobody knows."""


class TooLargeError(DamagedError):
    """Unpacked it would be more than `most` bytes; `begins` is how it begins."""

    def __init__(self, most: int, begins: bytes) -> None:
        super().__init__(f"more than {most} bytes unpacked")
        self.most = most
        self.begins = begins


def unpack(codec: int, packed: memoryview, most: int = MOST_UNPACKED) -> bytes:
    """Return what is packed by the codec of this number (KIP-110); raises `DamagedError`, `TooLargeError`."""
    if codec not in _UNPACK:
        raise DamagedError(f"its codec has number {codec}, which is none of {', '.join(NAMES)}")
    try:
        return _UNPACK[codec](packed, most)
    except DamagedError:
        raise
    except (zlib.error, zstandard.ZstdError, cramjam.DecompressionError, RuntimeError, ValueError, EOFError) as error:
        raise DamagedError(f"it is no {NAMES[codec - 1]}") from error


def _gzip(packed: memoryview, most: int) -> bytes:
    pieces = _Pieces(most)
    rest: Any = packed
    while len(rest):
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        while not reader.eof:
            piece = reader.decompress(rest, _PIECE)
            rest = reader.unconsumed_tail
            if not piece and not rest:
                if reader.eof:
                    break
                raise DamagedError("its gzip ends too early")
            pieces.add(piece)
        rest = reader.unused_data
    return pieces.all()


def _lz4(packed: memoryview, most: int) -> bytes:
    pieces = _Pieces(most)
    rest: Any = bytes(packed)
    while rest:
        reader = lz4.frame.LZ4FrameDecompressor()
        while not reader.eof:
            piece = reader.decompress(rest, _PIECE)
            rest = b""
            if not piece and reader.needs_input and not reader.eof:
                raise DamagedError("its lz4 ends too early")
            pieces.add(piece)
        rest = reader.unused_data or b""
    return pieces.all()


def _zstd(packed: memoryview, most: int) -> bytes:
    pieces = _Pieces(most)
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(packed), read_across_frames=True) as reader:
        while piece := reader.read(_PIECE):
            pieces.add(piece)
    return pieces.all()


def _snappy(packed: memoryview, most: int) -> bytes:
    """Blocks as Java writes them, or one as others do; each begins with its size when unpacked."""
    if bytes(packed[: len(_XERIAL)]) != _XERIAL:
        _require_within(packed, most, b"")
        return bytes(cramjam.snappy.decompress_raw(packed))
    pieces = _Pieces(most)
    at = 16
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4], "big")
        block = packed[at + 4 : at + 4 + size]
        if len(packed) < at + 4 or len(block) < size:
            raise DamagedError("its snappy ends too early")
        _require_within(block, most - pieces.size, pieces.begins)
        pieces.add(bytes(cramjam.snappy.decompress_raw(block)))
        at += 4 + size
    return pieces.all()


def _require_within(block: memoryview, most: int, before: bytes) -> None:
    """Raise where a snappy block says that it is larger than the bound, or says nothing."""
    size = shift = 0
    for byte in block[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    else:
        raise DamagedError("a snappy block does not say how large it is")
    if size > most:
        raise TooLargeError(MOST_UNPACKED, before)


class _Pieces:
    """Takes pieces up to the bound."""

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._most:
            raise TooLargeError(self._most, self.begins)
        self._pieces.append(piece)

    def all(self) -> bytes:
        return b"".join(self._pieces)

    @property
    def begins(self) -> bytes:
        return b"".join(self._pieces[:1])[:_BEGINS_BYTES]


NAMES: Final = ("gzip", "snappy", "lz4", "zstd")
_UNPACK: Final[dict[int, Callable[[memoryview, int], bytes]]] = {1: _gzip, 2: _snappy, 3: _lz4, 4: _zstd}
