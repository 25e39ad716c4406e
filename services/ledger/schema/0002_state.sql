-- What the ledger derives from the log to judge and deliver quickly; it trusts these rows while it runs. An auditor's
-- verification compares case_state with a fold of the case's entries, and checks the links that chain_head gave them.
-- Nothing else here is compared outside this repository's tests: a changed deadline, signer or delivery row shows when
-- what follows from it is wrong. submission, answer, refusal and position are the ledger's own memory of what it
-- answered and was told, which no fold can give.

-- +goose Up
CREATE TABLE signer (
    key    text   PRIMARY KEY,
    agency text   NOT NULL,
    next   bigint NOT NULL CHECK (next >= 1)
);
COMMENT ON TABLE signer IS 'the sequence that is expected next of each signing key';

CREATE TABLE submission (
    agency text   NOT NULL,
    id     uuid   NOT NULL,
    number bigint NOT NULL REFERENCES entry,
    digest bytea  NOT NULL,
    PRIMARY KEY (agency, id)
);
COMMENT ON TABLE submission IS 'memory: ids of correctly signed events, so that an id has one answer';

CREATE TABLE answer (
    agency text   NOT NULL,
    digest bytea  NOT NULL,
    number bigint NOT NULL REFERENCES entry,
    leaf   integer NOT NULL, -- place in the entry's flood of refusals; 0 if it is none
    PRIMARY KEY (agency, digest)
);
COMMENT ON TABLE answer IS 'memory: digest of everything answered, so that the same submission gets the same answer, also one whose signature is broken';

CREATE TABLE refusal (
    number      bigint  NOT NULL REFERENCES entry,
    leaf        integer NOT NULL, -- place in the entry's flood of refusals; 0 if it is none
    id          text    NOT NULL,
    sequence    text    NOT NULL,
    reason      text    NOT NULL,
    digest_salt bytea   NOT NULL,
    rule        text    NOT NULL,
    pointer     text    NOT NULL,
    digest      bytea   NOT NULL, -- salted, of the submission
    path        bytea   NOT NULL, -- hashes of 32 bytes, from the refusal to the root of its flood; empty if it is none
    PRIMARY KEY (number, leaf)
);
COMMENT ON TABLE refusal IS 'memory: what the answer to a refused submission says beyond its entry';

CREATE TABLE case_state (
    case_id uuid   PRIMARY KEY,
    opened  bigint NOT NULL REFERENCES entry,
    state   bytea  NOT NULL,
    said    timestamptz NOT NULL -- admission of its last statement: retention counts from it
);
-- +goose StatementBegin
DO $$ BEGIN
    ALTER TABLE case_state ALTER COLUMN state SET COMPRESSION lz4; -- it is written with every statement, and pglz takes half of that
EXCEPTION WHEN feature_not_supported THEN NULL; -- a server built without lz4
END $$;
-- +goose StatementEnd
CREATE INDEX case_state_opened ON case_state (opened);
CREATE INDEX case_state_said ON case_state (said);

CREATE TABLE case_entry (
    case_id uuid   NOT NULL,
    number  bigint NOT NULL REFERENCES entry,
    PRIMARY KEY (case_id, number)
);
COMMENT ON TABLE case_entry IS 'entries of a case in order, refused ones included when their sender was authenticated';

CREATE TABLE chain_head (
    case_id uuid   NOT NULL,
    chain   text   NOT NULL,
    number  bigint NOT NULL REFERENCES entry,
    leaf    bytea  NOT NULL,
    PRIMARY KEY (case_id, chain)
);
COMMENT ON TABLE chain_head IS 'last entry of each visibility chain';

CREATE TABLE delivery (
    recipient text   NOT NULL,
    number    bigint NOT NULL CHECK (number >= 1),
    kind      text   NOT NULL CHECK (kind IN ('event', 'receipt', 'refusal')),
    entry     bigint NOT NULL REFERENCES entry,
    leaf      integer NOT NULL, -- place in the entry's flood of refusals; 0 if it is none
    PRIMARY KEY (recipient, number)
);
CREATE INDEX delivery_entry ON delivery (entry);
COMMENT ON TABLE delivery IS 'contiguous numbers from 1 per recipient';

CREATE TABLE deadline (
    case_id  uuid        NOT NULL,
    entry    bigint      NOT NULL REFERENCES entry,
    rule     text        NOT NULL,
    agency   text        NOT NULL,
    referral text        NOT NULL, -- empty where the clock is of no referral: one withdrawal may end two
    due      timestamptz NOT NULL,
    look     timestamptz,          -- when the hub must look at it next; null: nothing of it is to come
    state    text        NOT NULL,
    PRIMARY KEY (case_id, entry, rule, agency, referral)
);
CREATE INDEX deadline_look ON deadline (look) WHERE look IS NOT NULL;
COMMENT ON TABLE deadline IS 'clocks of a case as of its last entry';

