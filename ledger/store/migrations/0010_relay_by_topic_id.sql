-- The relay's checkpoint belongs to one making of custody.entries: what was sent to an earlier one is not on this one.
alter table ledger.relay_checkpoint add column topic_id text;
