-- name: is_made
select to_regclass('ledger.set_aside') is not null, to_regclass('read.parked_v1') is not null,
       to_regclass('ledger.blocked') is not null

-- name: messages
select s.number, s.agency, s.topic, s.partition, s."offset", s.last_offset, s.kind, s.ce_source, s.ce_id, s.reason,
       s.size, s.digest, coalesce(length(s.value), 0), s.set_aside_at, s.retried_at, s.closed_at, s.closed_by,
       s.closed_reason
from ledger.set_aside s where %(closed)s or (s.retried_at is null and s.closed_at is null) order by s.number

-- name: message
select s.number, s.agency, s.topic, s.partition, s."offset", s.last_offset, s.kind, s.ce_source, s.ce_id, s.reason,
       s.size, s.digest, coalesce(length(s.value), 0), s.set_aside_at, s.retried_at, s.closed_at, s.closed_by,
       s.closed_reason, s.value, s.headers, s.cluster_id, s.topic_id
from ledger.set_aside s where s.number = %(number)s

-- name: children
select k.child, min(k.position), count(*), min(k.recorded_at), (array_agg(k.reason order by k.position))[1]
from read.parked_v1 k group by k.child order by min(k.position)

-- name: blocked
select b.role, b.child, b.reason, b.since from ledger.blocked b order by b.since, b.role, b.child

-- name: untold
-- What the feeds were put off telling of a record.
select distinct d.position from ledger.deferred d where d.child = %(child)s and d.ended_by is null order by d.position

-- name: waiting
select k.position, k.recorded_at, k.reason from read.parked_v1 k where k.child = %(child)s order by k.position
