alter table {schema}.held_stays add primary key (child, number);
alter table {schema}.held_absences add primary key (child, number);
alter table {schema}.held_releases add primary key (child, number);
alter table {schema}.held_failures add primary key (child, number);
alter table {schema}.held_residences add primary key (child, number);
alter table {schema}.irregular add primary key (child);
create index on {schema}.held_residences (happened);
create index on {schema}.held_releases (released_on);
create index on {schema}.held_failures (failed_on);
