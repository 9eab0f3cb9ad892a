-- What the feeds were put off telling because a record is blocked: the entry `position`, for its own sake
-- (trigger = position) or for that of a set of sharing rules adopted with backfill at `trigger`. Which batch put it off,
-- and which one told it later (without some members, where these cannot be told and were corrected), or left it out for
-- good; batches say the same, so this can be made of them again.
create table ledger.deferred (
    trigger bigint not null,
    position bigint not null,
    child uuid not null,
    deferred_by bigint not null,
    ended_by bigint,
    left_out boolean not null default false,
    without text[] not null default '{}',
    primary key (trigger, position)
);
create index on ledger.deferred (child);
