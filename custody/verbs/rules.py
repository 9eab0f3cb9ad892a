"""`custody rules`: who is told what, by which set of sharing rules, and putting a set in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custody.verbs.options import Data, Json

if TYPE_CHECKING:
    from ledger.facts.ledger_wide import RuleSet

Which = Annotated[str, typer.Argument(metavar="SET", help="A TOML file, or the name of a set that comes with custody.")]


def show(
    which: Annotated[
        str | None, typer.Argument(metavar="[SET]", help="A TOML file, or the name of a set that comes with custody.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show which sets were adopted and which is in force; or one set, agency by agency.

    \b
    Examples:
      custody rules show
      custody rules show moa-2018
      custody rules show ./agreement.toml --json
    """
    from custody.shown.printing import print_json, print_lines
    from custody.shown.rules import adopted_lines, set_lines
    from custody.verbs.answering import answering, connected
    from ledger.sharing.rule_sets import shipped_sets

    if which is not None:
        rules = _read(which)
        if as_json:
            print_json(rules.model_dump(mode="json"))
        else:
            print_lines(set_lines(rules))
        return
    from readers.sharing import adopted_sets

    with answering(), connected(data) as (connection, _):
        found = adopted_sets(connection)
    if as_json:
        print_json({**found, "shipped": list(shipped_sets())})
    else:
        print_lines(adopted_lines(found, list(shipped_sets())))


def diff(one: Which, other: Which, as_json: Json = False) -> None:
    """Show each decision in which two sets differ.

    \b
    Examples:
      custody rules diff moa-2018 moa-2021
    """
    from custody.shown.printing import print_json, print_lines
    from ledger.sharing.rule_sets import differences

    found = list(differences(_read(one), _read(other)))
    if as_json:
        print_json({"differences": found})
    else:
        print_lines(found or ["they tell every agency the same"])


def adopt(
    which: Which,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why the set is put in force; kept with the entry.")],
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Tell entries recorded earlier now, too, as supplements.")
    ] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="When; only on a ledger whose clock is driven.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Put a set in force, as the ledger's steward: for entries recorded in its time and after this one.

    The whole set is kept in the entry, so what was in force can always be read back. What was told stays told.

    \b
    Examples:
      custody rules adopt moa-2021 --reason "in force since 11 March 2021"
      custody rules adopt ./agreement.toml --reason "amendment 3" --backfill
    """
    from custody.errors import Problem
    from custody.shown.printing import print_json, print_lines
    from custody.verbs.steward import as_steward
    from ledger.store.adopting import NotAdoptedError
    from ledger.store.adopting import adopt as record
    from ledger.times import write_clock

    rules = _read(which)
    with as_steward(data, at, undone="not adopted") as (ledger, settings, moment):
        try:
            entry = record(ledger, settings, rules, reason=reason, backfill=backfill, at=moment)
        except NotAdoptedError as error:
            raise Problem(f"not adopted: {error}") from None
    told = {"position": entry.position, "recorded_at": write_clock(entry.recorded_at), "id": rules.id}
    if as_json:
        print_json({**told, "version": rules.version})
    else:
        print_lines([f"{rules.id} version {rules.version} adopted at position {entry.position}"])


def _read(which: str) -> "RuleSet":
    """Read a set by its file or its name; a name wins only where no such file is meant."""
    from custody.errors import NO_SUCH_THING, WRONG_USAGE, Problem
    from ledger.choices import did_you_mean
    from ledger.sharing.rule_sets import RuleFileError, read_rules, shipped_sets

    shipped = shipped_sets()
    file = shipped.get(which, Path(which))
    if not file.exists():
        near = did_you_mean(which, shipped)
        raise Problem(
            f"there is no file {which} and no set of that name{near}; sets are {', '.join(shipped)}", NO_SUCH_THING
        )
    try:
        return read_rules(file)
    except RuleFileError as error:
        raise Problem(f"{error}", WRONG_USAGE) from None