CREATE TABLE deadline_event (
    case_id  uuid   NOT NULL,
    entry    bigint NOT NULL REFERENCES entry,
    rule     text   NOT NULL,
    agency   text   NOT NULL,
    referral text   NOT NULL, -- as in deadline
    type     text   NOT NULL,
    said     bigint NOT NULL REFERENCES entry,
    PRIMARY KEY (case_id, entry, rule, agency, referral, type)
);
COMMENT ON TABLE deadline_event IS 'each deadline.due-soon and deadline.missed and the entry that says so: the key lets the hub say each once';

CREATE TABLE capacity (
    agency text   NOT NULL,
    number bigint NOT NULL REFERENCES entry,
    PRIMARY KEY (agency, number)
);
COMMENT ON TABLE capacity IS 'each capacity.published; the newest of an agency counts, an auditor asks for the one that counted at an entry';

CREATE TABLE directory_entry (
    number   bigint  PRIMARY KEY REFERENCES entry,
    agency   text    NOT NULL, -- the event's subject
    type     text    NOT NULL,
    everyone boolean NOT NULL -- every agency but foreign missions has it; otherwise one mission alone
);
COMMENT ON TABLE directory_entry IS 'each entry of the directory, genesis first: folding them gives it';

CREATE TABLE held (
    number    bigint PRIMARY KEY REFERENCES entry,
    case_id   uuid   NOT NULL,
    recipient text   NOT NULL,
    key       text   NOT NULL -- id of the sealing key
);
CREATE INDEX held_for ON held (recipient, key);
COMMENT ON TABLE held IS 'sealed records that wait to be released or erased';

CREATE TABLE erasure (
    number bigint PRIMARY KEY REFERENCES entry,
    by     bigint NOT NULL REFERENCES entry,
    record uuid   NOT NULL,
    reason text   NOT NULL
);
COMMENT ON TABLE erasure IS 'sealed records whose payload was destroyed, and the entry that says so';

CREATE TABLE reading (
    number   bigint PRIMARY KEY REFERENCES entry,
    auditor  text        NOT NULL,
    what     text        NOT NULL,
    case_id  uuid,
    agency   text,
    at       timestamptz NOT NULL
);
CREATE INDEX reading_case ON reading (case_id, number) WHERE case_id IS NOT NULL;
COMMENT ON TABLE reading IS 'each trail.read: what an auditor may then ask for, and who read a case';

CREATE TABLE retired (
    case_id   uuid   PRIMARY KEY,
    number    bigint NOT NULL REFERENCES entry,
    destroyed timestamptz -- when retention destroyed openings and payloads; null: it is still to
);
COMMENT ON TABLE retired IS 'cases whose retention ended, and the entry that says so; nothing can be said in them any more';

CREATE TABLE destroyed (
    number bigint PRIMARY KEY REFERENCES entry,
    by     bigint NOT NULL REFERENCES entry
);
COMMENT ON TABLE destroyed IS 'entries whose openings and payloads retention destroyed, and the retention.ended that counts them';

CREATE TABLE witness_reset (
    agency text   NOT NULL,
    number bigint NOT NULL REFERENCES entry,
    size   bigint NOT NULL REFERENCES checkpoint,
    PRIMARY KEY (agency, number)
);
COMMENT ON TABLE witness_reset IS 'each witness.reset, and the size from which that witness goes on';

CREATE TABLE position (
    agency text        PRIMARY KEY,
    number bigint      NOT NULL,
    at     timestamptz NOT NULL
);
COMMENT ON TABLE position IS 'memory: the delivery number that each agency last said it stored, and the time of that message';

GRANT SELECT, INSERT, UPDATE, DELETE ON signer, submission, answer, refusal, case_state, case_entry, chain_head, delivery, deadline, deadline_event, capacity, erasure, held, position TO handrail_ledger;
GRANT SELECT, INSERT ON reading, retired, witness_reset, directory_entry TO handrail_ledger;
GRANT SELECT ON destroyed TO handrail_ledger;
GRANT SELECT ON retired TO handrail_retention;

-- Of openings and payloads nobody may delete what no entry gives up: an opening goes with its case's retention.ended, a
-- payload with that or with a record.erased. Whoever holds the retention role could take these triggers away, which
-- needs ALTER TABLE and cannot happen by mistake; the log shows what is missing either way.
-- +goose StatementBegin
CREATE FUNCTION given_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM FROM public.destroyed WHERE number = OLD.number;
        IF FOUND THEN
            RETURN OLD;
        END IF;
        PERFORM FROM public.erasure WHERE number = OLD.number;
        IF FOUND AND TG_TABLE_NAME = 'payload' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'no entry gives this up: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER opening_given_up BEFORE UPDATE OR DELETE ON opening FOR EACH ROW EXECUTE FUNCTION given_up();
