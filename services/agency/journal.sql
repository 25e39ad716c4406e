-- The agency's journal. The service runs this at every start; it changes nothing that exists.

CREATE TABLE IF NOT EXISTS meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- What this agency said, in its order. A row stays for ever: it is the agency's own history once it is answered.
CREATE TABLE IF NOT EXISTS outbox (
    position   INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL,             -- id of the signing key that the sequence counts for
    sequence   INTEGER NOT NULL CHECK (sequence > 0),
    id         TEXT    NOT NULL UNIQUE,      -- identity: one event per id, for ever
    attributes TEXT    NOT NULL,             -- JSON, as signed
    data       BLOB    NOT NULL,             -- the bytes that are signed
    stored     INTEGER NOT NULL,             -- nanoseconds since 1970
    answered   INTEGER,                      -- delivery number of the receipt or refusal
    admitted   INTEGER,                      -- 1 receipt, 0 refusal
    UNIQUE (key, sequence)
) STRICT;

CREATE INDEX IF NOT EXISTS outbox_unanswered ON outbox (position) WHERE answered IS NULL;

-- What the hub delivered, as received: one contiguous numbering from 1.
CREATE TABLE IF NOT EXISTS inbox (
    number   INTEGER PRIMARY KEY CHECK (number > 0),
    header   TEXT    NOT NULL,               -- JSON of every header
    data     BLOB    NOT NULL,               -- empty once erased
    received INTEGER NOT NULL,
    record   TEXT,                           -- a sealed record's id; only so that it can be found
    erased   TEXT,                           -- when a sealed record was erased: JSON of its protected header
    aside    INTEGER NOT NULL                -- 1: it did not verify when it came; it is not believed until a copy does
) STRICT;

CREATE INDEX IF NOT EXISTS inbox_record ON inbox (record) WHERE record IS NOT NULL;

-- Checkpoints that deliveries came with and that are not yet known to be of the log that this agency cosigns. A row goes when it is known.
CREATE TABLE IF NOT EXISTS unconnected (
    size     INTEGER NOT NULL,
    root     BLOB    NOT NULL,
    delivery INTEGER NOT NULL,               -- the first that came with it; 0: the hub published it
    signed   BLOB    NOT NULL,               -- as the log signed it
    since    INTEGER NOT NULL,
    PRIMARY KEY (size, root)
) STRICT;

-- What was found against the log, with what proves it. A row stays for ever; it is over when the agency's people reset the witness.
CREATE TABLE IF NOT EXISTS finding (
    position INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    which    TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    ours     BLOB    NOT NULL,               -- the checkpoint that this agency cosigned
    theirs   BLOB    NOT NULL,               -- the one that does not go with it, as it came
    at       INTEGER NOT NULL,
    over     INTEGER
) STRICT;

CREATE UNIQUE INDEX IF NOT EXISTS finding_open ON finding (name, which) WHERE over IS NULL;

