"""What the demo asks once everything is sent, chapter by chapter, with the answers it must get."""

import re
import shlex
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

from custody.demo.asking import Asking, headline, tell
from custody.demo.day import Day
from custody.demo.knowledge import who_knew
from ledger.identifiers import shown
from producers.imports.hhs_file import read_releases
from producers.simulation.story import CHILD
from producers.tables.rows import BadRow, PassedOver

_IN_CARE_ON: Final = date(2022, 1, 31)
_FISCAL_YEAR: Final = (date(2021, 10, 1), date(2022, 9, 30))
_YEARS: Final = range(2015, 2024)
_OF_YEARS: Final = f"custody figure released --from 2014-10-01 --to {_YEARS[-1]}-09-30 --by fiscal-year"


def chapters(day: Day, asking: Asking) -> None:
    """Tell the story of one child, then what the rules remarked, the figures, and whether all sides agree."""
    asking.ask("custody wait", f"up to position {day.last_position}")
    _story(asking)
    who_knew(asking)
    _corrected(day, asking)
    _remarks(asking)
    _figures(day, asking)
    _soundness(day, asking)


def _story(asking: Asking) -> None:
    headline(f"Child {CHILD}: who had her, and when did the ledger know?")
    tell("On 3 March 2022 she was in ORR's care, a hearing was set, and her mail went to the program:")
    asking.ask(
        f"custody view {CHILD} --recorded-by 2022-03-03 | head -n 14",
        "custody orr-custody, since 2022-01-11",
        "physical custodian ORR, place Casa Ficticia",
        "next hearing 2022-06-09T09:00:00-05:00",
        "mailing c/o Casa Ficticia",
    )
    tell(
        "The next day ORR released her to an address in Houston. The court went on mailing to the program, and on 9 "
        "June she did not appear. What did the ledger hold that evening?"
    )
    asking.ask(
        f"custody view {CHILD} --recorded-by 2022-06-09 | sed -n '4,14p'",
        "custody released-to-sponsor, since 2022-03-04T13:20:00-06:00",
        "hearing-set, since 2022-01-31",
        "residence 1200 Elm St, Houston, TX 77002",
    )
    tell("The court told the ledger a day later. The same evening, as it is known since:")
    asking.ask(
        f"custody view {CHILD} --happened-by 2022-06-09 | sed -n '4,14p'",
        "happened by 2022-06-09T23:59:59",
        "fta, since 2022-06-09T09:00:00-05:00",
    )
    tell("The end of her timeline, with who said it, when it was recorded and what proves it:")
    asking.ask(
        f"custody timeline {CHILD} | tail -n 45",
        "2022-03-04T13:20:00-06:00 released-to-sponsor",
        "recorded 2022-06-10T16:00:00-04:00, 1 day later",
        "given_at 2022-06-14T10:15:00-04:00",
    )


def _corrected(day: Day, asking: Asking) -> None:
    headline("A child whose first entry was put right later")
    child = next(_a_number(sending.data) for sending in day.sent if sending.wire == "custody.correction-issued.v1")
    asking.ask(
        f"custody timeline {child} | sed -n '11,18p'",
        "place Mesa Falsa Station (annex) (recorded: ",
        "corrected by position",
    )


def _remarks(asking: Asking) -> None:
    headline("What the rules remarked on, and what could not be read")
    asking.ask("custody findings --agency EOIR", "warn W10, open", "findings, complete to 2022-07")
    asking.ask("custody set-aside list", "attribute id is missing", "the data is not JSON in UTF-8")


def _figures(day: Day, asking: Asking) -> None:
    headline("Figures over all children")
    asking.ask(
        f"custody figure in-care --on {_IN_CARE_ON} --by country", f"children {day.in_care(_IN_CARE_ON)} of them"
    )
    first, last = _FISCAL_YEAR
    asking.ask(
        f"custody figure released --from {first} --to {last} --by sponsor-category | head -n 5",
        f"all {day.released(first, last)}",
    )


def _soundness(day: Day, asking: Asking) -> None:
    headline("Do PostgreSQL, Kafka and the read tables say the same?")
    asking.ask(
        "custody verify --feeds",
        f"{day.last_position:,} entries up to position",
        "PostgreSQL, Kafka and the read tables say the same",
    )


def release_chapter(file: Path, day: Day, asking: Asking) -> None:
    """Import the HHS release file and count its years; the days of the simulated children count with them."""
    headline("The HHS release file as ORR's history")
    rows, in_file = _count(file)
    asking.ask(
        f"custody import hhs-releases {shlex.quote(str(file))}", f"rows read {rows:,}", f"submitted {3 * rows:,}"
    )
    asking.ask("custody wait --timeout 600")
    tell("Released to sponsors by fiscal year, with those of the made-up day:")
    told = asking.ask(f"{_OF_YEARS} | head -n {len(_YEARS) + 2}")
    found = re.findall(r"^  (\d{4}) +([\d,]+)$", told, re.MULTILINE)
    counted = {int(year): int(number.replace(",", "")) for year, number in found}
    for year in _YEARS:
        expected = in_file[year] + day.released(date(year - 1, 10, 1), date(year, 9, 30))
        asking.expect(
            counted.get(year, 0) == expected, f"released in {year} is {counted.get(year, 0)}, sent were {expected}"
        )
    tell("In care at the end of each fiscal year (the file holds only children who were released):")
    for year in _YEARS:
        asking.ask(f"custody figure in-care --on {year}-09-30 | head -n 1")


def _count(file: Path) -> tuple[int, Counter[int]]:
    """Return the readable rows of a release file, and its releases by fiscal year: October begins the next one."""
    rows = 0
    by_year: Counter[int] = Counter()
    with file.open("rb") as raw:
        for row in read_releases(raw):
            if isinstance(row, BadRow | PassedOver):
                continue
            rows += 1
            if row.released_on:
                year, month = int(row.released_on[:4]), int(row.released_on[5:7])
                by_year[year + (month >= 10)] += 1
    return rows, by_year


def _a_number(data: object) -> str:
    """Return the A-number a simulated message names its child by, as people write it."""
    assert isinstance(data, dict)
    return shown("a-number", data["child"][0]["value"].removeprefix("A"))
