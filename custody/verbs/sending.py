"""The verbs that send: `submit` for any agency's events, `import` for ORR's history and any agency's notices."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from custody.verbs.options import Data, Json
from custody.verbs.table_options import Columns, DayFirst, DryRun, Encoding, HeaderRow, MonthFirst, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from custody.shown.tables import Preview
    from custody.supervision.where import Where
    from ledger.agencies import Agency
    from producers.imports.account import Report

_PATIENCE_SECONDS: Final = 60.0


def submit(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Events in JSON; - is standard input.")],
    *,
    agency: Annotated[str, typer.Option(help="Who sends: CBP, ICE-ERO, ICE-OPLA, ORR, EOIR, USCIS or STEWARD.")],
    wait: Annotated[bool, typer.Option("--wait", help="Print each outcome as a JSON line, in input order.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="With --wait: give up when no outcome comes for so many seconds.")
    ] = _PATIENCE_SECONDS,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Send submissions to an agency's intake topic.

    Each is a CloudEvent in structured form: one a line, one over several lines, or a JSON list of them. What is no
    JSON object is reported with its line and not sent; the others are, and the exit status is 1. Without --wait the
    command returns when Kafka has everything; the answers come on custody.outcomes.<agency>. With --wait a refusal is
    an outcome like any other: exit status 0. With --json and without --wait: how many were sent, and which lines not.

    \b
    Examples:
      custody submit --agency ORR events.jsonl
      custody submit --agency EOIR --wait - < hearing.json
    """
    from custody.errors import FAILED, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where
    from custody.verbs.kafka_clients import problem, quiet_kafka
    from producers.client.errors import ClientError
    from producers.client.event_lines import InputError
    from producers.client.submissions import AgencyClient
    from producers.client.submitting import submit as submit_lines

    sender = sender_named(agency)
    where = find_where(data)
    quiet_kafka()

    def tell_outcome(outcome: dict[str, Any]) -> None:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n")
        sys.stdout.buffer.flush()

    def tell_problem(number: int, problem: str) -> None:
        print(f"line {number}: {problem}", file=sys.stderr)

    with nullcontext(sys.stdin.buffer) if file == "-" else opened_file(file) as lines:
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
        except InputError as error:
            raise Problem(f"{_called(file)}: {error}; nothing was sent", FAILED) from None
        except KeyboardInterrupt:
            raise Problem(
                "stopped; lines that were read may or may not have been sent; submit the file again under the same "
                "ids: what is known already is answered as a duplicate"
            ) from None
    if not done.read:
        raise Problem(
            f"{_called(file)} holds no event; nothing was sent; an event is a CloudEvent in structured form, as the "
            "page for agency developers shows",
            FAILED,
        )
    answers = f"custody.outcomes.{sender.lower()}"
    if not wait and as_json:
        sent = {"sent": done.sent, "lines_not_sent": list(done.left_out), "unanswerable": done.unanswerable}
        print_json({**sent, "answered_on": answers})
    elif not wait:
        print_lines([f"{done.sent} sent to {sender}'s intake; what became of them is on {answers}"])
    if done.left_out or done.unanswerable:
        places = ", ".join(str(number) for number in done.left_out[:20])
        more = f" and {len(done.left_out) - 20} more" if len(done.left_out) > 20 else ""
        left_out = f"{len(done.left_out)} not sent (line {places}{more}), " if done.left_out else ""
        unanswerable = f"{done.unanswerable} sent that nobody can be answered for, " if done.unanswerable else ""
        raise Problem(
            f"{left_out}{unanswerable}{done.sent - done.unanswerable} sent; see the lines named above: correct these "
            "and send them alone, or the whole again under the same ids",
            FAILED,
        )


def _called(file: str) -> str:
    return "standard input" if file == "-" else file


