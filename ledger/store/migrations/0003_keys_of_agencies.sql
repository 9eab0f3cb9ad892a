-- The idempotency key belongs to the agency: what one agency sends uses up no id of another, and tells nothing of it.
alter table ledger.submissions drop constraint submissions_pkey;
alter table ledger.submissions alter column agency type text collate "C";
alter table ledger.submissions add primary key (agency, source, id);
