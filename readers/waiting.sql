-- name: is_made
select to_regclass('ledger.stored_events') is not null

-- name: accepted
select coalesce(max(notification_id), 0) from ledger.stored_events

-- name: relayed
select position from ledger.relay_checkpoint where name = 'entries'

-- name: shown
select p.position, (select count(distinct k.child) from read.parked_v1 k) from read.progress_v1 p
