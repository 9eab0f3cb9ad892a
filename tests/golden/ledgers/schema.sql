CREATE SCHEMA ledger;

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'H3: an entry is never changed or removed; record a correction or a void instead';
end $$;

CREATE TABLE ledger.alert_watch (
    person uuid NOT NULL,
    look_at timestamp with time zone,
    awaits text[] NOT NULL
);

CREATE TABLE ledger.alerting (
    one boolean DEFAULT true NOT NULL,
    recorded_by timestamp with time zone NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT alerting_one_check CHECK (one)
);

CREATE TABLE ledger.alerts (
    agency text NOT NULL,
    number bigint NOT NULL,
    rule text NOT NULL,
    opened_by bigint NOT NULL,
    towards text NOT NULL,
    state text NOT NULL,
    person uuid NOT NULL,
    told_at timestamp with time zone NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE ledger.blocked (
    role text NOT NULL,
    child uuid NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE ledger.deferred (
    trigger bigint NOT NULL,
    "position" bigint NOT NULL,
    child uuid NOT NULL,
    deferred_by bigint NOT NULL,
    ended_by bigint,
    left_out boolean DEFAULT false NOT NULL,
    without text[] DEFAULT '{}'::text[] NOT NULL
);

CREATE TABLE ledger.identifiers (
    scheme text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    child uuid NOT NULL,
    released bigint
);

CREATE TABLE ledger.intake_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    cluster_id text,
    topic_id uuid,
    known_end bigint
);

CREATE TABLE ledger.links (
    child uuid NOT NULL,
    other uuid NOT NULL
);

CREATE TABLE ledger.made (
    one boolean DEFAULT true NOT NULL,
    zone text NOT NULL,
    clock text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    former_default_until bigint DEFAULT 0 NOT NULL,
    CONSTRAINT made_one_check CHECK (one)
);

CREATE TABLE ledger.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE ledger.only_alerts (
);

CREATE TABLE ledger.only_feeds (
);

CREATE TABLE ledger.only_projections (
);

CREATE TABLE ledger.only_rebuild (
);

CREATE TABLE ledger.only_relay (
);

CREATE TABLE ledger.outcomes (
    number bigint NOT NULL,
    agency text NOT NULL,
    submission_id text NOT NULL,
    body bytea NOT NULL
);

ALTER TABLE ledger.outcomes ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ledger.outcomes_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ledger.publications (
    number bigint NOT NULL,
    to_position bigint NOT NULL,
    published_at timestamp with time zone NOT NULL,
    last_cbp bigint NOT NULL,
    last_ice_ero bigint NOT NULL,
    last_ice_opla bigint NOT NULL,
    last_orr bigint NOT NULL,
    last_eoir bigint NOT NULL,
    last_uscis bigint NOT NULL,
    offsets jsonb NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE ledger.relay_checkpoint (
    name text NOT NULL,
    "position" bigint NOT NULL,
    kafka_end jsonb NOT NULL,
    topic_id text
);

CREATE TABLE ledger.retries (
    role text NOT NULL,
    child uuid NOT NULL
);

CREATE TABLE ledger.seal (
    one boolean DEFAULT true NOT NULL,
    key bytea NOT NULL,
    begun boolean DEFAULT false NOT NULL,
    CONSTRAINT seal_one_check CHECK (one)
);

CREATE TABLE ledger.set_aside (
    number bigint NOT NULL,
    agency text,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    ce_id text,
    ce_source text,
    reason text NOT NULL,
    value bytea,
    headers bytea NOT NULL,
    set_aside_at timestamp with time zone NOT NULL,
    retried_at timestamp with time zone,
    kind text DEFAULT 'unreadable'::text NOT NULL,
    cluster_id text,
    topic_id uuid,
    last_offset bigint,
    size bigint,
    digest text,
    closed_at timestamp with time zone,
    closed_by text,
    closed_reason text,
    CONSTRAINT set_aside_agency_check CHECK (((agency IS NOT NULL) OR (kind = 'foreign'::text))),
    CONSTRAINT set_aside_kind_check CHECK ((kind = ANY (ARRAY['unreadable'::text, 'fault'::text, 'batch'::text, 'lost'::text, 'foreign'::text])))
);

CREATE TABLE ledger.set_aside_names (
    number bigint NOT NULL,
    agency text NOT NULL,
    scheme text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE ledger.set_aside ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ledger.set_aside_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ledger.settled (
    one boolean DEFAULT true NOT NULL,
    batch bigint NOT NULL,
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT settled_one_check CHECK (one)
);

CREATE TABLE ledger.stored_events (
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text,
    state bytea,
    notification_id bigint NOT NULL
)
WITH (autovacuum_enabled='true', autovacuum_vacuum_threshold='100000000', autovacuum_vacuum_scale_factor='0.5', autovacuum_vacuum_insert_scale_factor='0.5', autovacuum_vacuum_insert_threshold='10000000', autovacuum_analyze_scale_factor='0.2', autovacuum_analyze_threshold='100000');

CREATE SEQUENCE ledger.stored_events_notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE ledger.stored_events_notification_id_seq OWNED BY ledger.stored_events.notification_id;

CREATE TABLE ledger.submissions (
    source text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    "position" bigint,
    refusal jsonb,
    agency text NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE ONLY ledger.stored_events ALTER COLUMN notification_id SET DEFAULT nextval('ledger.stored_events_notification_id_seq'::regclass);

ALTER TABLE ONLY ledger.alert_watch
    ADD CONSTRAINT alert_watch_pkey PRIMARY KEY (person);

ALTER TABLE ONLY ledger.alerting
    ADD CONSTRAINT alerting_pkey PRIMARY KEY (one);

ALTER TABLE ONLY ledger.alerts
    ADD CONSTRAINT alerts_agency_rule_opened_by_towards_state_key UNIQUE (agency, rule, opened_by, towards, state);

ALTER TABLE ONLY ledger.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (agency, number);

ALTER TABLE ONLY ledger.blocked
    ADD CONSTRAINT blocked_pkey PRIMARY KEY (role, child);

ALTER TABLE ONLY ledger.deferred
    ADD CONSTRAINT deferred_pkey PRIMARY KEY (trigger, "position");

ALTER TABLE ONLY ledger.identifiers
    ADD CONSTRAINT identifiers_pkey PRIMARY KEY (scheme, value);

ALTER TABLE ONLY ledger.intake_offsets
    ADD CONSTRAINT intake_offsets_pkey PRIMARY KEY (topic, partition);

ALTER TABLE ONLY ledger.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (child, other);

ALTER TABLE ONLY ledger.made
    ADD CONSTRAINT made_pkey PRIMARY KEY (one);

ALTER TABLE ONLY ledger.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ledger.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ledger.publications
    ADD CONSTRAINT publications_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ledger.relay_checkpoint
    ADD CONSTRAINT relay_checkpoint_pkey PRIMARY KEY (name);

ALTER TABLE ONLY ledger.retries
    ADD CONSTRAINT retries_pkey PRIMARY KEY (role, child);

ALTER TABLE ONLY ledger.seal
    ADD CONSTRAINT seal_pkey PRIMARY KEY (one);

ALTER TABLE ONLY ledger.set_aside_names
    ADD CONSTRAINT set_aside_names_pkey PRIMARY KEY (agency, scheme, value, number);

ALTER TABLE ONLY ledger.set_aside
    ADD CONSTRAINT set_aside_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ledger.settled
    ADD CONSTRAINT settled_pkey PRIMARY KEY (one);

ALTER TABLE ONLY ledger.stored_events
    ADD CONSTRAINT stored_events_pkey PRIMARY KEY (originator_id, originator_version);

ALTER TABLE ONLY ledger.submissions
    ADD CONSTRAINT submissions_pkey PRIMARY KEY (agency, source, id);

CREATE INDEX alert_watch_look_at ON ledger.alert_watch USING btree (look_at);

CREATE INDEX deferred_child_idx ON ledger.deferred USING btree (child);

CREATE INDEX set_aside_keyed ON ledger.set_aside USING btree (agency, ce_source, ce_id) WHERE ((closed_at IS NULL) AND (ce_id IS NOT NULL));

CREATE INDEX set_aside_open ON ledger.set_aside USING btree (agency, ce_source, ce_id) WHERE ((retried_at IS NULL) AND (closed_at IS NULL));

CREATE UNIQUE INDEX set_aside_place ON ledger.set_aside USING btree (topic, cluster_id, topic_id, partition, "offset", digest) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX stored_events_notification_id_idx ON ledger.stored_events USING btree (notification_id);

CREATE TRIGGER entries_are_for_ever BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.stored_events FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ONLY ledger.set_aside_names
    ADD CONSTRAINT set_aside_names_number_fkey FOREIGN KEY (number) REFERENCES ledger.set_aside(number);
