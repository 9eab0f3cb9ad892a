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
from {schema}.parked k where k.recorded_at <= %(recorded_by)s and k.left_out_by is null

-- name: as_recorded
-- What the ledger held at R.
select r.*, false as single from {schema}.{table} r
where r.recorded_from <= %(recorded_by)s and (r.recorded_until is null or r.recorded_until > %(recorded_by)s)

-- name: as_known
-- What an agency held at K by R: of most children by the rows that apply, of the others as they were folded.
select r.child as person, {content}, r.single
from {schema}.held_{table} r
where {held} and not r.child = any(%(folded)s::uuid[])
union all
select f.person, {folded}, false
from jsonb_to_recordset(%(of_folded)s::jsonb->'{table}') as f(person uuid, {typed})

-- name: open_findings
-- Records that carried an open guard finding at R.
select f.child from {schema}.findings f
where f.level = 'guard' and f.recorded_at <= %(recorded_by)s
  and not exists (select from {schema}.closures d
                  where d.finding_position = f.position and d.finding_number = f.number
                    and d.recorded_from <= %(recorded_by)s
                    and (d.recorded_until is null or d.recorded_until > %(recorded_by)s))

-- name: flagged
-- Which of these records carried one.
select k.record from unnest(%(merged)s::uuid[]) as k(record) where exists ({open_findings} and f.child = k.record)

-- name: carries
-- Whether the record of a row `m` carried one.
exists ({open_findings} and f.child = m.person)

-- name: made_up
-- Whether the child of a row `m` is a person whom merges made up of records, one of which carried one.
m.person = any(%(flagged)s::uuid[])

-- name: in_care
select s.person, s.single, s.admitted_on, s.country, away.person is not null as absent,
       concat_ws(' ', s.proof, away.proof) as proof
from ({stays}) s
left join (select a.person, string_agg(a.proof, ' ') as proof from ({absences}) a
           where (a.absent_on is null or a.absent_on <= %(on)s)
             and (a.ended_by is null or a.ended_on > %(on)s) group by a.person) away using (person)
where (s.admitted_on is null or s.admitted_on <= %(on)s)
  and (s.left_by is null or s.left_on > %(on)s)

-- name: released
select r.person, r.single, r.released_on, r.state, r.sponsor_category, r.country, false as absent, r.proof
from ({releases}) r where r.released_on between %(from)s and %(to)s

-- name: failed_to_appear
select r.person, r.single, r.failed_on, r.hearing, r.court_case, r.judge_action, false as absent, r.proof
from ({failures}) r where r.failed_on between %(from)s and %(to)s

-- name: counts
-- Of the rows of a figure that `those` picks: how many, how many children they are of, how many of these are absent. A
-- row is `single` where it is its child's only one; only of the others have children to be told apart.
select a.counted, a.single + (select count(distinct o.person) from unnest(a.others) as o(person)),
       a.absent + (select count(distinct o.person) from unnest(a.absent_others) as o(person))
from (select count(*) as counted, count(*) filter (where m.single) as single,
             array_agg(m.person) filter (where not m.single) as others,
             count(*) filter (where m.single and m.absent) as absent,
             array_agg(m.person) filter (where m.absent and not m.single) as absent_others
      from ({of_figure}) m where {those}) a

-- name: carrying
-- How many children of few rows carried one, each looked up.
with m as materialized (select distinct n.person from ({of_figure}) n) select count(*) from m where {carries}

-- name: by_key
select {key} collate "C" as key, count(*) from ({of_figure}) m where {those} group by key order by key

-- name: list
select {columns} from (select m.*, {carries} or {made_up} as open_findings from ({of_figure}) m) m where {those}
order by position, person

-- name: began
-- When the first entry was recorded.
select e.recorded_at from {schema}.entries e order by e.position limit 1

-- name: undated
select count(*) from ({of_period}) r where r.{day} is null
