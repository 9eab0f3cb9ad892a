"""`make bench`: measures every stage on private servers and prints a table; each figure beside its limit or peer.

`ROWS` says how many rows of releases (three entries each; default 100,000; all of the real file: 553322).
`--write` puts the table into docs/performance.md.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.parts import Parts, parts, rows
from bench.plain import plain_rate
from bench.stages import Measured, memory, stages, together
from bench.views import as_a_command, idle, long_record, p99, times

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Run all measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=int(os.environ.get("ROWS", "100000")))
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    table: list[Measured] = []

    def tell(measured: Measured) -> None:
        table.append(measured)
        print(line(measured), flush=True)

    with parts() as running:
        plain = plain_rate(running.settings.database_url, rows(500))
        print(f"the library's plain way: {plain:,.0f} entries/s", flush=True)
        for measured in stages(running, asked.rows, plain):
            tell(measured)
        labels = [row.label for row in rows(asked.rows)]
        for measured in idle(running, labels):
            tell(measured)
        tell(as_a_command(running, labels[0]))
        with running.roles("intake", "relay", "projections") as roles:
            before = memory(roles)
            calm = together(running, 100, 20, "calm-")
            tell(Measured("visible at 100/s offered, 99 %", calm["p99_ms"], "ms", 250, at_least=False))
            busy = together(running, 4200, 30, "busy-")
            tell(Measured("end to end at 4,200/s offered, held", busy["held"], "entries/s", 4000))
            tell(
                Measured(
                    "view of one child while an import runs, 99 %", while_importing(running, labels), "ms", 10, False
                )
            )
            tell(long_record(running))
            after = memory(roles)
        notes = [f"{name}: {before[name]:.0f} MiB at first, {after[name]:.0f} MiB at the end" for name in before]
    described = [
        f"{asked.rows * 3:,} entries; {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"Python {platform.python_version()}; load at the end {os.getloadavg()[1]:.1f} (5 minutes).",
        "Memory: " + "; ".join(notes) + ".",
        f"At 4,200/s offered: median {busy['p50_ms']:.0f} ms, 99 % {busy['p99_ms']:.0f} ms to visible.",
        f"The library's plain way: {plain:,.0f} entries/s.",
    ]
    print("\n".join(described))
    if asked.write:
        write(table, described)


def while_importing(running: Parts, labels: list[str]) -> float:
    """Return the 99 % view time while another process sends as fast as it can."""
    sender = subprocess.Popen([sys.executable, "-m", "bench.sending", running.settings.kafka_bootstrap, "more-"])
    try:
        time.sleep(3)
        return p99(times(running, labels, 1500))
    finally:
        sender.kill()
        sender.wait()


def line(measured: Measured) -> str:
    """Return one row of the table."""
    sign = "≥" if measured.at_least else "≤"
    if not measured.limit:
        return f"| {measured.what} | {measured.value:,.1f} {measured.unit} | | |"
    return (
        f"| {measured.what} | {measured.value:,.1f} {measured.unit} | {sign} {measured.limit:,.0f} "
        f"| {measured.ratio:.2f} |"
    )


def write(table: list[Measured], described: list[str]) -> None:
    """Put the table between its marks in docs/performance.md."""
    page = PAGE.read_text()
    head = ["| what | measured | limit | times the limit |", "|---|---|---|---|"]
    text = "\n".join([BEGIN, "", *head, *(line(m) for m in table), "", *described, "", END])
    PAGE.write_text(page[: page.index(BEGIN)] + text + page[page.index(END) + len(END) :])


if __name__ == "__main__":
    main()
