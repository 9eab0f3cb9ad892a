-- name: judged
-- The duties that the ledger held at R, each with its state as of `on`: the order of the conditions is that of
-- `judge` in projections/obligations/states.py. A duty to tell is met by the recipient's first moment of knowledge: by what
-- entries say (`met_at`), by a receipt (its numbers are parted into segments, each with the earliest moment that
-- receipts of R give it), or by an answer read, which is found child by child and handed in.
with held as not materialized (
    select d.* from {schema}.duties d
    where d.recorded_from <= %(recorded_by)s and (d.recorded_until is null or d.recorded_until > %(recorded_by)s)
      and (d.happened_at is null or d.happened_at <= %(on)s) {filters}
), told as not materialized (
    select h.person, h.position, h.number, {known_at} as at
    from held h
    cross join lateral unnest(string_to_array(h.to_know, ' ')::bigint[],
                              string_to_array(h.claimed_from, ' ')::timestamptz[]) as k(position, claimed_from)
    join {schema}.publications p on p.position = k.position and p.published_at <= %(recorded_by)s
    where h.dropped_by is null and h.to_know <> ''
), read as materialized (
    select r.person, r.position, r.number, r.known, r.at
    from unnest(%(read_persons)s::uuid[], %(read_positions)s::bigint[], %(read_numbers)s::int[],
                %(read_known)s::bigint[], %(read_at)s::timestamptz[]) as r(person, position, number, known, at)
), signed as materialized (
    select person, position, number, min(at) as at
    from (select * from told union all select r.person, r.position, r.number, r.at from read r) as known
    group by person, position, number
), excused as materialized (
    select w.rule, w.opened_by, w.obliged, array_agg(w.position) as waivers from {schema}.waivers w
    where w.recorded_at <= %(on)s and w.recorded_at <= %(recorded_by)s
    group by w.rule, w.opened_by, w.obliged
), done as not materialized (
    select h.*, e.waivers,
           case when least(h.met_at, s.at) <= %(on)s then least(h.met_at, s.at) end as done_at,
           h.excuse is not null and (s.at is null or h.met_at < s.at) as excused,
           case when h.ended_at <= %(on)s then h.ended_at end as gone_at
    from held h
    left join signed s on s.person = h.person and s.position = h.position and s.number = h.number
    left join excused e on e.rule = h.rule and e.opened_by = h.opened_by and e.obliged = h.obliged
), covered as materialized (
    select c.rule, c.version, c.obliged, c.towards, c.spans
    from unnest(%(covered_rules)s::text[], %(covered_versions)s::int[], %(covered_obliged)s::text[],
                %(covered_towards)s::text[], %(covered_spans)s::tstzmultirange[])
         as c(rule, version, obliged, towards, spans)
), judged as not materialized (
    select d.*, w.waiver,
           case when d.dropped_by is not null then 'withdrawn'
                when not d.measured or (d.to_know is not null and not %(looked)s) then 'not-measurable'
                when d.gone_at is not null and (d.due_at is null or d.gone_at <= d.due_at)
                     and (d.done_at is null or d.gone_at < d.done_at) then 'withdrawn'
                when d.done_at is not null and not d.undated and (d.due_at is null or d.done_at <= d.due_at) then 'met'
                when d.done_at is not null and not d.undated and d.excused then 'waived'
                when w.waiver is not null then 'waived'
                when d.undated then 'undated'
                when d.done_at is not null then 'late'
                when d.due_at is null or %(on)s <= d.due_at then 'open'
                when d.due_at <@ c.spans then 'missed'
                when d.to_know is not null and exists (
                     select from {schema}.publications p
                     join {schema}.entries e on e.child = p.child and e.position = p.position
                     where p.position = d.opened_by and p.published_at <= %(recorded_by)s and {carried} is not null
                       and (p.published_at <= d.due_at
                            or convert_from(e.payload, 'UTF8')::jsonb ->> 'door' <> 'import')) then 'missed'
                else 'not-covered' end as state
    from done d
    left join covered c on c.rule = d.rule and c.version = d.version and c.obliged = d.obliged
                           and c.towards = coalesce(d.towards, '')
    left join lateral (select min(w.position) as waiver from {schema}.waivers w
                       where d.waivers is not null and w.position = any(d.waivers)
                         and (w.towards is null or w.towards = d.towards)) w on true
)

