create index on {schema}.findings (child);
create index on {schema}.findings (code, position) where resolved_position is null;
create index on {schema}.stays (admitted_on, left_on);
create index on {schema}.absences (absent_on, ended_on);
create index on {schema}.releases (released_on);
create index on {schema}.identifiers (child);
create index on {schema}.current_location (person);
