-- Work that only one process may do at a time: whoever does it holds a lock on the table named for it. A login that
-- may only read has no right to this schema, so it can neither take such a lock nor keep it from anybody.
create table ledger.only_relay ();
create table ledger.only_feeds ();
create table ledger.only_alerts ();
create table ledger.only_projections ();
create table ledger.only_rebuild ();

-- Children whose waiting entries are to be tried again, and by which role; the role takes the row away.
create table ledger.retries (
    role text not null,
    child uuid not null,
    primary key (role, child)
);
