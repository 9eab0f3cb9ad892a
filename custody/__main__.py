"""`custody`: the command line of the ledger."""

import os
import sys
from typing import Annotated

import typer

from custody.demo import demo
from custody.errors import Problem, own_fault, unreachable
from custody.stopping import STOPPED_BY_CTRL_C, stopped
from custody.verbs import (
    backup,
    check,
    corrections,
    coverage,
    diverge,
    feeds,
    figures,
    maintenance,
    obligations,
    reading,
    rules,
    running,
    sending,
    set_aside,
)
from custody.verbs.default_verb import ShowByDefault

app = typer.Typer(
    name="custody",
    help="The custody ledger: who had which child when, who knew it, and how.",
    epilog="Exit status: 0 done, 1 failed or stopped by Ctrl-C, 2 wrong usage, 3 no such thing, 4 a server cannot be "
    "reached.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 110},
    rich_markup_mode=None,  # plain help: loading rich would double the time every verb takes to start
)

# Verbs that start, stop and show.
app.command("up")(running.up)
app.command("down")(running.down)
app.command("status")(running.status)
app.command("run")(running.run)
app.command("topics")(running.topics)
app.command("demo")(demo.demo)

# Verbs that send.
app.command("check")(check.check)
app.command("submit")(sending.submit)
imports_group = typer.Typer(help="Import history from a file.", no_args_is_help=True)
app.add_typer(imports_group, name="import")
imports_group.command("hhs-releases")(sending.import_hhs_releases)
imports_group.command("notices")(sending.import_notices)

app.command("receipt")(feeds.receipt)

# Verbs that read.
app.command("feed")(feeds.feed)
app.command("view")(reading.view)
app.command("timeline")(reading.timeline)
app.command("knows")(reading.knows)
app.command("diverge")(diverge.diverge)
app.command("corrections")(corrections.corrections)
app.command("figure")(figures.figure)
app.command("findings")(reading.findings)
app.command("wait")(reading.wait)

obligations_group = typer.Typer(
    help="What was owed for a child or for all, and whether it was done: `custody obligations [CHILD]`.",
    cls=ShowByDefault,
)
app.add_typer(obligations_group, name="obligations")
obligations_group.command("show")(obligations.show)
obligations_group.command("waive")(obligations.waive)

# Verbs of the steward.
rules_group = typer.Typer(help="Sharing rules: who is told what.", no_args_is_help=True)
app.add_typer(rules_group, name="rules")
rules_group.command("show")(rules.show)
rules_group.command("diff")(rules.diff)
rules_group.command("adopt")(rules.adopt)

coverage_group = typer.Typer(
    help="Which facts agencies send here, so that silence means something.", no_args_is_help=True
)
app.add_typer(coverage_group, name="coverage")
coverage_group.command("show")(coverage.show)
coverage_group.command("declare")(coverage.declare)

# Verbs that keep the ledger sound.
set_aside_group = typer.Typer(help="What could not be read or applied.", no_args_is_help=True)
app.add_typer(set_aside_group, name="set-aside")
set_aside_group.command("list")(set_aside.list_all)
set_aside_group.command("show")(set_aside.show)
set_aside_group.command("retry")(set_aside.retry)
set_aside_group.command("close")(set_aside.close)
app.command("rebuild")(maintenance.rebuild)
app.command("verify")(maintenance.verify)
app.command("recover")(maintenance.recover)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"custody-ledger {version('custody-ledger')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a verb; a `Problem` is one message on standard error and the exit status of the contract."""
    try:
        status = app(standalone_mode=False)
        if status == STOPPED_BY_CTRL_C:
            raise stopped(sys.argv[1:])
        sys.exit(status if isinstance(status, int) else 0)
    except KeyboardInterrupt:
        _fail(stopped(sys.argv[1:]))
    except typer.Abort:
        _fail(stopped(sys.argv[1:]))
    except typer.TyperException as wrong:
        wrong.show()  # type: ignore[attr-defined]  # whatever the library raises for wrong usage has it
        sys.exit(wrong.exit_code)
    except Problem as problem:
        _fail(problem)
    except PermissionError as failure:
        cure = "run this as the user who owns it, or name another data folder with --data"
        _fail(Problem(f"{failure.filename} cannot be used by this user; {cure}"))
    except BrokenPipeError:
        # The reader of our output left (`custody timeline ... | head`): nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as failure:  # noqa: BLE001 - the last one who can say it in words
        _fail(unreachable(failure) or own_fault(failure))


def _fail(problem: Problem) -> None:
    print(f"custody: {problem.message}", file=sys.stderr)
    sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
