-- The log: what was said, once and for ever. The service may add rows and read them; a trigger stops everyone else.
-- An attacker who controls the ledger role can append what the sequencer would sign, and cannot change or remove an
-- entry, a node or a checkpoint. The owner could; witnesses and receipts outside this database show it.

-- +goose Up
CREATE TABLE log_identity (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    origin            text    NOT NULL,
    vkey              text    NOT NULL,
    genesis           bytea   NOT NULL CHECK (octet_length(genesis) = 32),
    system_identifier bigint  NOT NULL,
    timeline          integer NOT NULL
);
COMMENT ON TABLE log_identity IS 'which log this is, and on which Postgres cluster and timeline it was founded: signing stops when they change';

CREATE TABLE entry (
    number    bigint PRIMARY KEY CHECK (number >= 0),
    leaf_hash bytea  NOT NULL CHECK (octet_length(leaf_hash) = 32),
    mac       bytea  NOT NULL CHECK (octet_length(mac) = 32) -- of the leaf, which is a version tag and this
);
COMMENT ON TABLE entry IS 'opaque leaves and their RFC 6962 hashes, contiguous from 0; the primary key fences a second writer';

CREATE TABLE opening (
    number bigint PRIMARY KEY REFERENCES entry,
    salt   bytea  NOT NULL CHECK (octet_length(salt) = 32),
    entry  bytea  NOT NULL
);
COMMENT ON TABLE opening IS 'salt and entry bytes behind a leaf; belongs to retention, which destroys it when its time has come';

CREATE TABLE payload (
    number bigint PRIMARY KEY REFERENCES entry,
    data   bytea  NOT NULL
);
COMMENT ON TABLE payload IS 'data of admitted events as received; belongs to retention';
ALTER TABLE payload ALTER COLUMN data SET STORAGE EXTERNAL; -- ciphertext does not compress

CREATE TABLE node (
    level smallint NOT NULL CHECK (level >= 1),
    index bigint   NOT NULL CHECK (index >= 0),
    hash  bytea    NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
);
COMMENT ON TABLE node IS 'root of each completed subtree of 256^level leaves';

CREATE TABLE checkpoint (
    size     bigint      PRIMARY KEY CHECK (size > 0),
    note     bytea       NOT NULL,
    admitted timestamptz NOT NULL
);
COMMENT ON TABLE checkpoint IS 'one signed note per transaction that appended; admitted is the admission time of its last entry';

CREATE TABLE cosignature (
    size    bigint      NOT NULL REFERENCES checkpoint,
    agency  text        NOT NULL,
    line    bytea       NOT NULL, -- signature line of the note, with its line end
    at      timestamptz NOT NULL,
    PRIMARY KEY (size, agency)
);
CREATE INDEX cosignature_newest ON cosignature (agency, size);
COMMENT ON TABLE cosignature IS 'what agencies cosigned as witnesses (C2SP tlog-cosignature); outside the log, each line proves itself';

CREATE TABLE contradiction (
    size     bigint      NOT NULL CHECK (size > 0),
    root     bytea       NOT NULL CHECK (octet_length(root) = 32),
    note     bytea       NOT NULL,
    agency   text        NOT NULL,
    at       timestamptz NOT NULL,
    accepted timestamptz,
    PRIMARY KEY (size, root)
);
COMMENT ON TABLE contradiction IS 'checkpoints that witnesses showed, signed by the log key and not of this log: while one is not accepted, nothing is signed';

-- +goose StatementBegin
CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER entry_append_only      BEFORE UPDATE OR DELETE OR TRUNCATE ON entry      FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER node_append_only       BEFORE UPDATE OR DELETE OR TRUNCATE ON node       FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();

CREATE TRIGGER cosignature_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();

-- The one deletion that cannot wait for retention: a held record that nobody will read is destroyed in the transaction
-- that logs its record.erased. The function checks both: the erasing entry is of this very transaction, and it names
-- the sealed record. So whoever controls the ledger role can destroy no payload without an entry that says so.
-- +goose StatementBegin
CREATE FUNCTION erase_payload(sealed bigint, erased bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    erasing text;
    record  text;
BEGIN
    SELECT convert_from(o.entry, 'UTF8'), convert_from(p.data, 'UTF8')::jsonb ->> 'record' INTO erasing, record
    FROM public.entry e JOIN public.opening o USING (number) JOIN public.payload p USING (number)
    WHERE e.number = erased AND e.xmin = pg_current_xact_id()::xid;
    IF erasing IS NULL OR record IS NULL OR position(E'\nce-type org.handrail.record.erased.v1\n' IN erasing) = 0 THEN
        RAISE EXCEPTION 'entry % of this transaction does not say that a record is erased', erased USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM public.opening o
    WHERE o.number = sealed
      AND convert_from(o.entry, 'UTF8') ~ E'\nce-type org\\.handrail\\.(record\\.sealed|referral\\.asked|referral\\.answered)\\.v1\n'
      AND position(E'\nce-id ' || record || E'\n' IN convert_from(o.entry, 'UTF8')) > 0;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry % is not the record that entry % erases', sealed, erased USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM public.payload WHERE number = sealed;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION erase_payload(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_payload(bigint, bigint) TO handrail_ledger;

-- For the owner alone, by hand, after the last checkpoint was compared with what agencies and witnesses hold. What a
-- witness proved to be lost it gives up: the parties must have agreed on that.
-- +goose StatementBegin
CREATE FUNCTION accept_history() RETURNS void LANGUAGE sql AS $$
    UPDATE log_identity SET
        system_identifier = (SELECT system_identifier FROM pg_control_system()),
        timeline = ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int;
    UPDATE contradiction SET accepted = now() WHERE accepted IS NULL
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION accept_history() FROM PUBLIC;

GRANT SELECT, INSERT ON log_identity, entry, opening, payload, node, checkpoint, cosignature, contradiction TO handrail_ledger;
-- Openings and payloads belong to retention: only a table's owner may rewrite it, and a deleted row stays in the file
-- until then. What it may delete of them the next file says.
GRANT CREATE ON SCHEMA public TO handrail_retention; -- asked for at this moment only
ALTER TABLE opening OWNER TO handrail_retention;
ALTER TABLE payload OWNER TO handrail_retention;
REVOKE CREATE ON SCHEMA public FROM handrail_retention;
GRANT SELECT, DELETE ON opening, payload TO handrail_owner; -- for erase_payload, which runs as the owner

-- +goose Down
DROP FUNCTION accept_history();
DROP FUNCTION erase_payload(bigint, bigint);
DROP TABLE contradiction, cosignature, checkpoint, node, payload, opening, entry, log_identity;
DROP FUNCTION log_is_append_only();
