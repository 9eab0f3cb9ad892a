-- Which ledger this is, for its whole life: a data folder and a backup name it, so that neither is used with another's
-- database.
alter table ledger.made add column id uuid not null default gen_random_uuid();
