-- Offsets and dead letters belong to one making of a topic (its cluster's and its topic's id), not to its name: a topic
-- that was deleted and made again begins anew at offset 0. What stood here before gets the ids when intake next starts.
alter table ledger.intake_offsets
    add column cluster_id text,
    add column topic_id uuid,
    add column known_end bigint;         -- the end of the partition as intake last saw it: what may be lost with it

alter table ledger.set_aside drop constraint set_aside_topic_partition_offset_key;
alter table ledger.set_aside
    -- unreadable: nobody could read it. fault: a fault of ours met it. batch: a whole record batch nobody could unpack,
    -- up to last_offset. lost: messages that were gone before anybody took them, from "offset" on.
    add column kind text not null default 'unreadable' check (kind in ('unreadable', 'fault', 'batch', 'lost')),
    add column cluster_id text,
    add column topic_id uuid,
    add column last_offset bigint,       -- null: the one message at "offset"
    add column size bigint,              -- bytes of the whole value; null: it had none
    add column digest text,              -- SHA-256 of the whole value, as far as rule H8 lets it be kept
    add column closed_at timestamptz,
    add column closed_by text,
    add column closed_reason text;
update ledger.set_aside set size = length(value), digest = encode(sha256(value), 'hex');

-- The same message is kept once, however often it is read.
create unique index set_aside_place on ledger.set_aside
    (topic, cluster_id, topic_id, partition, "offset", digest) nulls not distinct;
create index set_aside_open on ledger.set_aside (agency, ce_source, ce_id) where retried_at is null and closed_at is null;

-- The identifiers that messages kept for a fault of ours name: until such a message is recorded after all, later ones of
-- the same child from the same agency carry a finding.
create table ledger.set_aside_names (
    number bigint not null references ledger.set_aside (number),
    agency text not null,
    scheme text collate "C" not null,
    value text collate "C" not null,
    primary key (agency, scheme, value, number)
);
