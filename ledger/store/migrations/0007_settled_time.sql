-- Up to which moment the ledger has settled: by `at`, nothing was recorded beyond `position` and nothing published beyond
-- `batch`, and what is recorded or published from now on is later. The role `feeds` moves it on with the wall clock
-- while nothing comes in. On a driven clock no time passes without messages: then there is no row.
create table ledger.settled (
    one boolean primary key default true check (one),
    batch bigint not null,
    position bigint not null,
    at timestamptz not null
);