CREATE TRIGGER payload_given_up BEFORE UPDATE OR DELETE ON payload FOR EACH ROW EXECUTE FUNCTION given_up();
CREATE TRIGGER opening_not_at_once BEFORE TRUNCATE ON opening FOR EACH STATEMENT EXECUTE FUNCTION given_up();
CREATE TRIGGER payload_not_at_once BEFORE TRUNCATE ON payload FOR EACH STATEMENT EXECUTE FUNCTION given_up();

-- Destroys what is stored of a retired case: the openings and payloads that its retention.ended counts, and what is
-- derived of them and holds its facts. It gives how many openings went. Which they are is derived, and what is gone is
-- gone: so the retention.ended itself must name the case, and commit to just these leaves.
-- +goose StatementBegin
CREATE FUNCTION destroy_case(gone uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended    bigint;
    said     jsonb;
    leaves   text;
    openings bigint;
BEGIN
    SELECT number INTO ended FROM public.retired WHERE case_id = gone FOR UPDATE;
    IF ended IS NULL THEN
        RAISE EXCEPTION 'the retention of this case has not ended' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT convert_from(p.data, 'UTF8')::jsonb INTO said FROM public.opening o JOIN public.payload p USING (number)
    WHERE number = ended AND position(E'\nce-type org.handrail.retention.ended.v1\n' IN convert_from(o.entry, 'UTF8')) > 0;
    SELECT encode(sha256(convert_to(coalesce(string_agg(e.number || ' ' || encode(e.leaf_hash, 'hex') || E'\n', '' ORDER BY e.number), ''), 'UTF8')), 'hex') INTO leaves
    FROM public.case_entry c JOIN public.entry e USING (number) WHERE c.case_id = gone AND c.number < ended;
    IF said IS NULL OR said ->> 'case' IS DISTINCT FROM gone::text OR said ->> 'leaves' IS DISTINCT FROM leaves THEN
        RAISE EXCEPTION 'entry % does not end the retention of what is stored as this case: nothing of it is destroyed', ended USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.destroyed (number, by) SELECT c.number, ended FROM public.case_entry c WHERE c.case_id = gone AND c.number < ended ON CONFLICT DO NOTHING;
    DELETE FROM public.payload WHERE number IN (SELECT c.number FROM public.case_entry c WHERE c.case_id = gone AND c.number < ended);
    DELETE FROM public.opening WHERE number IN (SELECT c.number FROM public.case_entry c WHERE c.case_id = gone AND c.number < ended);
    GET DIAGNOSTICS openings = ROW_COUNT;
    DELETE FROM public.held WHERE number IN (SELECT c.number FROM public.case_entry c WHERE c.case_id = gone AND c.number < ended);
    DELETE FROM public.refusal WHERE number IN (SELECT c.number FROM public.case_entry c WHERE c.case_id = gone AND c.number < ended);
    DELETE FROM public.case_state WHERE case_id = gone;
    DELETE FROM public.chain_head WHERE case_id = gone;
    DELETE FROM public.deadline WHERE case_id = gone;
    DELETE FROM public.deadline_event WHERE case_id = gone;
    UPDATE public.retired SET destroyed = now() WHERE case_id = gone AND destroyed IS NULL;
    RETURN openings;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION destroy_case(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION destroy_case(uuid) TO handrail_retention;

-- Rewrites a derived table, so that no deleted row stays in its file. CLUSTER and not VACUUM FULL, because a function
-- may run it, and the retention role does not own these tables: it could invent the state of a case.
-- +goose StatementBegin
CREATE FUNCTION rewrite_derived(which text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF which NOT IN ('case_state', 'chain_head', 'deadline', 'deadline_event', 'refusal') THEN
        RAISE EXCEPTION '% is no table of what is derived of a case', which USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('CLUSTER public.%I USING %I', which, which || '_pkey');
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION rewrite_derived(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rewrite_derived(text) TO handrail_retention;

-- +goose Down
DROP FUNCTION rewrite_derived(text);
DROP FUNCTION destroy_case(uuid);
DROP TRIGGER opening_given_up ON opening;
DROP TRIGGER payload_given_up ON payload;
DROP TRIGGER opening_not_at_once ON opening;
DROP TRIGGER payload_not_at_once ON payload;
DROP FUNCTION given_up();
DROP TABLE position, witness_reset, destroyed, retired, reading, erasure, held, directory_entry, capacity, deadline_event, deadline, delivery, chain_head, case_entry, case_state, refusal, answer, submission, signer;
