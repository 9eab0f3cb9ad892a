"""How and when an entry was known, in words: the channel, the grade, and the proof of it by number and position."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from readers.text.wording import civil

_CHANNELS: Final = {
    "produced": "recorded it",
    "feed": "was told by its feed",
    "receipt": "receipted it",
    "notice": "was given notice of it",
    "read": "read it in the ledger",
}
Entry = Mapping[str, Any]


def known_rows(entry: Entry, zone: str) -> Iterator[tuple[str, str, Any]]:
    """Give since when an entry was known and how, then every moment there is."""
    span = civil(entry["known_at"], zone)
    if entry["known_not_before"] != entry["known_by"]:
        span = (
            f"between {civil(entry['known_not_before'], zone)} and {civil(entry['known_by'], zone)}; "
            "when in between cannot be determined"
        )
    yield "known", f"{span} ({entry['how']}, {entry['basis']})", "plain"
    for moment in entry["moments"]:
        yield "moment", moment_text(moment, zone), "plain"


def moment_text(moment: Mapping[str, Any], zone: str) -> str:
    """Return one moment of knowledge on a line: who, how surely, through what, since when, by which proof."""
    told = [f"{moment['agency']} {_CHANNELS[moment['channel']]}, {moment['grade']}"]
    if moment["claimed_at"] is not None:
        told.append(f"by its word since {civil(moment['claimed_at'], zone)}")
    if moment["proven_at"] is not None:
        told.append(f"proven {civil(moment['proven_at'], zone)}")
    if moment["number"] is not None:
        told.append(f"number {moment['number']} of the feed of {moment['feed']}")
    if moment["position"] is not None and moment["channel"] != "produced":
        told.append(f"position {moment['position']}")
    if moment["members"] != "all":
        told.append(f"members {', '.join(moment['members']) or 'none'}")
    return "; ".join(told)
