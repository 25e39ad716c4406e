-- Alerts to the duty rota. The service runs this at every start; it changes nothing that exists.

-- One alert per cause. What it is about stays here: no message holds it.
CREATE TABLE IF NOT EXISTS alerts (
    id       TEXT    PRIMARY KEY,            -- the code that the messages name
    cause    TEXT    NOT NULL,
    about    TEXT    NOT NULL,
    urgency  TEXT    NOT NULL,
    case_id  TEXT    NOT NULL,
    referral TEXT    NOT NULL,
    alarm    TEXT    NOT NULL,
    raised   INTEGER NOT NULL,               -- nanoseconds since 1970
    round    INTEGER NOT NULL DEFAULT 0,     -- how often everybody was alerted, with the one that runs
    stepped  INTEGER,                        -- when the last person was alerted
    state    TEXT    NOT NULL,
    ended    INTEGER,
    staff    TEXT,                           -- who acknowledged
    gone     INTEGER                         -- when the cause was over
) STRICT;

CREATE INDEX IF NOT EXISTS alerts_standing ON alerts (gone) WHERE gone IS NULL;

-- One message to one person by one channel. It is stored before it is sent and marked after: sent at least once.
CREATE TABLE IF NOT EXISTS alert_sends (
    id      TEXT    PRIMARY KEY,             -- random; the receiver knows a repetition by it
    alert   TEXT    NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    round   INTEGER NOT NULL,
    staff   TEXT    NOT NULL,
    channel TEXT    NOT NULL,
    made    INTEGER NOT NULL,
    due     INTEGER NOT NULL,                -- when it is tried next
    tries   INTEGER NOT NULL DEFAULT 0,      -- that failed
    sent    INTEGER,
    dropped INTEGER,                         -- when it was given up
    UNIQUE (alert, round, staff, channel)
) STRICT;

CREATE INDEX IF NOT EXISTS alert_sends_due ON alert_sends (due) WHERE sent IS NULL AND dropped IS NULL;

-- How each person's channels did last.
CREATE TABLE IF NOT EXISTS alert_channels (
    staff    TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    sent     INTEGER,                        -- when a message was last taken
    failures INTEGER NOT NULL,               -- since then
    PRIMARY KEY (staff, channel)
) STRICT;

-- Browsers in which a member of staff asked for alerts. What stands here lets its holder send to that browser, with the key in push.vapid.
CREATE TABLE IF NOT EXISTS push_subscriptions (
    id       TEXT    PRIMARY KEY,            -- random; names the browser on the person's own page
    staff    TEXT    NOT NULL,
    endpoint TEXT    NOT NULL UNIQUE,
    key      TEXT    NOT NULL,               -- the browser's public key
    secret   TEXT    NOT NULL,
    added    INTEGER NOT NULL,
    sent     INTEGER                         -- when a message was last taken
) STRICT;
