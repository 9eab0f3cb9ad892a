-- What other services read: stable names over the live version, replaced in one transaction by a swap. `p.one` tells
-- the planner that progress has one row; taking it for many, it has joined whole tables to find one child. Of what a
-- look-up of one child reads, it is a subquery: where nobody asks how far the tables are, progress is not read at all.
-- How far the tables are. While nothing comes in, settled time goes on with the clock.
create or replace view {schema}.reached as
    select p.one, p.position,
           case when u.settled and u.position = p.position then greatest(u.published_at, p.recorded_at)
                else p.recorded_at end as recorded_at
    from {schema}.progress p, {schema}.publishing u where p.one and u.one;
create or replace view read.current_location_v1 as
    select l.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.current_location l, {schema}.reached p where p.one;
create or replace view read.status_v1 as
    select s.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.status s, {schema}.reached p where p.one;
create or replace view read.proceedings_v1 as
    select s.child, s.person, x.court_case, x.nta_id, x.state, x.served, x.next_hearing_at, x.since, x.reason,
           s.position, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.status s, {schema}.reached p,
         jsonb_to_recordset(s.proceedings) as x(court_case text, nta_id text, state text, served boolean,
                                                next_hearing_at text, since text, reason text) where p.one;
create or replace view read.timeline_v1 as
    select e.child, e.position, e.recorded_at, convert_from(e.payload, 'UTF8')::jsonb as entry,
           p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.entries e, {schema}.reached p where p.one;
create or replace view read.entries_v1 as
    select e.*, (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.entries e;
-- Each identifier with the record it names, from which entry on, and until which (null: still does).
create or replace view read.identifiers_v2 as
    select i.scheme, i.value, i.child, i.position, i.recorded_at as recorded_from,
           u.position as until_position, u.recorded_at as recorded_until,
           (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.identifiers i
    left join lateral (
        select n.position, n.recorded_at from (
            select r.position, r.recorded_at from {schema}.released_identifiers r
            where r.scheme = i.scheme and r.value = i.value and r.position > i.position
            union all
            select t.position, t.recorded_at from {schema}.identifiers t
            where t.scheme = i.scheme and t.value = i.value and t.turn > i.position
        ) n order by n.position limit 1
    ) u on true;
-- The record that each identifier names now.
create or replace view read.identifiers_v1 as
    select i.scheme, i.value, i.child, i.position, (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.identifiers i
    where not exists (select from {schema}.released_identifiers r
                      where r.scheme = i.scheme and r.value = i.value and r.position > i.position)
      and not exists (select from {schema}.identifiers t
                      where t.scheme = i.scheme and t.value = i.value and t.turn > i.position);
create or replace view read.findings_v1 as
    select f.*, c.resolved_position, c.resolved_at,
           p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.reached p, {schema}.findings f
    left join {schema}.closures c on c.finding_position = f.position and c.finding_number = f.number
                                     and c.recorded_until is null
    where p.one;
create or replace view read.stays_v1 as
    select s.person, s.admitted_on, s.left_on, s.left_by, s.country, s.position, s.number, s.recorded_from,
           s.recorded_until,
           p.position as complete_to_position, p.recorded_at as complete_to, s.proof
    from {schema}.stays s, {schema}.reached p where p.one;
create or replace view read.absences_v1 as
    select a.person, a.absent_on, a.ended_on, a.ended_by, a.position, a.number, a.recorded_from,
           a.recorded_until,
           p.position as complete_to_position, p.recorded_at as complete_to, a.proof
    from {schema}.absences a, {schema}.reached p where p.one;
create or replace view read.releases_v1 as
    select r.person, r.release_position, r.released_on, r.state, r.sponsor_category, r.country, r.position,
           r.number, r.recorded_from, r.recorded_until,
           p.position as complete_to_position, p.recorded_at as complete_to, r.proof
    from {schema}.releases r, {schema}.reached p where p.one;
create or replace view read.failures_v1 as
    select f.person, f.failure_position, f.hearing, f.failed_on, f.court_case, f.judge_action, f.position,
           f.number, f.recorded_from, f.recorded_until,
           p.position as complete_to_position, p.recorded_at as complete_to, f.proof
    from {schema}.failures f, {schema}.reached p where p.one;
create or replace view read.closures_v1 as
    select c.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.closures c, {schema}.reached p where p.one;
create or replace view read.parked_v1 as
    select k.child, k.position, k.recorded_at, k.reason,
           (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.parked k where k.left_out_by is null;
create or replace view read.links_v1 as
    select k.*, (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.links k;
create or replace view read.progress_v1 as
    select p.position, p.recorded_at as complete_to, l.zone, l.clock, l.schema_name as version
    from {schema}.reached p, read.ledger l where p.one and l.one;
-- Up to which moment nothing can still be recorded or published that is not in the tables: what an answer about an
-- agency's knowledge reaches to. Entries recorded later than the last one are later still; where the last batch is
-- settled, nothing was recorded up to its stamp but what it covers.
create or replace view read.publishing_v1 as
    select u.batch, u.position, u.published_at, u.settled,
           case when u.published_at is null or p.recorded_at is null then null
                when u.position < p.position then least(u.published_at, p.recorded_at)
                when u.settled and u.position = p.position then greatest(u.published_at, p.recorded_at)
                else p.recorded_at end as complete_to
    from {schema}.publishing u, {schema}.progress p where u.one and p.one;
-- Up to which moment what agencies hold is worked out: figures as known to an agency reach to it.
create or replace view read.holding_v1 as
    select h.batch, h.position,
           case when h.batch = u.batch and u.position = p.position then v.complete_to else h.complete_to end
               as complete_to
    from {schema}.holding h, {schema}.publishing u, {schema}.progress p, read.publishing_v1 v
    where h.one and u.one and p.one;
create or replace view read.disclosures_v1 as
    select d.child, d.position, f.agency, f.number, d.published_at,
           coalesce((d.withheld::jsonb) -> f.agency, '[]') as withheld,
           p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.reached p, {schema}.publications d
    cross join lateral (values ('CBP', d.cbp), ('ICE-ERO', d.ice_ero), ('ICE-OPLA', d.ice_opla), ('ORR', d.orr),
                               ('EOIR', d.eoir), ('USCIS', d.uscis)) as f(agency, number)
    where p.one and f.number is not null;
create or replace view read.publications_v1 as
    select d.*, (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.publications d;
create or replace view read.receipts_v1 as
    select r.*, (select position from {schema}.reached) as complete_to_position,
           (select recorded_at from {schema}.reached) as complete_to
    from {schema}.receipts r;
create or replace view read.reads_v1 as
    select d.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.reads d, {schema}.reached p where p.one;
create or replace view read.duties_v1 as
    select d.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.duties d, {schema}.reached p where p.one;
create or replace view read.waivers_v1 as
    select w.*, p.position as complete_to_position, p.recorded_at as complete_to
    from {schema}.waivers w, {schema}.reached p where p.one;
