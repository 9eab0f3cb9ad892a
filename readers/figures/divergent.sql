-- name: happening_later
-- Children of whom either side knows something that has not happened by K: nobody holds that yet.
select distinct r.child from {schema}.held_residences r
where r.happened > %(known_at)s and (({a}) or ({b}))

-- name: sides
-- By the rows that apply, of which one of a child applies to a side: how many apply to both sides, which then hold the
-- same, how many to one of them only, and how many there are.
select count(*) filter (where s.a and s.b), count(*) filter (where s.a and not s.b),
       count(*) filter (where s.b and not s.a), count(*)
from (select ({a}) as a, ({b}) as b from {schema}.held_residences r where not r.child = any(%(folded)s::uuid[])) s

-- name: pairs
-- Of how many children each side holds a row of its own, and of how many of these both rows say the same.
select count(*), count(*) filter (where x.residence = y.residence)
from (select r.child, r.residence from {schema}.held_residences r
      where not r.child = any(%(folded)s::uuid[]) and ({a}) and not ({b})) x
join (select r.child, r.residence from {schema}.held_residences r
      where not r.child = any(%(folded)s::uuid[]) and ({b}) and not ({a})) y using (child)

-- name: next
-- The next rows that apply to one side only.
select s.child, s.a, s.residence
from (select r.child, ({a}) as a, ({b}) as b, r.residence from {schema}.held_residences r
      where not r.child = any(%(folded)s::uuid[]) and (%(after)s::uuid is null or r.child > %(after)s::uuid)) s
where s.a <> s.b order by {order} limit %(rows)s
