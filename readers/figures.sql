-- name: heading
select p.version, p.zone, p.complete_to, p.clock from read.progress_v1 p

-- name: merge_statements
-- What joined records to persons, and what undid it: few entries, found through the records ever touched by them.
select e.payload from {schema}.entries e
where e.child in (select k.child from {schema}.links k) and e.recorded_at <= %(recorded_by)s
  and (position('"type":"custody.identity-'::bytea in e.payload) > 0
       or position('"type":"custody.entry-voided.'::bytea in e.payload) > 0)
order by e.position

-- name: incomplete
select count(distinct k.child), min(k.recorded_at), (array_agg(k.reason order by k.position))[1]
from {schema}.parked k where k.recorded_at <= %(recorded_by)s

-- name: members
-- What the figure counts, each with its child and whether that child carried an open guard finding at R. Findings
-- are of records; they are told to the persons that the records made up at R.
with flagged as materialized (
    select distinct coalesce(m.person, f.child) as person
    from {schema}.findings f
    left join unnest(%(merged)s::uuid[], %(persons)s::uuid[]) as m(child, person) on m.child = f.child
    where f.level = 'guard' and f.recorded_at <= %(recorded_by)s
      and not exists (select from {schema}.closures d
                      where d.finding_position = f.position and d.finding_number = f.number
                        and d.recorded_from <= %(recorded_by)s
                        and (d.recorded_until is null or d.recorded_until > %(recorded_by)s))
), counted as (
    {of_figure}
), m as materialized (
    select c.*, f.person is not null as open_findings, %(keep_flagged)s or f.person is null as kept
    from counted c left join flagged f on f.person = c.person
)

-- name: in_care
select s.person, s.position, s.admitted_on, s.country,
       exists (select from {schema}.absences a
               where a.person = s.person
                 and a.recorded_from <= %(recorded_by)s
                 and (a.recorded_until is null or a.recorded_until > %(recorded_by)s)
                 and (a.absent_on is null or a.absent_on <= %(on)s)
                 and (a.ended_by is null or a.ended_on > %(on)s)) as absent
from {schema}.stays s
where s.recorded_from <= %(recorded_by)s and (s.recorded_until is null or s.recorded_until > %(recorded_by)s)
  and (s.admitted_on is null or s.admitted_on <= %(on)s)
  and (s.left_by is null or s.left_on > %(on)s)

-- name: released
select r.person, r.release_position as position, r.released_on, r.state, r.sponsor_category, r.country,
       false as absent
from {schema}.releases r
where r.recorded_from <= %(recorded_by)s and (r.recorded_until is null or r.recorded_until > %(recorded_by)s)
  and r.released_on between %(from)s and %(to)s

-- name: counts
-- The first row is of the whole figure, the others of its keys in order.
{members}
select grouping(key) as whole, key, count(*) filter (where kept),
       count(distinct person) filter (where kept),
       count(distinct person) filter (where open_findings),
       count(distinct person) filter (where kept and absent)
from (select m.*, {key} collate "C" as key from m) as keyed
group by grouping sets ((), (key))
order by whole desc, key

-- name: list
{members}
select {columns} from m where kept order by position, person

-- name: undated
select count(*) from {schema}.releases r
where r.recorded_from <= %(recorded_by)s and (r.recorded_until is null or r.recorded_until > %(recorded_by)s)
  and r.released_on is null
