"""The verbs at an agency's end of its feed: `feed` shows it, `receipt` signs for it."""

from typing import TYPE_CHECKING, Annotated

import typer

from custody.verbs.options import Data, Json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ledger.agencies import Agency
    from ledger.facts.ledger_wide import ReceiptGrade
    from producers.client.feed_items import FeedItem
    from producers.client.feed_topic import FeedTopic

Receiver = Annotated[str, typer.Option("--agency", help="Whose feed: CBP, ICE-ERO, ICE-OPLA, ORR, EOIR or USCIS.")]


def receipt(
    *,
    agency: Receiver,
    grade: Annotated[str, typer.Option(metavar="G", help="delivered, opened or acknowledged.")],
    up_to: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Sign for everything on the feed up to this number.")
    ] = None,
    number: Annotated[
        list[int] | None, typer.Option(metavar="N", min=1, help="Sign for this number; may be given several times.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="Since when the agency has had them; left out, nothing is claimed.")
    ] = None,
    by_office: Annotated[str | None, typer.Option(help="Which office signs.")] = None,
    by_user: Annotated[str | None, typer.Option(help="Who signs.")] = None,
    sent_at: Annotated[
        str | None,
        typer.Option(metavar="T", help="When it is sent; only on a ledger whose clock is driven. Default: --at."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the outcome and print it as JSON.")] = True,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Give up when no outcome has come for so many seconds.")
    ] = 60.0,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Sign for items of an agency's feed.

    An accepted receipt is an entry for ever: from then on the agency has had these items, at the latest. What was
    never published cannot be signed for. A refused receipt is exit status 1; correct it and send it again.

    \b
    Examples:
      custody receipt --agency ORR --up-to 1234 --grade delivered
      custody receipt --agency ICE-ERO --number 17 --number 20 --grade acknowledged --by-office "Juvenile desk"
    """
    from custody.errors import WRONG_USAGE, Problem
    from custody.shown.printing import print_json, print_lines
    from custody.supervision.where import find_where
    from custody.verbs.kafka_clients import problem, quiet_kafka
    from producers.client.errors import ClientError
    from producers.client.receipts import Receipts

    signer = _receiver(agency)
    chosen = _grade(grade)
    if (up_to is None) is not bool(number):
        raise Problem("give either --up-to, or --number once or several times; nothing was sent", WRONG_USAGE)
    where = find_where(data)
    claimed_at = _instant(at, "--at", where.zone)
    moment_sent = _sent_at(where.clock, _instant(sent_at, "--sent-at", where.zone), claimed_at)
    system = f"/{signer.lower()}/custody-receipt"
    quiet_kafka()
    try:
        receipts = Receipts(where.bootstrap, signer, system=system)
        try:
            id = receipts.send(
                up_to=up_to,
                numbers=number,
                grade=chosen,
                at=claimed_at,
                sent_at=moment_sent,
                office=by_office,
                user=by_user,
            )
            receipts.settle()
            outcome = receipts.outcome(id, timeout_seconds=timeout) if wait else None
        finally:
            receipts.close()
    except ClientError as error:
        raise problem(error) from None
    if outcome is None:
        answers = f"custody.outcomes.{signer.lower()}"
        if as_json:
            print_json({"submission": {"source": system, "id": id}, "answered_on": answers})
        else:
            print_lines([f"receipt {id} sent to {signer}'s receipts; what became of it is on {answers}"])
        return
    print_json(outcome.body)
    if outcome.status == "refused":
        refusal = outcome.body["refusal"]
        raise Problem(f"refused by {refusal['code']}: {refusal['message']}")


def feed(
    agency: Receiver,
    after: Annotated[int, typer.Option(metavar="N", min=0, help="Begin behind this number.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the items of an agency's feed.

    Looking here signs for nothing and gives nobody knowledge: the ledger does not know of it. With --json each item
    is one line, as it was published, with its time of publication.

    \b
    Examples:
      custody feed --agency ORR
      custody feed --agency ICE-ERO --after 1234 --follow --json
    """
    from custody.shown.printing import print_json_lines, print_lines
    from custody.supervision.where import find_where
    from custody.verbs.kafka_clients import problem, quiet_kafka
    from ledger.times import write_when
    from producers.client.errors import ClientError
    from producers.client.feed_topic import FeedTopic

    reader = _receiver(agency)
    where = find_where(data)
    quiet_kafka()
    try:
        topic = FeedTopic(where.bootstrap, reader, after=after)
        try:
            items = _items(topic, follow=follow)
            if as_json:
                print_json_lines({"published_at": write_when(item.published_at), **item.body} for item in items)
            else:
                print_lines(_line(item) for item in items)
        finally:
            topic.close()
    except ClientError as error:
        raise problem(error) from None
    except KeyboardInterrupt:
        if not follow:
            raise


def _items(topic: "FeedTopic", *, follow: bool) -> "Iterator[FeedItem]":
    while True:
        item = topic.take(200)
        if item is not None:
            yield item
        elif not follow and topic.at_end():
            return


def _line(item: "FeedItem") -> str:
    from ledger.identifiers import shown
    from ledger.times import write_when
    from readers.text.wording import printable

    about = ", ".join(shown(name["scheme"], name["value"]) for name in item.body["identifiers"]) or str(item.child)
    withheld = f"; withheld: {', '.join(item.withheld)}" if item.withheld else ""
    return printable(
        f"{item.number} {item.kind}, published {write_when(item.published_at)}: position {item.position}, {item.type} "
        f"of {about} by {item.body['producer_agency']}{withheld}"
    )


def _receiver(given: str) -> "Agency":
    from custody.errors import WRONG_USAGE, Problem
    from ledger.agencies import RECEIVERS
    from ledger.agency_names import agency_among

    try:
        return agency_among(given, RECEIVERS)
    except ValueError as error:
        raise Problem(f"--agency {error}; these have a feed", WRONG_USAGE) from None


def _grade(given: str) -> "ReceiptGrade":
    from typing import get_args

    from custody.errors import WRONG_USAGE, Problem
    from ledger.choices import chosen, no_choice
    from ledger.facts.ledger_wide import ReceiptGrade

    meant = chosen(given, get_args(ReceiptGrade))
    for grade in get_args(ReceiptGrade):
        if grade == meant:
            found: ReceiptGrade = grade
            return found
    raise Problem(f"--grade {no_choice(given, 'grade', get_args(ReceiptGrade))}", WRONG_USAGE)


def _instant(text: str | None, option: str, zone: str) -> "datetime | None":
    """Read T where it was given; a day is its last instant."""
    from custody.errors import WRONG_USAGE, Problem
    from custody.verbs.answering import answering, moment
    from ledger.times import last_instant

    with answering():
        given = moment(text, option)
    try:
        return None if given is None else last_instant(given, zone)
    except OverflowError:
        raise Problem(f"{option} {text!r}: the calendar ends there; nothing was sent", WRONG_USAGE) from None


def _sent_at(clock: str, given: "datetime | None", claimed: "datetime | None") -> "datetime":
    """Return the receipt's `ce_time`. On a driven clock the wall must not push the ledger's time to today."""
    from datetime import UTC, datetime

    from custody.errors import WRONG_USAGE, Problem

    if clock != "driven":
        if given is not None:
            raise Problem("--sent-at sets a driven clock; the clock of this ledger is the wall", WRONG_USAGE)
        return datetime.now(UTC)
    sent = given or claimed
    if sent is None:
        raise Problem(
            "the clock of this ledger is driven by what is sent; nothing was sent; say when with --sent-at or --at",
            WRONG_USAGE,
        )
    return sent
