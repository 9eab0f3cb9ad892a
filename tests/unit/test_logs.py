"""Every line of a log is JSON where nobody sits at a terminal, and none repeats what an error says of a child."""

import json
import subprocess
import sys

NOISY = """
import logging, warnings
from ledger.logs import configure
configure("intake").info("role.started")
logging.getLogger("kafka.conn").warning("broker %s went away", 1)
try:
    int("A200000017")
except ValueError:
    logging.getLogger("kafka.client").exception("failed")
warnings.warn("old", stacklevel=1)
raise ValueError("A200000017")
"""


def test_whatever_a_process_says_is_json_and_holds_no_data() -> None:
    """Libraries, warnings and an error that ends the process come in the one form that collectors parse."""
    ended = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert [line["event"] for line in lines] == [
        "role.started",
        "library.said",
        "library.said",
        "python.warning",
        "role.crashed",
    ]
    assert all(line["role"] == "intake" for line in lines)
    assert lines[1]["reason"] == "broker 1 went away"
    assert lines[-1]["reason"].startswith("ValueError at <string>:11")
    assert "A200000017" not in ended.stderr
