"""`custody`: the command line of the ledger."""

import os
import sys
from typing import Annotated

import typer

from custody import (
    demo,
    verbs_backup,
    verbs_checking,
    verbs_correcting,
    verbs_coverage,
    verbs_diverging,
    verbs_feeds,
    verbs_figures,
    verbs_keeping,
    verbs_obligations,
    verbs_reading,
    verbs_rules,
    verbs_running,
    verbs_sending,
    verbs_set_aside,
)
from custody.default_verb import ShowByDefault
from custody.errors import Problem, own_fault, unreachable
from custody.stopping import STOPPED_BY_CTRL_C, stopped

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
app.command("up")(verbs_running.up)
app.command("down")(verbs_running.down)
app.command("status")(verbs_running.status)
app.command("run")(verbs_running.run)
app.command("topics")(verbs_running.topics)
app.command("demo")(demo.demo)

# Verbs that send.
app.command("check")(verbs_checking.check)
app.command("submit")(verbs_sending.submit)
imports = typer.Typer(help="Import history from a file.", no_args_is_help=True)
app.add_typer(imports, name="import")
imports.command("hhs-releases")(verbs_sending.import_hhs_releases)
imports.command("notices")(verbs_sending.import_notices)

app.command("receipt")(verbs_feeds.receipt)

# Verbs that read.
app.command("feed")(verbs_feeds.feed)
app.command("view")(verbs_reading.view)
app.command("timeline")(verbs_reading.timeline)
app.command("knows")(verbs_reading.knows)
app.command("diverge")(verbs_diverging.diverge)
app.command("corrections")(verbs_correcting.corrections)
app.command("figure")(verbs_figures.figure)
app.command("findings")(verbs_reading.findings)
app.command("wait")(verbs_reading.wait)

obligations = typer.Typer(
    help="What was owed for a child or for all, and whether it was done: `custody obligations [CHILD]`.",
    cls=ShowByDefault,
)
app.add_typer(obligations, name="obligations")
obligations.command("show")(verbs_obligations.show)
obligations.command("waive")(verbs_obligations.waive)

# Verbs of the steward.
rules = typer.Typer(help="Sharing rules: who is told what.", no_args_is_help=True)
app.add_typer(rules, name="rules")
rules.command("show")(verbs_rules.show)
rules.command("diff")(verbs_rules.diff)
rules.command("adopt")(verbs_rules.adopt)

coverage = typer.Typer(help="Which facts agencies send here, so that silence means something.", no_args_is_help=True)
app.add_typer(coverage, name="coverage")
coverage.command("show")(verbs_coverage.show)
coverage.command("declare")(verbs_coverage.declare)

# Verbs that keep the ledger sound.
set_aside = typer.Typer(help="What could not be read or applied.", no_args_is_help=True)
app.add_typer(set_aside, name="set-aside")
set_aside.command("list")(verbs_set_aside.list_all)
set_aside.command("show")(verbs_set_aside.show)
set_aside.command("retry")(verbs_set_aside.retry)
set_aside.command("close")(verbs_set_aside.close)
app.command("rebuild")(verbs_keeping.rebuild)
app.command("verify")(verbs_keeping.verify)
app.command("recover")(verbs_keeping.recover)
app.command("backup")(verbs_backup.backup)
app.command("restore")(verbs_backup.restore)


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