-- Who of the agency's people made its witness begin anew. The log has the same without the person.
CREATE TABLE IF NOT EXISTS ceremony (
    event   TEXT    PRIMARY KEY,             -- id of the witness.reset
    staff   TEXT    NOT NULL,
    because TEXT    NOT NULL,
    size    INTEGER NOT NULL,
    root    TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- Deliveries of a history of the log that the parties agreed to leave: their signed headers, as proof.
CREATE TABLE IF NOT EXISTS turned_back (
    event  TEXT    NOT NULL,                 -- id of the witness.reset
    number INTEGER NOT NULL,
    header TEXT    NOT NULL,
    PRIMARY KEY (event, number)
) STRICT;

-- Sections of personal data that wait to be sealed. They leave this file only sealed to one agency's key, and go when they expire or the case is closed.
CREATE TABLE IF NOT EXISTS drafts (
    case_id TEXT    NOT NULL,
    section TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    stored  INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (case_id, section)
) STRICT;

-- Questions that a form did not establish. Hints are codes for the answer's first suggestion, never personal data.
CREATE TABLE IF NOT EXISTS tasks (
    id       TEXT    PRIMARY KEY,
    case_id  TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    hints    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    answered INTEGER,                        -- when it was last answered; how the case stands says whether it is asked again
    outcome  TEXT,                           -- JSON: the ids of the events that the last answer made
    UNIQUE (case_id, kind)
) STRICT;

-- Every read of a sealed section, written with its record.opened before the section is decrypted.
CREATE TABLE IF NOT EXISTS readlog (
    position INTEGER PRIMARY KEY,
    record   TEXT    NOT NULL,
    case_id  TEXT    NOT NULL,
    section  TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    purpose  TEXT    NOT NULL,
    basis    TEXT    NOT NULL,
    reader   TEXT    NOT NULL,               -- a code within the role; empty if none was given
    at       INTEGER NOT NULL
) STRICT;

-- Forms that were filed. Name and digest are keyed with a secret of this journal, so that neither gives a form away.
CREATE TABLE IF NOT EXISTS filed (
    name    TEXT    PRIMARY KEY,
    digest  TEXT    NOT NULL,
    case_id TEXT    NOT NULL,
    answer  TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- Requests of the agency's own systems that were answered under an idempotency key. Key and request are keyed like forms.
CREATE TABLE IF NOT EXISTS once (
    name   TEXT    PRIMARY KEY,
    digest TEXT    NOT NULL,
    answer TEXT    NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- Deliveries that the webhook got as damaged: each is posted once more when it verifies.
CREATE TABLE IF NOT EXISTS hook_owed (
    number INTEGER PRIMARY KEY
) STRICT;

-- Calls to a hotline: a call is not a case, and nothing of it leaves this file. A row goes when it expires; only the count by topic stays.
CREATE TABLE IF NOT EXISTS contacts (
    id      TEXT    PRIMARY KEY,
    topic   TEXT    NOT NULL,
    note    TEXT    NOT NULL,
    stored  INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS contact_counts (
    month TEXT    NOT NULL,                  -- 2026-11, UTC
    topic TEXT    NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (month, topic)
) STRICT;

-- Who of the agency's people changed its keys, or vouched for another agency's. The log has the same without the person.
CREATE TABLE IF NOT EXISTS key_ceremony (
    position INTEGER PRIMARY KEY,
    kind     TEXT    NOT NULL,               -- rotation, vouching
    about    TEXT    NOT NULL,               -- id of the directory.keyed, or of the agency that was vouched for
    what     TEXT    NOT NULL,               -- which keys, or the digest of the listing
    staff    TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

-- Received records whose sealing key is to be destroyed: each sealed anew to the agency's own key in force, under a key of its own. The row goes when the record is erased.
CREATE TABLE IF NOT EXISTS kept_records (
    record TEXT PRIMARY KEY,
    key    TEXT NOT NULL,                    -- id of the agency's sealing key that opens it
    jwe    BLOB NOT NULL,
    commitment TEXT NOT NULL
) STRICT;

-- Records of this agency that their recipient's change of keys made unreadable: each is sealed anew, once that can be.
CREATE TABLE IF NOT EXISTS seal_anew (
    record   TEXT    PRIMARY KEY,            -- that was erased or refused
    case_id  TEXT    NOT NULL,
    referral TEXT    NOT NULL,
    to_agency TEXT   NOT NULL,
    section  TEXT    NOT NULL,
    purpose  TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    done     INTEGER                         -- when it was sealed anew, or nothing was left to seal
) STRICT;

-- Who of the staff works on which case, by codes. Rows stay: it shows who could open a case, and when. The last row about a case and a code counts.
CREATE TABLE IF NOT EXISTS assignment (
    position INTEGER PRIMARY KEY,
    case_id  TEXT    NOT NULL,
    staff    TEXT    NOT NULL,
    by       TEXT    NOT NULL,               -- who decided it
    works    INTEGER NOT NULL,               -- 1: works on it from now on; 0: no longer
    at       INTEGER NOT NULL
) STRICT;

-- Forms that a member of staff has begun and not sent, as they were typed. A row goes when it is sent, deleted by its author, or expires.
CREATE TABLE IF NOT EXISTS form_draft (
    id      TEXT    PRIMARY KEY,             -- of the case that sending it opens
    kind    TEXT    NOT NULL,
    author  TEXT    NOT NULL,                -- a code of the staff
    form    TEXT    NOT NULL,                -- JSON
    begun   INTEGER NOT NULL,
    stored  INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

-- What the agency's people sign in to the pages with besides their organisation's own sign-in: public keys of passkeys, hashes of PINs, the provider's last word, shared computers.
CREATE TABLE IF NOT EXISTS credentials (
    kind  TEXT NOT NULL,
    id    TEXT NOT NULL,
    staff TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX IF NOT EXISTS credentials_staff ON credentials (kind, staff);

-- What a shift leaves to the next two about a case, in plain words. A row goes when those shifts have ended, at the latest after three days, or when the case is closed.
CREATE TABLE IF NOT EXISTS shift_note (
    case_id TEXT    PRIMARY KEY,
    note    TEXT    NOT NULL,
    author  TEXT    NOT NULL,                -- a code of the staff
    stored  INTEGER NOT NULL
) STRICT;

-- Who handed over a shift, and who took it over, by codes. Rows stay.
CREATE TABLE IF NOT EXISTS handover (
    position INTEGER PRIMARY KEY,
    gave     TEXT    NOT NULL,               -- empty: whoever went did not say so
    gave_at  INTEGER NOT NULL,
    took     TEXT    NOT NULL,               -- empty: nobody yet
    took_at  INTEGER                         -- when the shift changed
) STRICT;
