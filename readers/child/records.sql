-- name: of_child
-- How `found` and `stated` begin. Nearly every question about a child is one statement, which is a snapshot by itself:
-- how far the tables are, who carries the identifier now, how many records a merge statement ever joined to that one
-- (which of them are one person by R is for the fold to say), the identifiers of these records, the first entry of each
-- that could not be applied, the entries up to a bound that is R or a little later, and who carried the identifier until
-- it was released (who did by R is for the reader to say). `offset 0` keeps the planner, which cannot know how few those
-- records are, from joining whole tables. Many rows come as arrays, in binary; as JSON only what is rare.
with recursive named as materialized (
    select i.child, i.position, i.recorded_from, i.until_position, i.recorded_until
    from read.identifiers_v2 i where i.scheme = %(scheme)s and i.value = %(value)s
), root(child, position) as (
    select n.child, n.position from named n where n.until_position is null
    union all
    select %(child)s::uuid, null::bigint where %(child)s::uuid is not null
), component(child) as (
    select child from root
    union
    select l.other from component c
    cross join lateral (select k.other from read.links_v1 k where k.child = c.child offset 0) l
), person as materialized (
    select array(select child from component) as records
), found as (
    select p.version, p.zone, p.clock, p.complete_to, r.child, r.position, cardinality(o.records),
           array(select array[i.scheme, i.value, i.position::text, to_json(i.recorded_until)::text]
                 from read.identifiers_v2 i where i.child = any(o.records)),
           array(select distinct on (k.child) json_build_array(k.child, k.position, k.recorded_at, k.reason)::text
                 from read.parked_v1 k where k.child = any(o.records) order by k.child, k.position),
           array(select e.payload from read.entries_v1 e
                 where e.child = any(o.records) and e.recorded_at <= %(bound)s::timestamptz),
           array(select json_build_array(n.child, n.position, n.recorded_from, n.until_position, n.recorded_until)::text
                 from named n where n.until_position is not null order by n.position)
    from read.progress_v1 p
    cross join person o
    left join root r on true
)

-- name: found
select * from found

-- name: parked_carrier
-- An identifier that only parked entries carry stands in no other table; such an entry may be anything but JSON.
select k.child, k.recorded_at, k.payload from {schema}.parked k
where position(%(written)s::bytea in k.payload) > 0 and k.left_out_by is null and k.position > %(after)s
order by k.position

-- name: first_named
select min(e.recorded_at) from {schema}.entries e
where e.child = %(child)s
  and e.position >= coalesce((select min(i.position) from {schema}.identifiers i
                              where i.scheme = %(scheme)s and i.value = %(value)s and i.child = %(child)s), 0)

-- name: stated
-- The same, and all that was stated up to the bound of which some agencies may know: how far publications are, the
-- answers served, what was put on feeds, and the receipts that say something new of that. They are found by lane, an
-- agency at a level (projections/knowledge/receipts.py: lane_of); most lanes are empty. In a lane, steps follow each other without
-- a gap, so the first that ends at a number or behind it is the one; the few other receipts are found by their range.
, put as materialized (
    select d.* from person o
    cross join lateral (
        select n.batch, n.item, n.position, n.published_at, n.cbp, n.ice_ero, n.ice_opla, n.orr, n.eoir, n.uscis,
               n.withheld, n.unsaid
        from read.publications_v1 n
        where n.child = any(o.records) and n.published_at <= %(bound)s::timestamptz offset 0
    ) d
)
select f.*, u.complete_to,
       array(select json_build_array(d.child, d.record, d.position, d.recorded_at, d.viewpoint, d.known_at,
                                     d.happened_by, d.recorded_by, d.basis, d.at_least)::text
             from read.reads_v1 d where d.child = any(o.records) and d.recorded_at <= %(bound)s::timestamptz),
       array(select array[d.batch, d.item, d.position, d.cbp, d.ice_ero, d.ice_opla, d.orr, d.eoir, d.uscis] from put d),
       array(select d.published_at from put d),
       array(select array[d.withheld, d.unsaid] from put d),
       r.*
from found f
cross join person o
cross join read.publishing_v1 u
cross join (
    select array_agg(array[l.lane, d.number, r.position]), array_agg(array[r.at, r.recorded_at])
    from unnest(%(lanes)s::int8[]) l(lane)
    cross join lateral (select from read.receipts_v1 n where n.lane = l.lane
                        order by n.step desc, n.last desc limit 1) signed
    cross join lateral (
        select case l.lane >> 42 when 0 then d.cbp when 1 then d.ice_ero when 2 then d.ice_opla when 3 then d.orr
                                 when 4 then d.eoir when 5 then d.uscis end as number
        from put d offset 0
    ) d
    cross join lateral (
        (select n.at, n.recorded_at, n.position from read.receipts_v1 n
         where n.lane = l.lane and n.step and n.last >= d.number order by n.last limit 1)
        union all
        (select n.at, n.recorded_at, n.position from read.receipts_v1 n
         where not n.step and int8range(n.lane + n.first, n.lane + n.last, '[]') @> l.lane + d.number)
    ) r
    where r.recorded_at <= %(bound)s::timestamptz
) r

-- name: first_of_all
select state from ledger.stored_events order by notification_id limit 1
