-- name: corrections
-- What was corrected in a period of the ledger clock, in order of position.
select e.position, e.child, e.payload from {schema}.entries e
where e.recorded_at >= %(since)s and e.recorded_at <= %(until)s and e.position > %(after)s
  and position('"type":"custody.correction-issued.'::bytea in e.payload) > 0
order by e.position
