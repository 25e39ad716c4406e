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
    state   bytea  NOT NULL
);
CREATE INDEX case_state_opened ON case_state (opened);

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

CREATE TABLE introduction (
    mission text   NOT NULL,
    agency  text   NOT NULL, -- the mission itself: its own listing, which takes the place of genesis for it
    number  bigint NOT NULL REFERENCES entry,
    PRIMARY KEY (mission, agency)
);
COMMENT ON TABLE introduction IS 'which listings each foreign mission was given, and by which directory.listed';

CREATE TABLE erasure (
    number bigint PRIMARY KEY REFERENCES entry,
    by     bigint NOT NULL REFERENCES entry,
    record uuid   NOT NULL,
    reason text   NOT NULL
);
COMMENT ON TABLE erasure IS 'sealed records whose payload was destroyed, and the entry that says so';

CREATE TABLE position (
    agency text        PRIMARY KEY,
    number bigint      NOT NULL,
    at     timestamptz NOT NULL
);
COMMENT ON TABLE position IS 'memory: the delivery number that each agency last said it stored, and the time of that message';

GRANT SELECT, INSERT, UPDATE, DELETE ON signer, submission, answer, refusal, case_state, case_entry, chain_head, delivery, deadline, deadline_event, capacity, introduction, erasure, position TO handrail_ledger;

-- +goose Down
DROP TABLE position, erasure, introduction, capacity, deadline_event, deadline, delivery, chain_head, case_entry, case_state, refusal, answer, submission, signer;
