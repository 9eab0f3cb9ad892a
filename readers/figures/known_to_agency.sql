-- name: heading
-- Figures as known to an agency reach as far as what agencies hold is worked out.
select p.version, p.zone, h.complete_to, p.clock from read.progress_v1 p, read.holding_v1 h

-- name: told
-- The last number on a feed by a moment. Batches rise in number and stamp; on a driven clock the items of one batch have
-- stamps of their own.
select greatest(
    coalesce((select b.{feed} from {schema}.batches b where b.published_at <= %(moment)s
              order by b.published_at desc, b.batch desc limit 1), 0),
    coalesce((select max(d.{feed}) from {schema}.publications d
              where d.batch = (select b.batch from {schema}.batches b where b.published_at > %(moment)s
                               order by b.published_at, b.batch limit 1)
                and d.published_at <= %(moment)s), 0))

-- name: signed
-- The numbers of its feed that an agency had at a moment, to a grade, by receipts of R or earlier. A receipt recorded by
-- then counts whole; one that was recorded later and claims a time by then counts for what was published by then.
select range_agg(int8range(s.first, s.last, '[]')) from (
    select r.first, case when r.recorded_at <= %(known_at)s then r.last else least(r.last, %(told)s) end as last
    from {schema}.receipts r
    where r.record = %(record)s and r.level = %(level)s and r.recorded_at <= %(recorded_by)s
      and (r.recorded_at <= %(known_at)s or (%(claims)s and r.at <= %(known_at)s))
) s where s.first <= s.last

-- name: reaching
-- The first batch with which a feed has a number: the last numbers of batches never fall, so some twenty looks find it.
with recursive search(low, high) as (
    select 1::int8, (select max(b.batch) from {schema}.batches b)
    union all
    select case when reached then low else middle + 1 end, case when reached then middle else high end
    from (select low, high, (low + high) / 2 as middle,
                 (select b.{feed} from {schema}.batches b where b.batch = (low + high) / 2) >= {number} as reached
          from search where low < high) looked
)
select low as batch from search where low = high

-- name: numbered
-- The records of the items between such numbers of a feed.
select distinct d.child
from unnest(%(first)s::int8[], %(last)s::int8[]) as n(first, last)
cross join lateral ({first_batch}) f
cross join lateral ({last_batch}) l
join {schema}.publications d on d.batch between f.batch and l.batch and d.{feed} between n.first and n.last

-- name: ahead
-- The records of items that an agency of a group had, and those who lead the group not: it was ahead of them on its feed.
select distinct d.child
from (select max(s.batch) as batch from ({first_batches}) s) f, ({last_batch}) l, {schema}.publications d
where d.batch between f.batch and l.batch and d.{feed} <= %(up_to)s and not coalesce({led}, false)

-- name: out_of_order
-- Children of whom no row says what these agencies hold: merged records, those that projections found irregular, and
-- records made anew whose rows are still to be worked out.
select k.child from {schema}.links k
union
select a.child from {schema}.held_again a
union
select i.child from {schema}.irregular i
where (i.always & %(bit)s) <> 0 or (%(told)s and (i.told & %(bit)s) <> 0)

-- name: reads
-- Answers served to these agencies, the distinct questions of each child that can teach them something.
select distinct r.child from {schema}.reads r
where r.record = any(%(records)s::uuid[]) and r.recorded_at <= %(recorded_by)s
  and not (r.viewpoint = any(%(teach_nothing)s::text[]) and r.at_least = any(%(as_sure)s::text[])
           and (r.basis = 'proven' or %(claims)s))
