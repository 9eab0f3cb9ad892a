-- name: is_made
select to_regclass('ledger.stored_events') is not null

-- name: accepted
select coalesce(max(notification_id), 0) from ledger.stored_events

-- name: relayed
select position from ledger.relay_checkpoint where name = 'entries'

-- name: published
select coalesce((select to_position from ledger.publications order by number desc limit 1), 0)

-- name: shown
-- An entry shows when it is in the tables and what was published of it is, and answers reach so far, figures too.
select p.position, least(p.position, u.position), (select count(distinct k.child) from read.parked_v1 k),
       coalesce(u.published_at, p.complete_to), least(u.complete_to, h.complete_to)
from read.progress_v1 p, read.publishing_v1 u, read.holding_v1 h
