"""`custody figure`: how many children, as the ledger or an agency knew it at any moment."""

from typing import Annotated, Any

import typer

from custody.verbs.answering import answering, connected, moment
from custody.verbs.options import Data, Json
from custody.verbs.reading import As, AtLeast, Basis, KnownAt, RecordedBy


def figure(
    name: Annotated[str, typer.Argument(metavar="NAME", help="in-care, released, failures-to-appear or divergent.")],
    *,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="in-care: the day; default: the last one.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="released, failures-to-appear: first day.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="released, failures-to-appear: last day.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="DIM",
            help="in-care: country. released: fiscal-year, state, sponsor-category, country. "
            "failures-to-appear: fiscal-year, judge-action.",
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name each child and the position that proves it.")] = False,
    without_open_findings: Annotated[
        bool, typer.Option("--without-open-findings", help="Leave out children with open guard findings.")
    ] = False,
    viewed_as: As = None,
    known_at: KnownAt = None,
    basis: Basis = None,
    at_least: AtLeast = None,
    member: Annotated[
        str | None, typer.Option(metavar="MEMBER", help="divergent: what is compared: residence.")
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="divergent: two agencies or groups, or an agency and the ledger."),
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="divergent: children a page; default 20.")] = None,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="divergent: the page after this child, `next` of the one before.")
    ] = None,
    recorded_by: RecordedBy = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Count children: in care on a day, released or missing from court in a period, or differently known.

    As the ledger, an agency or a group (--as) knew it at any moment (--known-at).

    \b
    Examples:
      custody figure in-care --on 2022-03-31 --by country
      custody figure released --from 2021-10-01 --to 2022-09-30 --by state
      custody figure released --from 2019-10-01 --to 2023-09-30 --by fiscal-year --recorded-by 2024-05-31 --json
      custody figure in-care --as ICE --known-at 2022-03-31
      custody figure failures-to-appear --from 2021-10-01 --to 2022-09-30 --as ORR --known-at 2022-09-30 --list
      custody figure divergent --member residence --between ICE-ERO ORR --known-at 2022-09-30 --list
    """
    from custody.errors import WRONG_USAGE, Problem

    of_two = {"--member": member, "--between": between, "--limit": limit, "--after": after}
    of_one = {"--on": on, "--from": since, "--to": until, "--by": by, "--as": viewed_as}
    if name == "divergent":
        named = [option for option, given in of_one.items() if given is not None]
        if named or without_open_findings or member is None or between is None:
            wrong = f"{', '.join(named or ['--without-open-findings'])} does not go with it; " if named else ""
            raise Problem(
                f"the figure divergent is of a member between two sides at one moment: {wrong}ask for it with "
                "--member residence --between A B [--known-at T] [--list]",
                WRONG_USAGE,
            )
        answer = _divergent(
            member,
            between,
            moments=(known_at, recorded_by),
            surety=(basis, at_least),
            page=(listed, limit, after),
            data=data,
        )
    else:
        named = [option for option, given in of_two.items() if given is not None]
        if named:
            raise Problem(f"{', '.join(named)}: only the figure divergent takes that", WRONG_USAGE)
        days = {"--on": on, "--from": since, "--to": until}
        answer = _figure(
            name,
            days,
            by=by,
            viewed=(viewed_as, basis, at_least),
            moments=(known_at, recorded_by),
            shown=(listed, without_open_findings),
            data=data,
        )
    from custody.shown.printing import print_json, print_lines, print_text

    if as_json:
        print_json(answer)
    elif name == "divergent":
        from readers.text.divergent_text import divergent_lines

        print_lines(divergent_lines(answer))
    else:
        from readers.text.figure_text import figure_text

        print_text(figure_text(answer))


def _figure(
    name: str,
    days: dict[str, str | None],
    *,
    by: str | None,
    viewed: tuple[str | None, str | None, str | None],
    moments: tuple[str | None, str | None],
    shown: tuple[bool, bool],
    data: Data,
) -> dict[str, Any]:
    from readers.child.known_set import parse_viewpoint
    from readers.figures.definitions import FigureAsked, defined
    from readers.figures.figures import figure as figure_of
    from readers.moments import parse_date

    def day(option: str) -> Any:
        text = days[option]
        return None if text is None else parse_date(text, option=option)

    with answering():
        asked = FigureAsked(
            name,
            on=day("--on"),
            since=day("--from"),
            until=day("--to"),
            by=by,
            viewpoint=parse_viewpoint(*viewed),
            known_at=moment(moments[0], "--known-at"),
            recorded_by=moment(moments[1], "--recorded-by"),
            listed=shown[0],
            without_open_findings=shown[1],
        )
        defined(asked)  # a wrong question is told before a server is looked for
        with connected(data) as (connection, _):
            return figure_of(connection, asked)


def _divergent(
    member: str,
    between: tuple[str, str],
    *,
    moments: tuple[str | None, str | None],
    surety: tuple[str | None, str | None],
    page: tuple[bool, int | None, str | None],
    data: Data,
) -> dict[str, Any]:
    from uuid import UUID

    from readers.child.known_set import parse_viewpoint
    from readers.figures.divergent import PAGE, DivergentAsked, checked, divergent
    from readers.unanswerable import WrongQuestionError

    listed, limit, after = page
    with answering():
        try:
            last = None if after is None else UUID(after)
        except ValueError:
            raise WrongQuestionError(f"--after {after!r} is no ledger id: give `next` of the page before") from None
        asked = DivergentAsked(
            member,
            parse_viewpoint(between[0], *surety, option="--between"),
            parse_viewpoint(between[1], *surety, option="--between"),
            known_at=moment(moments[0], "--known-at"),
            recorded_by=moment(moments[1], "--recorded-by"),
            listed=listed,
            limit=PAGE if limit is None else limit,
            after=last,
        )
        checked(asked)
        with connected(data) as (connection, _):
            return divergent(connection, asked)
