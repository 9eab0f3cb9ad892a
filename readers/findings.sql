-- name: heading
select p.complete_to from read.progress_v1 p

-- name: findings
select f.position, f.code, f.level, f.message, f.child,
       (select i.scheme || ':' || i.value from read.identifiers_v1 i
        where i.child = f.child order by i.position, i.scheme, i.value limit 1),
       f.type, f.agency, f.office, f.recorded_at, f.resolved_position, f.resolved_at
from read.findings_v1 f
where (%(agencies)s::text[] is null or f.agency = any(%(agencies)s))
  and (%(office)s::text is null or f.office = %(office)s)
  and (%(code)s::text is null or f.code = %(code)s)
  and (not %(open)s or f.resolved_position is null)
order by f.position, f.number

-- name: has_office
select exists (select 1 from read.findings_v1 f where f.office = %(office)s)
