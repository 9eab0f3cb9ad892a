"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="CUSTODY_DATA",
        show_envvar=True,
        help="Folder of the ledger's data, settings and logs. Default: one of your own.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
