-- The read tables of one version of the read model. `{schema}` is read_1, read_2, ...: a rebuild fills the next
-- one beside the live one. Their keys and indexes
-- stand in keys.sql, so that a rebuild can make them when the rows are there.

create table {schema}.entries (
    child uuid not null,
    position bigint not null,
    recorded_at timestamptz not null,
    payload bytea not null               -- the message of custody.entries, to the byte
);

-- One row a record. Records that are one person by a merge carry the same state and the same `person`.
create table {schema}.current_location (
    child uuid not null,
    person uuid not null,
    custody_state text not null,
    legal_custodian text,
    physical_custodian text,
    place text,
    residence jsonb,
    since timestamptz,                   -- the instant it stands for; null: unknown
    since_given text,                    -- as the producer gave it: an instant or a day
    position bigint not null             -- the last entry folded into this row
);

create table {schema}.status (
    child uuid not null,
    person uuid not null,
    custody_state text not null,
    proceedings jsonb not null,          -- a list of court_case, nta_id, state, served, next_hearing_at, since, reason
    whereabouts_state text not null,
    whereabouts_since timestamptz,
    residence jsonb,
    mailing jsonb,
    date_of_birth date,
    age_basis text,
    position bigint not null
);

-- Who carries an identifier from which entry on: its first carrier, by position, under turn 0; and whoever took it after
-- a void had released it, under the position as turn. It lasts until the next release, or the next turn.
create table {schema}.identifiers (
    scheme text collate "C" not null,
    value text collate "C" not null,
    child uuid not null,
    position bigint not null,
    turn bigint not null,
    recorded_at timestamptz not null
);

-- Identifiers that a void released from a record.
create table {schema}.released_identifiers (
    scheme text collate "C" not null,
    value text collate "C" not null,
    child uuid not null,                 -- the record it named until then
    position bigint not null,            -- the void
    recorded_at timestamptz not null
);

create table {schema}.findings (
    position bigint not null,
    number int not null,                 -- the how-manieth of the entry's findings, from 0
    code text not null,
    level text not null,
    message text not null,
    child uuid not null,
    type text not null,
    agency text not null,
    office text,
    recorded_at timestamptz not null
);

-- Merge statements, both ways round, so that the records that may be one person are found from either.
create table {schema}.links (
    child uuid not null,
    other uuid not null,
    position bigint not null
);

