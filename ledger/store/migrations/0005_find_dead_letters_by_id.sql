-- Dead letters that a later message under their id may close; and none of the many that nobody can be found for.
create index set_aside_keyed on ledger.set_aside (agency, ce_source, ce_id) where closed_at is null and ce_id is not null;