-- name: of_office
-- Whose opening entry this office recorded. The bytes are looked for first: few entries have to be read.
exists (select from {schema}.entries e
        where e.position = d.opened_by and position(%(office_written)s::bytea in e.payload) > 0
          and convert_from(e.payload, 'UTF8')::jsonb -> 'producer' ->> 'office' = %(office)s)

-- name: counts
{judged}
select rule, version, obliged, state, count(*) from judged
where {state} group by rule, version, obliged, state

-- name: page
{judged}
select j.person, j.rule, j.version, j.obliged, j.towards, j.opened_by, j.started, j.zone, j.due_at, j.dropped_by,
       j.dropped_as, j.met_at, j.met_by, j.excuse, j.ended_at, j.ended_by, j.ended_as, j.to_know, w.recorded_at,
       w.position, w.reason_code, w.reason, k.known, k.at, j.heard_at, j.state
from (select * from judged where {state} and {after}
      order by coalesce(due_at, 'infinity'), opened_by, rule, version, obliged collate "C", coalesce(towards, '') collate "C"
      limit %(limit)s) j
left join {schema}.waivers w on w.position = j.waiver
left join lateral (
    select t.known, t.at from (
        select p.position as known, {known_at_of_page} as at
        from unnest(string_to_array(j.to_know, ' ')::bigint[],
                    string_to_array(j.claimed_from, ' ')::timestamptz[]) as k(position, claimed_from)
        join {schema}.publications p on p.position = k.position and p.published_at <= %(recorded_by)s
        where j.dropped_by is null
        union all
        select r.known, r.at from read r
        where r.person = j.person and r.position = j.position and r.number = j.number) t
    where t.at is not null order by t.at, t.known limit 1) k on true
order by coalesce(j.due_at, 'infinity'), j.opened_by, j.rule, j.version, j.obliged collate "C",
         coalesce(j.towards, '') collate "C"

-- name: in_segment
-- The earliest moment that receipts of R give the number of a feed: a claim counts neither before the item was published
-- nor before what it tells of happened (`k.claimed_from`), and the proof by itself. Where a clock was set back, the first
-- receipt may stand before its item was published, and counts for nothing: then a later one does, at whichever level.
case when p.{feed} is null then null else (
    select case when (%(moments_{feed})s::timestamptz[])[s.i] = %(never)s then null
                when (%(proven_{feed})s::timestamptz[])[s.i] > p.published_at
                then least(greatest((%(moments_{feed})s::timestamptz[])[s.i], p.published_at, k.claimed_from),
                           (%(proven_{feed})s::timestamptz[])[s.i])
                else (select min(least(greatest(least(r.at, r.recorded_at), p.published_at, k.claimed_from),
                                       r.recorded_at))
                      from unnest(%(lanes_{feed})s::bigint[]) as l(lane) cross join lateral (
                          (select n.at, n.recorded_at from {schema}.receipts n
                           where n.lane = l.lane and n.step and n.last >= p.{feed} order by n.last limit 1)
                          union all
                          (select n.at, n.recorded_at from {schema}.receipts n
                           where not n.step and int8range(n.lane + n.first, n.lane + n.last, '[]') @> l.lane + p.{feed})
                      ) r where r.recorded_at > p.published_at and r.recorded_at <= %(recorded_by)s) end
    from (select width_bucket(p.{feed}::bigint, %(first_{feed})s::bigint[]) as i) s where s.i > 0) end

-- name: receipts
select r.first, r.last, least(r.at, r.recorded_at), r.recorded_at from {schema}.receipts r
where r.record = %(record)s and r.level = 1 and r.recorded_at <= %(recorded_by)s