-- Intervals. Each row says what the ledger held from `recorded_from` until before `recorded_until`
-- (null: still does). `position` is the entry that made it hold this, `number` tells rows of one such entry apart.
-- Days are of the civil time zone; a null day is an unknown one, before every other. `proof`: the positions that alone
-- show it, first that of the admission, report, release or failure, then those of corrections that make it what it is.
create table {schema}.stays (
    person uuid not null,
    admitted_on date,
    left_on date,                        -- null with left = null: still in care
    left_by text,                        -- the fact that ended it, null: still in care
    country text,
    proof text not null,
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

create table {schema}.absences (
    person uuid not null,
    absent_on date,
    ended_on date,
    ended_by text,
    proof text not null,
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

create table {schema}.releases (
    person uuid not null,
    release_position bigint not null,    -- the entry of the release itself
    released_on date,
    state text,
    sponsor_category text not null,
    country text,
    proof text not null,
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

create table {schema}.failures (
    person uuid not null,
    failure_position bigint not null,    -- the entry of the failure to appear itself
    hearing text not null,
    failed_on date,
    court_case text not null,
    judge_action text not null,
    proof text not null,
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

-- What became of each duty, as far as the entries say it (projections/obligations/rows.py); its state on a day follows from the
-- moments here, from waivers, and for a duty to tell from when the recipient knew one of the entries in `to_know`.
create table {schema}.duties (
    person uuid not null,
    rule text collate "C" not null,
    version int not null,
    kind text not null,                  -- law, regulation, policy or target
    obliged text not null,
    towards text,
    opened_by bigint not null,           -- the entry that opened it
    happened_at timestamptz,             -- the instant it stands for; null: unknown
    started text,                        -- when the clock started, an instant or a day; null: unknown
    undated boolean not null,            -- it has a limit, or no start, and nobody knows when it runs out
    zone text not null,
    due_at timestamptz,
    measured boolean not null,           -- false: no fact of the catalogue says whether it was done
    dropped_by bigint,                   -- the void or correction after which it was never owed
    dropped_as text,                     -- void or corrected
    met_at timestamptz,                  -- met first, by what entries say
    met_by bigint,
    excuse text,                         -- reason codes that make it lawfully late
    ended_at timestamptz,                -- ended first
    ended_by bigint,
    ended_as text,
    to_know text,                        -- positions; null: not met by anybody's coming to know
    claimed_from text,                   -- of each of them: before when no claim to have known it counts
    heard_at timestamptz not null,       -- when what opened it was recorded
    live boolean not null,               -- the obliged agency is alerted: it is measured, and was not long past by then
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

-- By which rules of obligation and zones of offices `duties` was worked out.
create table {schema}.rulebook (
    one boolean primary key default true check (one),
    fingerprint text not null
);

-- Duties the steward excused an agency from: each counts from when it was recorded.
create table {schema}.waivers (
    record uuid not null,                -- the ledger's own
    rule text collate "C" not null,
    opened_by bigint not null,
    obliged text not null,
    towards text,                        -- null: towards every one
    reason_code text not null,
    reason text not null,
    recorded_at timestamptz not null,
    position bigint not null
);

-- Findings that are dealt with: by a resolution, or because their entry is voided.
create table {schema}.closures (
    person uuid not null,
    finding_position bigint not null,
    finding_number int not null,
    resolved_position bigint not null,   -- the resolution or the void
    resolved_at timestamptz not null,    -- its ledger time
    position bigint not null,
    number int not null,
    recorded_from timestamptz not null,
    recorded_until timestamptz
);

-- What was put on the feeds: an entry, its number on each, and what of it the agency does not read. An entry has
-- several rows when it was told later, too. `withheld`, `unsaid`: JSON, agency to names of members; null: nothing.
create table {schema}.publications (
    child uuid not null,
    position bigint not null,
    batch bigint not null,               -- of custody.publications
    item int not null,                   -- the how-manieth of the batch, from 0
    published_at timestamptz not null,
    cbp int,
    ice_ero int,
    ice_opla int,
    orr int,
    eoir int,
    uscis int,
    withheld text,
    unsaid text
);

-- The batches of custody.publications: the last number on each feed, and up to which entry everything is published.
create table {schema}.batches (
    batch bigint not null,
    to_position bigint not null,
    published_at timestamptz not null,
    cbp int not null,
    ice_ero int not null,
    ice_opla int not null,
    orr int not null,
    eoir int not null,
    uscis int not null
);

-- What agencies hold of each child, for figures as known to them (projections/holdings/boxes.py). A row says what is held in
-- a box of steps: from the steps `start` and `other_start` are known until `until` or `other_until` is. A step is known
-- to an agency by its number on that agency's feed, and to its producer (`by`, the place among the agencies) since its
-- claim, once recorded (`at`; null: there is no such bound). `views`: for whom the row stands, a bit each. `grid`: whether
-- the box has other bounds at all, so that most rows need not be looked at to their end. `single`: whoever holds this
-- holds nothing else of the table of this child.
create table {schema}.box (
    start_cbp int, start_ice_ero int, start_ice_opla int, start_orr int, start_eoir int, start_uscis int,
    start_by smallint, start_since timestamptz, start_at timestamptz,
    until_cbp int, until_ice_ero int, until_ice_opla int, until_orr int, until_eoir int, until_uscis int,
    until_by smallint, until_since timestamptz, until_at timestamptz,
    other_start_cbp int, other_start_ice_ero int, other_start_ice_opla int, other_start_orr int, other_start_eoir int, other_start_uscis int,
    other_start_by smallint, other_start_since timestamptz, other_start_at timestamptz,
    other_until_cbp int, other_until_ice_ero int, other_until_ice_opla int, other_until_orr int, other_until_eoir int, other_until_uscis int,
    other_until_by smallint, other_until_since timestamptz, other_until_at timestamptz
);

create table {schema}.held_stays (
    child uuid not null, number int not null, views smallint not null, grid boolean not null, single boolean not null,
    admitted_on date, left_on date, left_by text, country text, proof text not null,
    like {schema}.box
);

create table {schema}.held_absences (
    child uuid not null, number int not null, views smallint not null, grid boolean not null, single boolean not null,
    absent_on date, ended_on date, ended_by text, proof text not null,
    like {schema}.box
);

create table {schema}.held_releases (
    child uuid not null, number int not null, views smallint not null, grid boolean not null, single boolean not null,
    release_position bigint not null, released_on date, state text, sponsor_category text not null, country text,
    proof text not null,
    like {schema}.box
);

create table {schema}.held_failures (
    child uuid not null, number int not null, views smallint not null, grid boolean not null, single boolean not null,
    failure_position bigint not null, hearing text not null, failed_on date, court_case text not null,
    judge_action text not null, proof text not null,
    like {schema}.box
);

create table {schema}.held_residences (
    child uuid not null, number int not null, views smallint not null, grid boolean not null, single boolean not null,
    residence text not null,             -- the address as given, JSON with its members in order
    happened timestamptz,                -- when the last of what it follows from happens; null: nobody knows
    like {schema}.box
);

-- Children of whom no row says what is held for these viewpoints: they are folded when asked about.
create table {schema}.irregular (
    child uuid not null,
    always smallint not null,
    told smallint not null               -- only where being told is enough
);

-- Records that were made anew behind the back of what is held: their rows are to be worked out again.
create table {schema}.held_again (
    child uuid primary key
);

-- What agencies signed for, as far as it says something new: which numbers of its feed an agency had, at least how
-- surely, since when by its own word (`at`) and by the ledger's clock. Receipts that say less than earlier ones leave
-- no row.
create table {schema}.receipts (
    record uuid not null,                -- the agency's
    level smallint not null,             -- 1 delivered, 2 opened, 3 acknowledged
    lane bigint not null,                -- parts agencies and levels: numbers are looked up as lane + number
    first bigint not null,
    last bigint not null,
    step boolean not null,               -- the first receipt of these numbers up to a number
    at timestamptz,
    recorded_at timestamptz not null,
    position bigint not null             -- of the receipt
);

-- Answers about a child that were served to an agency.
create table {schema}.reads (
    child uuid not null,                 -- as asked for
    record uuid not null,                -- the agency's
    position bigint not null,            -- of the entry that says it was served
    recorded_at timestamptz not null,
    viewpoint text not null,             -- whose knowledge was asked for
    known_at timestamptz not null,
    happened_by timestamptz not null,
    recorded_by timestamptz not null,
    basis text not null,
    at_least text not null
);

-- Children whose entry could not be applied, with that entry and all their later ones, in order.
create table {schema}.parked (
    child uuid not null,
    position bigint not null,
    recorded_at timestamptz not null,
    payload bytea not null,
    reason text not null,
    left_out_by bigint                   -- the void that takes it out of the record altogether; null: it waits
);

create table {schema}.checkpoint (
    partition int primary key,
    next_offset bigint not null
);

-- Which making of a topic the offsets are of: one that is deleted and made again keeps its name only.
create table {schema}.reading (
    topic text primary key,
    topic_id text not null
);

-- What a rebuild met on custody.entries that is not the ledger's, or cannot be read: for `custody verify` to name.
create table {schema}.foreign_records (
    partition int not null,
    "offset" bigint not null,
    last_offset bigint not null,
    position bigint,                     -- that it claims
    reason text not null,
    size bigint,
    digest text
);

create table {schema}.progress (
    one boolean primary key default true check (one),
    position bigint not null,            -- every entry up to this one is in the tables or parked
    recorded_at timestamptz              -- its ledger time: the moment the tables are complete to
);

create table {schema}.publishing (
    one boolean primary key default true check (one),
    batch bigint not null,               -- every batch of custody.publications up to this one is in the tables
    position bigint not null,            -- every entry up to this one is published by them
    published_at timestamptz,            -- the last stamp, or the moment to which settled time went on since
    settled boolean not null,            -- nothing recorded up to that moment is beyond `position`
    next_offset bigint not null
);

create table {schema}.holding (
    one boolean primary key default true check (one),
    batch bigint not null,               -- what is held is worked out up to this batch of custody.publications
    position bigint not null,            -- and up to the entry that it publishes
    complete_to timestamptz              -- nothing recorded or published by then is missing
);
