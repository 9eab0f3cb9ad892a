"""By what a repeat of a message is told from another message under the same id (rule H1)."""

from base64 import urlsafe_b64encode
from hashlib import blake2b

import orjson


def digest(type: str, data: bytes) -> str:
    """Return 22 characters that are equal for the same type and the same JSON, whatever its spacing or order.

    128 bits of BLAKE2b over the type and the JSON with sorted members, numbers as orjson writes them; over the
    bytes as they are where they are no JSON. What rule H8 forbids must be out of `data` before.
    """
    try:
        plain = orjson.dumps(orjson.loads(data), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        plain = data
    hashed = blake2b(type.encode("utf-8", "surrogatepass") + b"\0" + plain, digest_size=16).digest()
    return urlsafe_b64encode(hashed)[:22].decode()