-- name: reads
select r.child, r.record, min(r.recorded_at) from {schema}.reads r where r.recorded_at <= %(recorded_by)s
group by r.child, r.record

-- name: links
select k.child, k.other from {schema}.links k

-- name: may_have_read
-- Duties to tell somebody who was served an answer about the child, before it is known to have been told otherwise.
{judged}
select d.person, d.position, d.number, d.towards, d.to_know from done d
join unnest(%(reader_children)s::uuid[], %(reader_agencies)s::text[], %(reader_since)s::timestamptz[])
     as r(child, agency, since) on r.child = d.person and r.agency = d.towards
where d.to_know <> '' and d.dropped_by is null and (d.done_at is null or r.since < d.done_at)

-- name: names
-- Identifiers of records, as far as they had been recorded by R.
select i.child, i.scheme, i.value from {schema}.identifiers i
where i.child = any(%(records)s::uuid[]) and i.recorded_at <= %(recorded_by)s
  and not exists (select from {schema}.released_identifiers r
                  where r.scheme = i.scheme and r.value = i.value and r.position > i.position
                    and r.recorded_at <= %(recorded_by)s)
order by i.position, i.scheme, i.value

-- name: changed
-- Whose duties that an agency is alerted to became others between two moments; waivers and merges among the causes.
-- A coverage that is declared bears on all that was due and not done.
select d.person from {schema}.duties d where d.live and d.recorded_from > %(since)s and d.recorded_from <= %(until)s
union
select d.person from {schema}.duties d where d.live and d.recorded_until > %(since)s and d.recorded_until <= %(until)s
union
select d.person from {schema}.waivers w join {schema}.duties d on d.opened_by = w.opened_by and d.live
where w.recorded_at > %(since)s and w.recorded_at <= %(until)s
union
select d.person from {schema}.duties d
where d.live and d.recorded_until is null and d.dropped_by is null and d.met_at is null and d.due_at <= %(until)s
  and exists (select from {schema}.entries e where e.child = %(ledger)s and e.recorded_at > %(since)s
              and e.recorded_at <= %(until)s and position('.coverage-declared.'::bytea in e.payload) > 0)

-- name: window
-- The moment and position up to which a look takes so many changes at most.
select d.recorded_from, d.position from {schema}.duties d where d.live and d.recorded_from > %(since)s
order by d.recorded_from offset %(most)s limit 1

-- name: moments_to_come
select d.person, min(m.at) from {schema}.duties d
cross join lateral unnest(array[d.happened_at, d.due_at, d.met_at, d.ended_at]) as m(at)
where d.live and d.person = any(%(persons)s::uuid[]) and d.recorded_from <= %(recorded_by)s
  and (d.recorded_until is null or d.recorded_until > %(recorded_by)s) and m.at > %(on)s
group by d.person

-- name: signed_or_read
-- Which agencies signed or read something between two moments.
select a.record from unnest(%(records)s::uuid[]) as a(record)
where exists (select from {schema}.receipts r where r.record = a.record and r.level = 1
              and r.recorded_at > %(since)s and r.recorded_at <= %(until)s)
   or exists (select from {schema}.reads r where r.record = a.record
              and r.recorded_at > %(since)s and r.recorded_at <= %(until)s)

-- name: openings
-- The entries that opened duties, and on which feeds they stand.
select e.position, e.child, e.payload,
       array(select f.agency from {schema}.publications p
             cross join lateral (values ('CBP', p.cbp), ('ICE-ERO', p.ice_ero), ('ICE-OPLA', p.ice_opla),
                                        ('ORR', p.orr), ('EOIR', p.eoir), ('USCIS', p.uscis)) as f(agency, number)
             where p.position = e.position and p.published_at <= %(recorded_by)s and f.number is not null)
from {schema}.entries e
where e.child = any(%(children)s::uuid[]) and e.position = any(%(positions)s::bigint[])
