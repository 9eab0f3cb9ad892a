-- What the ledger keeps beside the event store's own table (ledger.stored_events). All of it is written in the
-- transaction that records the entries, except relay_checkpoint, which belongs to the relay.

create table if not exists ledger.made (
    one boolean primary key default true check (one),
    zone text not null,                  -- the civil time zone, fixed for the ledger's life
    clock text not null,                 -- wall or driven, likewise
    made_at timestamptz not null default clock_timestamp()
);

create table if not exists ledger.identifiers (
    scheme text collate "C" not null,
    value text collate "C" not null,
    child uuid not null,
    primary key (scheme, value)
);

-- Merge statements, both ways round: from which records may a person be made up?
create table if not exists ledger.links (
    child uuid not null,
    other uuid not null,
    primary key (child, other)
);

-- The idempotency key of every submission ever answered, with what became of it.
create table if not exists ledger.submissions (
    source text collate "C" not null,
    id text collate "C" not null,
    digest text collate "C" not null,
    position bigint,                     -- null: refused
    refusal jsonb,                       -- null: accepted
    agency text not null,
    primary key (source, id)
);

-- Outcomes that are not told by an entry: duplicates and refusals, for the relay to send.
create table if not exists ledger.outcomes (
    number bigint generated always as identity primary key,
    agency text not null,
    submission_id text not null,
    body bytea not null
);

create table if not exists ledger.intake_offsets (
    topic text not null,
    partition int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

create table if not exists ledger.set_aside (
    number bigint generated always as identity primary key,
    agency text not null,
    topic text not null,
    partition int not null,
    "offset" bigint not null,
    ce_id text,
    ce_source text,
    reason text not null,
    value bytea,
    headers bytea not null,              -- JSON: [[name, base64 of the value], ...]
    set_aside_at timestamptz not null,
    retried_at timestamptz,
    unique (topic, partition, "offset")
);

create table if not exists ledger.relay_checkpoint (
    name text primary key,               -- 'entries' or 'outcomes'
    position bigint not null,
    kafka_end jsonb not null             -- end offset of each partition when it was written
);

-- What the feeds role has decided to publish, batch by batch, before Kafka is told: which entry went to which feed
-- under which number, and when. Stamps never change, so that a feed can be told again as it was. The last number of
-- each feed bounds what an agency can sign for.
create table if not exists ledger.publications (
    number bigint primary key,           -- of the batch, from 1 without a gap
    to_position bigint not null,         -- every entry up to this one is published by this batch or an earlier one
    published_at timestamptz not null,   -- ledger time of the last item in it
    last_cbp bigint not null,            -- the last number on each feed after this batch
    last_ice_ero bigint not null,
    last_ice_opla bigint not null,
    last_orr bigint not null,
    last_eoir bigint not null,
    last_uscis bigint not null,
    offsets jsonb not null,              -- where reading custody.entries goes on, by partition
    body bytea not null                  -- the message of custody.publications, to the byte
);

-- What agencies were alerted to, once for each duty and state: kept first, told then.
create table if not exists ledger.alerts (
    agency text not null,
    number bigint not null,              -- on the agency's topic, from 1 without a gap
    rule text not null,
    opened_by bigint not null,
    towards text not null,               -- '': nobody
    state text not null,
    person uuid not null,                -- whose duty it was then
    told_at timestamptz not null,        -- the ledger time as of which it was so
    body bytea not null,                 -- the message, to the byte
    primary key (agency, number),
    unique (agency, rule, opened_by, towards, state)
);

-- How far the role `alerts` has looked, and whom it looks at again: when a moment of theirs comes, or when an agency
-- that had to be told something signs or reads.
create table if not exists ledger.alerting (
    one boolean primary key default true check (one),
    recorded_by timestamptz not null,
    position bigint not null
);
create table if not exists ledger.alert_watch (
    person uuid primary key,
    look_at timestamptz,
    awaits text[] not null
);
create index if not exists alert_watch_look_at on ledger.alert_watch (look_at);

-- H3: no entry is ever changed or taken away, whoever asks.
create or replace function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'H3: an entry is never changed or removed; record a correction or a void instead';
end $$;
create or replace trigger entries_are_for_ever before update or delete or truncate on ledger.stored_events
    for each statement execute function ledger.refuse_change();

-- Insert-only: vacuum has next to nothing to do, and must not hold up the writers' table lock.
alter table ledger.stored_events set (
    autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_vacuum_insert_threshold = 10000000,
    autovacuum_analyze_scale_factor = 0.2, autovacuum_analyze_threshold = 100000
);
