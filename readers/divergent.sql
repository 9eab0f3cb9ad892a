-- name: happening_later
-- Children of whom either side knows something that has not happened by K: nobody holds that yet.
select distinct r.child from {schema}.held_residences r
where r.happened > %(known_at)s and (({a}) or ({b}))

-- name: apart
-- By the rows that apply, of which one of a child applies to a side: of how many children the two sides hold different
-- residences, of how many either holds one, and the next children of the list. Where one row applies to both sides,
-- they hold the same.
with s as materialized (
    select r.child, r.residence, ({a}) as a, ({b}) as b from {schema}.held_residences r
    where not r.child = any(%(folded)s::uuid[]) and (({a}) or ({b}))
), d as materialized (
    select s.child, max(s.residence collate "C") filter (where s.a) as a,
           max(s.residence collate "C") filter (where s.b) as b
    from s where s.a <> s.b group by s.child
)
select n.apart, n.either + (select count(*) from s where s.a and s.b),
       (select coalesce(json_agg(json_build_array(p.child, p.a, p.b)), '[]')
        from (select * from d where d.a is distinct from d.b and (%(after)s::uuid is null or d.child > %(after)s::uuid)
              order by d.child limit %(limit)s) p)
from (select count(*) filter (where d.a is distinct from d.b) as apart, count(*) as either from d) n
