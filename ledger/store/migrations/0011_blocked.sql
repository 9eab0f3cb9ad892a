-- Children of whom a role cannot do its work, for a fault of ours: others go on, and what waits is tried again. The read
-- tables keep their own (`parked`).
create table ledger.blocked (
    role text not null,
    child uuid not null,
    reason text not null,
    since timestamptz not null default clock_timestamp(),
    primary key (role, child)
);
