"""The work of the role `alerts`: telling agencies of their own duties, exactly one message a duty and state.

PostgreSQL decides, Kafka tells: an alert is first kept in `ledger.alerts`, under the next number of its agency and
once for each duty and state; then it goes to Kafka in a transaction. Killed in between, the next start finds it kept
and not told. What Kafka holds and PostgreSQL, restored from an older backup, does not, is taken back from Kafka. How
duties stand is found by a function that is passed in: it is worked out in the read tables, which producers know
nothing of.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Final, cast
from uuid import UUID

import psycopg
import structlog
from kafka import KafkaProducer, TopicPartition
from psycopg.rows import dict_row

from ledger.agencies import RECEIVERS, Agency
from ledger.kafka.genuine import Genuine
from ledger.kafka.seals import SEAL
from ledger.kafka.tail_reading import between, last_of, tail_consumer
from ledger.kafka.topics_watch import TopicsWatch
from ledger.obligations.alerts import ALERT, DutyKey, Kept, Look, Looked, due_alerts, read_alert, write_alert
from ledger.roles.refusals import KafkaAheadError
from ledger.roles.settings import Settings
from ledger.roles.single_work import SingleWork
from ledger.store.retries import retries_asked
from ledger.times import write_clock
from ledger.topics import alerts
from producers.kafka.batches import Envelope, Outgoing
from producers.kafka.hanging_transactions import LeftOpen
from producers.kafka.transactions import SOURCE, sealed, tell, transactional_producer

_ALERT: Final = Envelope(source=SOURCE, type=ALERT, extra=(SEAL,))
_AT_ONCE: Final = 2000
Tail = Mapping[Agency, bytes]
"""The last message on each agency's topic; empty: none."""


def alerts_producer(bootstrap: str) -> KafkaProducer:
    """Return the transactional producer; a second one with its id fences the first."""
    return transactional_producer(bootstrap, "custody-alerts")


def read_alerts_tail(settings: Settings) -> Tail:
    """Read the last message of the ledger's on every alerts topic."""
    consumer = tail_consumer(settings.kafka_bootstrap)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        genuine = Genuine(connection)
        try:
            last = last_of(
                consumer, {alerts(agency): partial(genuine.alert, agency, ahead=True) for agency in RECEIVERS}
            )
        finally:
            consumer.close(autocommit=False)
    return {agency: last[alerts(agency)][1] for agency in RECEIVERS}


