"""The verbs that send: `submit` for any agency's events, `import` for ORR's history and any agency's notices."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from custody.options import Data, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from custody.where import Where
    from ledger.agencies import Agency
    from producers.import_account import Report

_PATIENCE_SECONDS: Final = 60.0


def submit(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON lines; - is standard input.")],
    agency: Annotated[str, typer.Option(help="Who sends: CBP, ICE-ERO, ICE-OPLA, ORR, EOIR, USCIS or STEWARD.")],
    wait: Annotated[bool, typer.Option("--wait", help="Print each outcome as a JSON line, in input order.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="With --wait: give up when no outcome comes for so many seconds.")
    ] = _PATIENCE_SECONDS,
    data: Data = None,
) -> None:
    """Send submissions to an agency's intake topic.

    Each line is a CloudEvent in structured form. A line that is no JSON object is reported with its number and not
    sent; the others are, and the exit status is 1. Without --wait the command returns when Kafka has everything; the
    answers come on custody.outcomes.<agency>. With --wait a refusal is an outcome like any other: exit status 0.

    \b
    Examples:
      custody submit --agency ORR events.jsonl
      custody submit --agency EOIR --wait - < hearing.json
    """
    from custody.errors import FAILED, Problem
    from custody.kafka_clients import problem, quiet_kafka
    from custody.where import find_where
    from producers.client import AgencyClient
    from producers.client_errors import ClientError
    from producers.submitting import submit as submit_lines

    sender = _agency(agency)
    where = find_where(data)
    quiet_kafka()

    def tell_outcome(outcome: dict[str, Any]) -> None:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n")
        sys.stdout.buffer.flush()

    def tell_problem(number: int, problem: str) -> None:
        print(f"line {number}: {problem}", file=sys.stderr)

    with nullcontext(sys.stdin.buffer) if file == "-" else _opened(file) as lines:
        try:
            with AgencyClient(where.bootstrap, sender) as client:
                done = submit_lines(
                    lines.fileno(),
                    client,
                    wait=wait,
                    patience_seconds=timeout,
                    tell_outcome=tell_outcome,
                    tell_problem=tell_problem,
                )
        except ClientError as error:
            raise problem(error) from None
        except KeyboardInterrupt:
            raise Problem(
                "stopped; lines that were read may or may not have been sent; submit the file again under the same "
                "ids: what is known already is answered as a duplicate"
            ) from None
    if not wait:
        print(f"{done.sent} sent to {sender}'s intake; what became of them is on custody.outcomes.{sender.lower()}")
    if done.left_out or done.unanswerable:
        raise Problem(
            f"{done.left_out} line{'' if done.left_out == 1 else 's'} not sent, {done.unanswerable} sent that nobody "
            f"can be answered for, {done.sent - done.unanswerable} sent; see the lines named above",
            FAILED,
        )


def import_hhs_releases(
    file: Annotated[str, typer.Argument(help="The release file: csv, or csv packed with xz.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Import the HHS release file as ORR's history.

    Three facts a row go through the import door: particulars, admission, release. The category's text decides where
    its code is blank (finding code-missing); the second row of a doubled id opens its own record, 1905#2 (finding
    doubled-row-id). Ctrl-C stops cleanly, and the same command goes on where it was. Once a file is through,
    importing it again changes nothing: every submission is a duplicate.

    \b
    Examples:
      custody import hhs-releases hhs_releases_2015_2023.csv.xz
      custody import hhs-releases releases.csv --json
    """
    import os

    from custody.import_shown import judge, lines, shown
    from custody.kafka_clients import problem
    from custody.where import find_where
    from producers.hhs_import import import_releases
    from producers.import_journal import content_digest

    with _opened(file) as raw:
        _require_seekable(file, raw)
        report = _imported(
            find_where(data),
            "ORR",
            file,
            content_digest(raw),
            lambda journal, **ends: import_releases(raw, os.fstat(raw.fileno()).st_size, journal, **ends),
        )
    if as_json:
        import orjson

        print(orjson.dumps(shown(report, file), option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(lines(report)))
    if report.error is not None:
        raise problem(report.error)
    judge(report, file)


def import_notices(
    file: Annotated[str, typer.Argument(help="The log: csv in UTF-8, or an Excel workbook (xlsx).")],
    *,
    agency: Annotated[str, typer.Option(help="Whose log it is: the agency that gave the notices, or got them.")],
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a workbook: the sheet; default: the first not hidden.")
    ] = None,
    month_first: Annotated[
        bool, typer.Option("--month-first", help="Every date such as 6/7/2022 in this file is month first.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Import a log of notices by other channels: e-mail, spreadsheet, phone, letter.

    One row per child told becomes one notice-given, through the import door; all rows share one source reference. The
    first row names the columns: child, to, given_at, channel, and positions or type; also occurred_on, members,
    reference, office, user. The page for agency developers describes each.

    A row that cannot be read or is refused is named with its number, column and cure, the others are recorded, and
    the exit status is 1. Ctrl-C stops cleanly, and the same command goes on where it was. Once a file is through,
    importing it again changes nothing; a notice the ledger holds from another file is not sent a second time.

    \b
    Examples:
      custody import notices fta-mails-2022.xlsx --agency ICE-OPLA
      custody import notices log.xlsx --agency ORR --sheet "June 2022" --month-first
      custody import notices calls.csv --agency ICE-ERO --json
    """
    import hashlib
    from datetime import UTC, datetime

    from custody.answering import answering, connected
    from custody.errors import FAILED, Problem
    from custody.kafka_clients import problem
    from custody.notice_targets import judging
    from custody.notices_shown import judge, lines, shown
    from custody.where import find_where
    from producers.import_rows import ImportFileError
    from producers.importing import import_rows
    from producers.notice_claims import shared_reference
    from producers.notice_file import read_file
    from producers.notice_import import importer, prepare
    from producers.tables import LARGEST_BYTES

    sender = _agency(agency)
    with _opened(file) as raw:
        content = raw.read(LARGEST_BYTES + 1)
    try:
        log = read_file(content, sheet=sheet, month_first=month_first)
    except ImportFileError as error:
        raise Problem(f"{file}: {error}", FAILED) from None
    digest = hashlib.sha256(content).hexdigest()
    reference = shared_reference(Path(file).name, digest)
    try:
        with answering(), connected(data) as (connection, where):
            targets = judging(connection, sender, where.zone)
            rows = list(prepare(log.rows, targets, reference=reference, now=datetime.now(UTC)))
    except KeyboardInterrupt:
        raise Problem("stopped while the records of the children were looked up; nothing was sent") from None
    # another name, sheet, agency or way of reading makes other submissions of the same bytes
    told = f"{digest} {sender} {reference} {log.table.sheet} {month_first}"
    report = _imported(
        find_where(data),
        sender,
        file,
        hashlib.sha256(told.encode()).hexdigest(),
        lambda journal, **ends: import_rows(importer(sender), rows, lambda: 1.0, journal, **ends),
    )
    if as_json:
        import orjson

        print(orjson.dumps(shown(report, file, log, rows, reference), option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(lines(report, log, rows, reference)))
    if report.error is not None:
        raise problem(report.error)
    judge(report, file)


def _require_seekable(file: str, raw: BinaryIO) -> None:
    from custody.errors import WRONG_USAGE, Problem

    if not raw.seekable():
        raise Problem(f"{file} is a pipe; nothing was sent; an import reads its file twice: save it first", WRONG_USAGE)


def _imported(where: "Where", agency: "Agency", file: str, digest: str, run: "Callable[..., Report]") -> "Report":
    """Connect as `agency`, run an import with its journal, the two ends, a stop and a progress bar; return its report.

    `digest` tells this import apart from others, for its journal.
    """
    from custody.errors import Problem
    from custody.import_shown import telling
    from custody.kafka_clients import problem, quiet_kafka
    from ledger.process import Stop, settle_memory
    from producers.client_errors import ClientError
    from producers.import_journal import journal_file
    from producers.outcomes import OutcomeReader
    from producers.reaching import cluster_id
    from producers.sending import Sender

    quiet_kafka()
    try:
        cluster = cluster_id(where.bootstrap)
        reader = OutcomeReader(where.bootstrap, agency, fetch_min_bytes=262_144)
        sender = Sender(where.bootstrap, agency, linger_ms=50)
    except ClientError as error:
        raise problem(error) from None
    journal = journal_file(where.data / "imports", digest=digest, cluster=cluster)
    stop = Stop()
    settle_memory()
    try:
        with telling() as progress:
            report = run(journal, sender=sender, reader=reader, stopped=lambda: stop.asked, progress=progress)
    except OSError as error:
        raise Problem(
            f"{error.filename or file}: {error.strerror}; the import was cut off, what was sent is recorded; "
            "put it right and run the same command again: what is known already is recognised"
        ) from None
    sender.close()
    reader.close()
    return report


def _agency(given: str) -> "Agency":
    from custody.errors import WRONG_USAGE, Problem
    from ledger.agencies import PRODUCERS

    for agency in PRODUCERS:
        if agency == given.upper():
            return agency
    raise Problem(f"{given!r} sends nothing; the agencies that do are {', '.join(PRODUCERS)}", WRONG_USAGE)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    from custody.errors import WRONG_USAGE, Problem

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise Problem(f"{name} cannot be read: {error.strerror}; nothing was sent", WRONG_USAGE) from None
        yield opened
