-- One row a fact, agency and period. `known_from` and `known_until` by grade: told, delivered.
create temporary table recorded as
select t.child, t.position, t.entry->'producer'->>'agency' as agency, t.entry->>'type' as type, t.entry->'fact' as fact,
       coalesce((t.entry->>'occurred_at')::timestamptz, '-infinity') as valid_from, t.recorded_at
from (select child, position, recorded_at, entry from read.timeline_v1 offset 0) t
where t.entry->>'child' is not null;
analyze recorded;
create table bitemporal as
with had as (
    select child, position, agency, array[recorded_at, recorded_at] as known_from, '[]'::jsonb as withheld from recorded
    union all
    select d.child, d.position, d.agency, array[d.published_at, r.recorded_at], d.withheld
    from read.disclosures_v1 d
    left join lateral (
        select n.recorded_at from read.receipts_v1 n
        where n.lane = (array_position(array['CBP', 'ICE-ERO', 'ICE-OPLA', 'ORR', 'EOIR', 'USCIS'], d.agency) * 4 - 3)
                       * (2::bigint ^ 40)::bigint
          and n.step and n.last >= d.number order by n.last limit 1
    ) r on true
), facts as (
    select h.child, h.agency, h.position, e.type, e.valid_from, h.known_from, h.withheld,
           e.fact - array(select jsonb_array_elements_text(h.withheld)) as fact
    from had h
    join recorded e using (child, position)
), corrections as (
    select c.child, c.agency, (c.fact->>'corrects')::bigint as corrects, c.known_from,
           (c.fact->'set') - array(select substr(w, 5) from jsonb_array_elements_text(c.withheld) w) as set
    from facts c
    where c.type = 'custody.correction-issued.v1' and c.fact ? 'corrects'
)
select f.child, f.agency, f.position, f.type, f.fact, f.valid_from, f.known_from,
       array[coalesce(c.known_from[1], 'infinity'), coalesce(c.known_from[2], 'infinity')] as known_until
from facts f
left join corrections c on c.child = f.child and c.agency = f.agency and c.corrects = f.position
union all
select f.child, f.agency, f.position, f.type, f.fact || c.set, f.valid_from,
       array(select case when o is not null and n is not null then greatest(o, n) end
             from unnest(f.known_from, c.known_from) with ordinality as both_known(o, n, grade) order by grade),
       array['infinity', 'infinity']::timestamptz[]
from facts f
join corrections c on c.child = f.child and c.agency = f.agency and c.corrects = f.position;
create index on bitemporal (child, agency);
analyze bitemporal;
