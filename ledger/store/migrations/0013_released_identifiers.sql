-- A void may release an identifier: it then names nobody until the next message that carries it. `child` is the record
-- that carries it, or carried it last.
alter table ledger.identifiers add column released bigint;   -- the position of the void that released it; null: carried
