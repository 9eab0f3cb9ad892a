-- name: found
-- Nearly every question in one statement, which is a snapshot by itself: how far the tables are, who carries the
-- identifier, every record that a merge statement ever joined to that one (which of them are one person by R is for
-- the fold to say), the identifiers of these records, the first entry of each that could not be applied, and the
-- entries. `offset 0` keeps the planner, which cannot know how few records those are, from joining whole tables.
with recursive root(child, position) as (
    select i.child, i.position from read.identifiers_v1 i where i.scheme = %(scheme)s and i.value = %(value)s
    union all
    select %(child)s::uuid, null::bigint where %(child)s::uuid is not null
), component(child) as (
    select child from root
    union
    select l.other from component c
    cross join lateral (select k.other from read.links_v1 k where k.child = c.child offset 0) l
)
select p.version, p.zone, p.complete_to,
       (select child from root), (select position from root),
       array(select child from component),
       (select coalesce(json_agg(json_build_array(i.scheme, i.value, i.position)
                                 order by i.position, i.scheme, i.value), '[]')
        from component c
        cross join lateral (select * from read.identifiers_v1 n where n.child = c.child offset 0) i),
       (select coalesce(json_agg(json_build_array(k.child, k.position, k.recorded_at, k.reason) order by k.position),
                        '[]')
        from component c
        cross join lateral (select * from read.parked_v1 k where k.child = c.child order by k.position limit 1) k),
       p.clock, e.payloads
from read.progress_v1 p
cross join (
    select array_agg(x.payload) as payloads from component c
    cross join lateral (select n.payload from read.entries_v1 n where n.child = c.child offset 0) x
) e

-- name: parked_carrier
-- An identifier that only parked entries carry stands in no other table; such an entry may be anything but JSON.
select k.child, k.recorded_at, k.payload from {schema}.parked k
where position(%(written)s::bytea in k.payload) > 0
order by k.position

-- name: first_named
select min(e.recorded_at) from {schema}.entries e
where e.child = %(child)s
  and e.position >= coalesce((select i.position from {schema}.identifiers i
                              where i.scheme = %(scheme)s and i.value = %(value)s), 0)

-- name: stated
-- The same, and all that was stated of which these agencies may know, up to a bound that is R or a little more: what
-- was put on their feeds, the receipts that say something new of it, the answers served. A receipt is found by its
-- lane (agency and level, see projections/receipts.py) and number in one.
with recursive root(child, position) as (
    select i.child, i.position from read.identifiers_v1 i where i.scheme = %(scheme)s and i.value = %(value)s
    union all
    select %(child)s::uuid, null::bigint where %(child)s::uuid is not null
), component(child) as (
    select child from root
    union
    select l.other from component c
    cross join lateral (select k.other from read.links_v1 k where k.child = c.child offset 0) l
), put as materialized (
    select d.* from component c
    cross join lateral (select * from read.publications_v1 n
                        where n.child = c.child and n.published_at <= %(bound)s::timestamptz offset 0) d
), keys(key) as (
    select (((f.feed * 4 + l.level)::int8) << 40) + f.number
    from put d
    cross join lateral (values (0, d.cbp), (1, d.ice_ero), (2, d.ice_opla), (3, d.orr), (4, d.eoir), (5, d.uscis))
               as f(feed, number)
    cross join (values (1), (2), (3)) as l(level)
    where f.number is not null and f.feed = any(%(feeds)s::int4[])
)
select p.version, p.zone, p.complete_to,
       (select child from root), (select position from root),
       array(select child from component),
       (select coalesce(json_agg(json_build_array(i.scheme, i.value, i.position)
                                 order by i.position, i.scheme, i.value), '[]')
        from component c
        cross join lateral (select * from read.identifiers_v1 n where n.child = c.child offset 0) i),
       (select coalesce(json_agg(json_build_array(k.child, k.position, k.recorded_at, k.reason) order by k.position),
                        '[]')
        from component c
        cross join lateral (select * from read.parked_v1 k where k.child = c.child order by k.position limit 1) k),
       p.clock, e.payloads,
       (select u.complete_to from read.publishing_v1 u),
       (select coalesce(json_agg(json_build_array(d.position, d.published_at, d.cbp, d.ice_ero, d.ice_opla, d.orr,
                                                  d.eoir, d.uscis, d.withheld, d.unsaid)
                                 order by d.batch, d.item), '[]') from put d),
       (select coalesce(json_agg(json_build_array(k.key, r.level, r.at, r.recorded_at, r.position)), '[]')
        from keys k
        cross join lateral (select * from read.receipts_v1 n
                            where int8range(n.lane + n.first, n.lane + n.last, '[]') @> k.key
                              and n.recorded_at <= %(bound)s::timestamptz offset 0) r),
       (select coalesce(json_agg(json_build_array(d.child, d.record, d.position, d.recorded_at, d.viewpoint, d.known_at,
                                                  d.happened_by, d.recorded_by, d.basis, d.at_least) order by d.position), '[]')
        from component c
        cross join lateral (select * from read.reads_v1 n
                            where n.child = c.child and n.recorded_at <= %(bound)s::timestamptz offset 0) d)
from read.progress_v1 p
cross join (
    select array_agg(x.payload) as payloads from component c
    cross join lateral (select n.payload from read.entries_v1 n where n.child = c.child offset 0) x
) e

-- name: first_of_all
select state from ledger.stored_events order by notification_id limit 1
