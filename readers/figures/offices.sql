-- name: has_office
-- The bytes are looked for first: few entries have to be read.
select exists (select from read.entries_v1 e
               where position(%(written)s::bytea in e.payload) > 0
                 and convert_from(e.payload, 'UTF8')::jsonb -> 'producer' ->> 'office' = %(office)s)

-- name: offices
select distinct convert_from(e.payload, 'UTF8')::jsonb -> 'producer' ->> 'office' from read.entries_v1 e
where convert_from(e.payload, 'UTF8')::jsonb -> 'producer' ->> 'office' is not null
