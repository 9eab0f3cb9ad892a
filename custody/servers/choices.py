"""What is chosen when the servers are first started on a data folder, and must stay the same ever after."""

import base64
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from custody.errors import Problem
from custody.files import write_whole
from custody.servers import homes
from custody.servers.account import ServerUser, can_enter
from custody.servers.place import FolderPlace
from custody.servers.ports import choose, to_choose_from

_FILE: Final = "servers.json"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """Ports and places of the private servers of one data folder."""

    postgres_home: str
    """In the data folder: as of the last start. Elsewhere: there and nowhere else."""
    postgres_port: int
    kafka_port: int
    kafka_controller_port: int
    kafka_cluster_id: str
    place: FolderPlace | None = None
    """Where the data folder lay at its last start; None: never started by a release that keeps it."""
    made: bool = False
    """Whether both servers have had data here; what is missing then was lost, and is not made anew in silence."""


def choices_of(
    data: Path, account: ServerUser | None, environment: Mapping[str, str] = os.environ, *, say: Say = lambda line: None
) -> Choices:
    """Return what was chosen for `data`, choosing now what never was; ports set in the environment win.

    The folder may have been moved, renamed or copied since its last start. Raises `Problem` where its PostgreSQL data
    are another folder's, are not whole, or were copied while they changed.
    """
    here = FolderPlace.of(data)
    last = remembered(data)
    if last is None:
        chosen = _choose(homes.new_home(data, account), environment)
    else:
        chosen = _with_its_kafka(_found_again(last, data, here, account), data, say)
        original = _original(last, data, here)
        if original is not None:
            postgres, kafka, controller = _free_ports(environment)
            chosen = replace(chosen, postgres_port=postgres, kafka_port=kafka, kafka_controller_port=controller)
            say(
                f"{data} is a copy of {original}, which is still there: it gets ports of its own. Only one of the two "
                "can go on as the ledger, for what each records from now on the other does not know"
            )
    fixed = {
        name: _port(setting, environment[setting])
        for name, setting in (
            ("postgres_port", "CUSTODY_POSTGRES_PORT"),
            ("kafka_port", "CUSTODY_KAFKA_PORT"),
            ("kafka_controller_port", "CUSTODY_KAFKA_CONTROLLER_PORT"),
        )
        if environment.get(setting)
    }
    chosen = replace(chosen, place=here, **fixed)  # type: ignore[arg-type]
    remember(data, chosen)
    return chosen


def settle(data: Path, chosen: Choices) -> None:
    """Let PostgreSQL's data be where they were chosen to be, and say there whose they are if that is elsewhere."""
    home, own = Path(chosen.postgres_home), homes.inside(data)
    if not homes.is_outside(home):
        return
    homes.claim(own if homes.is_made(own) else home, FolderPlace.of(data))
    if homes.is_made(own):
        homes.move_out(data, home)


def remembered(data: Path) -> Choices | None:
    """Return what was chosen for `data`; None when servers were never started on it."""
    try:
        written: dict[str, Any] = json.loads((data / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    place = written.get("place")
    return Choices(**{**written, "place": None if place is None else FolderPlace(**place)})


def remember(data: Path, chosen: Choices) -> None:
    """Write down what was chosen for `data`."""
    write_whole(data / _FILE, json.dumps(asdict(chosen), indent=1) + "\n")


def new_cluster_id() -> str:
    """Return an id in the form Kafka gives its own: 16 bytes, URL-safe base64; a leading `-` would be an option."""
    return "C" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")[1:]


def _choose(home: Path, environment: Mapping[str, str]) -> Choices:
    ports = _free_ports(environment)
    return Choices(str(home), *ports, new_cluster_id())


def _free_ports(environment: Mapping[str, str]) -> tuple[int, int, int]:
    within = to_choose_from(environment)
    first = choose(within)
    second = choose(within, taken=frozenset({first}))
    return first, second, choose(within, taken=frozenset({first, second}))


def _found_again(last: Choices, data: Path, here: FolderPlace, account: ServerUser | None) -> Choices:
    """Return the choices of a folder that was started before, with PostgreSQL's data where they are now."""
    home = Path(last.postgres_home)
    own = homes.inside(data)
    if homes.is_made(own):
        found = own
        home = own if account is None or can_enter(data, account) else homes.new_home(data, account)
    elif homes.is_outside(home):
        found = home
        if last.made or home.exists():
            homes.require_ours(data, home, here)
    else:
        home = found = own
    made = last.made or (data / "ledger.json").exists()
    if made or homes.is_made(found):
        homes.require_whole(data, found)
        was = _last_place(last, data, here)
        if not was.is_same_folder(here):
            homes.require_one_moment(data, found, was)
    return replace(last, postgres_home=str(home), made=made)


def _with_its_kafka(chosen: Choices, data: Path, say: Say) -> Choices:
    """Return the choices with a new cluster id where Kafka's data were lost; refuse those of another Kafka."""
    try:
        lines = (data / "kafka" / "data" / "meta.properties").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if not chosen.made:
            return chosen
        say(f"Kafka's data are not in {data}: a new, empty Kafka is made; see `Kafka lost` in docs/operators.md")
        return replace(chosen, kafka_cluster_id=new_cluster_id())
    found = dict(line.partition("=")[::2] for line in lines).get("cluster.id")
    if found != chosen.kafka_cluster_id:
        raise Problem(
            f"no server was started: {data / 'kafka'} is of the Kafka cluster {found}, and this folder's is "
            f"{chosen.kafka_cluster_id}: it was put there from another data folder. Put back the one that belongs here"
        )
    return chosen


def _last_place(last: Choices, data: Path, here: FolderPlace) -> FolderPlace:
    """Return where a folder lay at its last start; the first release kept only PostgreSQL's path."""
    if last.place is not None:
        return last.place
    home = Path(last.postgres_home)
    if homes.is_outside(home):  # whose it is, was looked at there
        return here
    was = home.parent
    same = was == data or (was.exists() and was.samefile(data))
    return here if same else FolderPlace(str(was), 0, 0)


def _original(last: Choices, data: Path, here: FolderPlace) -> Path | None:
    """Return the folder this one was copied from, if it still stands where it was."""
    was = _last_place(last, data, here)
    if was.is_same_folder(here):
        return None
    original = Path(was.path)
    try:
        other = remembered(original)
        if other is None or other.kafka_cluster_id != last.kafka_cluster_id:
            return None
        return None if FolderPlace.of(original).is_same_folder(here) else original
    except (OSError, ValueError, TypeError):  # another program's folder by now, or one we may not read
        return None


def _port(setting: str, given: str) -> int:
    if given.isdecimal() and 0 < int(given) < 65_536:
        return int(given)
    raise Problem(f"{setting} is {given!r}, no port number; set it to one from 1 to 65535 or unset it", exit_code=2)