class Alerting:
    """Looks at what has changed, keeps the alerts that are due, and tells them."""

    def __init__(
        self, settings: Settings, producer: KafkaProducer, look: Look, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self._settings = settings
        self._producer = producer
        self._look = look
        self._log = log
        self._left_open = LeftOpen(settings.kafka_bootstrap, map(alerts, RECEIVERS))
        self._topics = TopicsWatch(settings.kafka_bootstrap, map(alerts, RECEIVERS))
        self._only = SingleWork(settings.database_url, "alerts")  # two of this role would give one number twice
        self._connection = psycopg.connect(
            settings.database_url, autocommit=True, row_factory=dict_row, application_name="custody-alerts"
        )

        self._genuine = Genuine(self._connection)
        self._blocked_before: set[UUID] = set()
        """Blocked when this process began, and not looked at yet."""

    def begin(self, read_tail: Callable[[], Tail], stopped: Callable[[], bool]) -> None:
        """Wait to be the only one, and bring Kafka and PostgreSQL to the same alerts.

        Raises `KafkaAheadError` where the two tell different stories under one number.
        """
        if not self._only.wait(
            stopped,
            lambda: self._log.warning("alerts.wait", reason="another process tells the alerts of this database"),
        ):
            return  # going on would fence the one that tells
        made = self._topics.begin()
        self._producer.init_transactions()  # ends what a killed one had begun
        left_open = self._left_open.end()  # but for what Kafka has forgotten
        blocked = self._connection.execute("select child from ledger.blocked where role = 'alerts'")
        self._blocked_before = {row["child"] for row in blocked}
        again = back = 0
        for agency, body in read_tail().items():
            on_kafka = read_alert(body) if body else None
            last = self._last(agency)
            if on_kafka is not None and on_kafka.number > last:
                back += self._take_back(agency, last)
            elif on_kafka is not None and self._kept(agency, on_kafka.number - 1, 1)[0].body != body:
                raise KafkaAheadError(
                    f"alert {on_kafka.number} differs between ledger.alerts and {alerts(agency)}: PostgreSQL was "
                    "written to after an older backup was restored; nothing was told. Restore PostgreSQL again to "
                    "before that, run `custody recover`, then start again"
                )
            told = 0 if on_kafka is None else on_kafka.number
            while kept := self._kept(agency, told, _AT_ONCE):
                self._tell(kept)
                told, again = kept[-1].number, again + len(kept)
        self._log.info("alerts.begin", told_again=again, taken_back=back, left_open=left_open, topics_made=made)

    def close(self) -> None:
        """Give up the lock; what is on its way to Kafka is the producer's to end."""
        self._connection.close()
        self._only.close()

    def step(self) -> bool:
        """Look once, and keep and tell what is due; return whether there may be more to look at by now.

        Raises `LeftOpenError` where Kafka keeps back what was told; beginning again tells it.
        """
        self._only.require()
        self._topics.look()
        self._left_open.look()
        row = self._connection.execute("select recorded_by from ledger.alerting").fetchone()
        since = None if row is None else cast(datetime, row["recorded_by"])
        looked = self._look(since, self._again)
        if looked is None or (since is not None and looked.as_of <= since):
            return False
        with self._connection.transaction():
            kept = self._keep(looked)
        self._blocked_before = set()
        if kept:
            self._tell(kept)
        return True

    def _keep(self, looked: Looked) -> list[Kept]:
        """Keep what is due, whom to look at again, and how far this look reaches; in the caller's transaction."""
        told = self._told(looked)
        numbers = {agency: self._last(agency) for agency in RECEIVERS}
        kept: list[Kept] = []
        for due in due_alerts(looked.standing, told):
            key = due.standing.key
            numbers[key.obliged] += 1
            number = numbers[key.obliged]
            body = write_alert(number, due, looked.as_of)
            kept.append(Kept(key, number, due.state, write_clock(looked.as_of), body))
            self._insert(kept[-1], due.standing.person)
        self._connection.execute("delete from ledger.alert_watch where person = any(%s)", (list(looked.persons),))
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into ledger.alert_watch (person, look_at, awaits) values (%s, %s, %s)",
                [(one.person, one.look_at, list(one.awaits)) for one in looked.again],
            )
        self._block(looked)
        self._connection.execute(
            "insert into ledger.alerting (recorded_by, position) values (%s, %s) on conflict (one) do update"
            " set recorded_by = excluded.recorded_by, position = excluded.position",
            (looked.as_of, looked.position),
        )
        return kept

    def _block(self, looked: Looked) -> None:
        """Keep whose duties could not be worked out; those looked at without a fault are blocked no more."""
        done = [person for person in looked.persons if person not in looked.blocked]
        self._connection.execute("delete from ledger.blocked where role = 'alerts' and child = any(%s)", (done,))
        for person, reason in looked.blocked.items():
            self._connection.execute(
                "insert into ledger.blocked (role, child, reason) values ('alerts', %s, %s)"
                " on conflict (role, child) do update set reason = excluded.reason",
                (person, reason),
            )
        if looked.blocked:
            self._log.error(
                "children.blocked",
                children=len(looked.blocked),
                first_reason=next(iter(looked.blocked.values())),
                cure="they are looked at again in an hour, at every start, and by `custody set-aside retry CHILD`",
            )

    def _told(self, looked: Looked) -> dict[DutyKey, set[str]]:
        """Return in which states the duties looked at were told before."""
        found: dict[DutyKey, set[str]] = {}
        positions = list({one.key.opened_by for one in looked.standing})
        for row in self._connection.execute(
            "select agency, rule, opened_by, towards, state from ledger.alerts where opened_by = any(%s)", (positions,)
        ):
            key = DutyKey(row["agency"], row["rule"], row["opened_by"], row["towards"])
            found.setdefault(key, set()).add(row["state"])
        return found

    def _insert(self, one: Kept, person: UUID | None) -> None:
        self._connection.execute(
            "insert into ledger.alerts (agency, number, rule, opened_by, towards, state, person, told_at, body)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.key.obliged,
                one.number,
                one.key.rule,
                one.key.opened_by,
                one.key.towards,
                one.state,
                person,
                one.as_of,
                one.body,
            ),
        )

    def _again(self, as_of: datetime, agencies: Collection[str]) -> set[UUID]:
        rows = self._connection.execute(
            "select person from ledger.alert_watch where look_at <= %s or awaits && %s::text[]",
            (as_of, list(agencies)),
        )
        with retries_asked(self._connection, "alerts") as asked:
            return {row["person"] for row in rows} | asked | self._blocked_before

    def _last(self, agency: Agency) -> int:
        row = self._connection.execute(
            "select coalesce(max(number), 0) as last from ledger.alerts where agency = %s", (agency,)
        ).fetchone()
        assert row is not None
        return int(row["last"])

    def _kept(self, agency: Agency, after: int, most: int) -> list[Kept]:
        rows = self._connection.execute(
            "select body from ledger.alerts where agency = %s and number > %s order by number limit %s",
            (agency, after, most),
        )
        return [read_alert(bytes(row["body"])) for row in rows]

    def _take_back(self, agency: Agency, last: int) -> int:
        """Keep again what Kafka holds of alerts that PostgreSQL has lost; return how many."""
        taken = 0
        for body in self._on_kafka(agency):
            one = read_alert(body)
            if one.number > last:
                self._insert(one, UUID(int=0))
                taken += 1
        return taken

    def _tell(self, kept: Iterable[Kept]) -> None:
        outgoing: dict[TopicPartition, list[Outgoing]] = {}
        for one in kept:
            obliged = one.key.obliged
            id = f"{obliged}-{one.number}"
            told = sealed(self._genuine.seals, _ALERT, alerts(obliged), one.body, id=id, time=one.as_of)
            outgoing.setdefault(TopicPartition(alerts(obliged), 0), []).append(told)
        tell(self._producer, outgoing)

    def _on_kafka(self, agency: Agency) -> list[bytes]:
        """Return every message of the ledger's on an agency's alerts topic, by their numbers, each once."""
        consumer = tail_consumer(self._settings.kafka_bootstrap)
        partition = TopicPartition(alerts(agency), 0)
        found: dict[int, bytes] = {}
        try:
            consumer.assign([partition])
            begin = consumer.beginning_offsets([partition])[partition]
            end = consumer.end_offsets([partition])[partition]
            for records in between(consumer, partition, begin, end):
                for record in records:
                    number = self._genuine.alert(agency, record, ahead=True)
                    if number is not None:
                        found.setdefault(number, bytes(record.value))
        finally:
            consumer.close(autocommit=False)
        return [found[number] for number in sorted(found)]
