-- The key by which the ledger knows again what it put on Kafka itself (`ledger/seals.py`). `begun`: a relay that seals
-- has begun, so that whatever is not sealed and not in PostgreSQL is not the ledger's.
create table ledger.seal (
    one boolean primary key default true check (one),
    key bytea not null,
    begun boolean not null default false
);
insert into ledger.seal (key)
    values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- foreign: a record of custody.entries that the ledger did not write. No agency sent it, as far as anyone knows.
alter table ledger.set_aside alter column agency drop not null;
alter table ledger.set_aside drop constraint set_aside_kind_check;
alter table ledger.set_aside add constraint set_aside_kind_check
    check (kind in ('unreadable', 'fault', 'batch', 'lost', 'foreign')),
    add constraint set_aside_agency_check check (agency is not null or kind = 'foreign');
