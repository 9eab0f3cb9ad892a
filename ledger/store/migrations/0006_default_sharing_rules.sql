-- The set of sharing rules in force where the steward adopted none is now version 2. What was recorded before goes on
-- being told by version 1: what was published of it must be found again, item by item.
alter table ledger.made add column former_default_until bigint not null default 0;
update ledger.made set former_default_until = coalesce((select max(notification_id) from ledger.stored_events), 0);