def import_hhs_releases(
    file: Annotated[str, typer.Argument(help="The release file: csv (or packed with xz or gzip), or xlsx.")],
    *,
    dry_run: DryRun = False,
    header_row: HeaderRow = None,
    column: Columns = None,
    sheet: Sheet = None,
    month_first: MonthFirst = False,
    day_first: DayFirst = False,
    encoding: Encoding = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Import the HHS release file as ORR's history.

    Three facts a row go through the import door: particulars, admission, release. The category's text decides where
    its code is blank (finding code-missing); the second row of a doubled id opens its own record, 1905#2 (finding
    doubled-row-id). Ctrl-C stops cleanly, and the same command goes on where it was. Once a file is through,
    importing it again changes nothing: every submission is a duplicate.

    The layouts in which the file circulates are known: names of columns in any spelling, dates such as 1/28/2015,
    separated by commas, semicolons, tabs or bars, in a workbook, with title rows and totals. A row of which anything
    would be refused is named with its line and cure, and nothing of it is sent. Look first, with --dry-run.

    \b
    Examples:
      custody import hhs-releases releases.xlsx --dry-run
      custody import hhs-releases hhs_releases_2015_2023.csv.xz
      custody import hhs-releases releases.csv --column id="Case No." --json
    """
    import os
    from datetime import UTC, datetime

    from custody.errors import FAILED, Problem
    from custody.shown.imports import judge, lines, shown
    from custody.shown.tables import Preview, reading, reading_lines
    from custody.supervision.where import find_data, find_where, zone_and_clock
    from custody.verbs.kafka_clients import problem
    from custody.verbs.table_options import how_to_read, order_of
    from producers.imports.hhs_columns import WANTED
    from producers.imports.hhs_file import find_order, open_releases
    from producers.imports.hhs_import import import_releases, judged
    from producers.imports.journal import content_digest
    from producers.tables.dates import written_lines
    from producers.tables.rows import BadRow, ImportFileError, PassedOver

    told = order_of(month_first, day_first)
    how = how_to_read(WANTED, sheet, header_row, column, encoding)
    where = None if dry_run else find_where(data)
    zone, _ = zone_and_clock(find_data(data))
    with opened_file(file) as raw:
        _require_seekable(file, raw)
        size = os.fstat(raw.fileno()).st_size
        try:
            written = find_order(raw, how, told)
            releases = open_releases(raw, how, written.order)
        except ImportFileError as error:
            raise Problem(f"{file}: {error}", FAILED) from None
        rows = judged(releases.rows, zone=zone, now=datetime.now(UTC))
        if where is None:
            preview, broken = Preview(), None
            try:
                for row in rows:
                    match row:
                        case BadRow():
                            preview.bad_row(row)
                        case PassedOver():
                            preview.pass_over(row)
                        case _:
                            preview.row(row.line, row.claims)
            except ImportFileError as error:
                broken = str(error)
            read = {**reading(releases.table), "dates": written.order}
            as_read = [*reading_lines(releases.table, WANTED.names), *written_lines(written)]
            _show_preview(preview, file, read, as_read, as_json=as_json, broken=broken)
            return
        report = _imported(
            where,
            "ORR",
            file,
            hashlib.sha256(f"{content_digest(raw)} {how} {written.order}".encode()).hexdigest(),
            lambda journal, **ends: import_releases(rows, raw, size, journal, **ends),
        )
    if as_json:
        import orjson

        answer = {**shown(report, file), **reading(releases.table), "dates": written.order}
        print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join((*reading_lines(releases.table, WANTED.names), *written_lines(written), *lines(report))))
    if report.error is not None:
        raise problem(report.error)
    judge(report, file)


def _show_preview(
    preview: "Preview",
    file: str,
    read: dict[str, Any],
    as_read: list[str],
    *,
    as_json: bool,
    broken: str | None = None,
    unit: str = "line",
) -> None:
    """Print what an import would do; exit status 1 where it could not do all of it."""
    from custody.errors import Problem

    if as_json:
        import orjson

        answer = {**preview.shown(file), **read, "failure": broken}
        print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join((*as_read, *preview.lines(unit))))
    if broken is not None:
        raise Problem(f"{file}: {broken}")
    if preview.unreadable:
        raise Problem(
            f"{file}: {preview.unreadable} rows could not be sent, see the lines named above; nothing was sent "
            "(--dry-run)"
        )


def import_notices(
    file: Annotated[str, typer.Argument(help="The log: csv (or packed with xz or gzip), or xlsx.")],
    *,
    agency: Annotated[str, typer.Option(help="Whose log it is: the agency that gave the notices, or got them.")],
    dry_run: DryRun = False,
    header_row: HeaderRow = None,
    column: Columns = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What a column says where a row says nothing in it."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="The time zone of times without an offset: America/New_York.")
    ] = None,
    sheet: Sheet = None,
    month_first: MonthFirst = False,
    day_first: DayFirst = False,
    encoding: Encoding = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Import a log of notices by other channels: e-mail, spreadsheet, phone, letter.

    Each child told of becomes one notice-given for each agency told, through the import door; all rows share one
    source reference. One row names the columns: child, to, given_at, channel, and positions or type; also
    occurred_on, members, reference, office, user. Other names people use are known, or said with --column. The page
    for agency developers describes each.

    A row that cannot be read or is refused is named with its number, column and cure, the others are recorded, and
    the exit status is 1. Ctrl-C stops cleanly, and the same command goes on where it was. Once a file is through,
    importing it again changes nothing; a notice the ledger holds from another file is not sent a second time.

    \b
    Examples:
      custody import notices fta-mails-2022.xlsx --agency ICE-OPLA --dry-run
      custody import notices log.xlsx --agency ORR --sheet "June 2022" --month-first --zone America/Chicago
      custody import notices log.csv --agency EOIR --header-row 3 --column child="Respondent" --set channel=email
      custody import notices calls.csv --agency ICE-ERO --json
    """
    from datetime import UTC, datetime

    from custody.errors import FAILED, Problem
    from custody.shown.notices import judge, lines, shown
    from custody.shown.tables import Preview, reading, reading_lines
    from custody.supervision.where import find_where
    from custody.verbs.answering import answering, connected
    from custody.verbs.kafka_clients import problem
    from custody.verbs.notice_targets import judging
    from custody.verbs.table_options import checked_zone, how_to_read, order_of, set_values
    from producers.imports.importing import import_rows
    from producers.imports.notice_claims import shared_reference
    from producers.imports.notice_file import read_file
    from producers.imports.notice_import import importer, prepare
    from producers.imports.notice_rows import LIMITS, WANTED, LogReading
    from producers.tables.rows import BadRow, ImportFileError, PassedOver

    sender = sender_named(agency)
    how = how_to_read(WANTED, sheet, header_row, column, encoding)
    read_as = LogReading(order_of(month_first, day_first), checked_zone(zone), set_values(WANTED, values))
    with opened_file(file) as raw:
        content = raw.read(LIMITS.file_bytes + 1)
    try:
        log = read_file(content, how, read_as)
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
    if dry_run:
        preview = Preview()
        for row in rows:
            match row:
                case BadRow():
                    preview.bad_row(row)
                case PassedOver():
                    preview.pass_over(row)
                case _:
                    preview.row(row.line, [claim for _, claim in row.sends])
        as_read = [f"reference   {reference}", *reading_lines(log.table, WANTED.names)]
        _show_preview(
            preview, file, {**reading(log.table), "reference": reference}, as_read, as_json=as_json, unit="row"
        )
        return
    # another name, sheet, agency or way of reading makes other submissions of the same bytes
    told = f"{digest} {sender} {reference} {log.table.notes.sheet} {how} {read_as}"
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
    from custody.servers.own_files import require_own
    from custody.shown.imports import telling
    from custody.verbs.kafka_clients import problem, quiet_kafka
    from ledger.roles.process import Stop, settle_memory
    from producers.client.errors import ClientError
    from producers.client.outcomes import OutcomeReader
    from producers.client.reaching import cluster_id
    from producers.client.sending import Sender
    from producers.imports.journal import journal_file

    quiet_kafka()
    try:
        cluster = cluster_id(where.bootstrap)
        reader = OutcomeReader(where.bootstrap, agency, fetch_min_bytes=262_144)
        sender = Sender(where.bootstrap, agency, linger_ms=50)
    except ClientError as error:
        raise problem(error) from None
    require_own(where.data)
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


def sender_named(given: str) -> "Agency":
    """Return the agency of this name, of those that send."""
    from custody.errors import WRONG_USAGE, Problem
    from ledger.agencies import PRODUCERS
    from ledger.agency_names import agency_among

    try:
        return agency_among(given, PRODUCERS)
    except ValueError as error:
        raise Problem(f"--agency {error}; these send", WRONG_USAGE) from None


@contextmanager
def opened_file(name: str) -> Iterator[BinaryIO]:
    """Open a file to be read as bytes."""
    from custody.errors import WRONG_USAGE, Problem
    from custody.files import why_not_readable

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(name).open("rb"))
        except (OSError, ValueError) as error:
            raise Problem(
                f"{name} cannot be read: {why_not_readable(Path(name), error)}; nothing was sent", WRONG_USAGE
            ) from None
        yield opened
