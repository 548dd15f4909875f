-- What has happened to package revisions, for those who watch and for webhooks: written with what it tells of, and kept
-- for a while.
CREATE TABLE changes (
  resource_version INTEGER PRIMARY KEY,
  changed_at       TEXT NOT NULL,
  -- Bytes of this change and all before it: what the log takes is the difference between its ends.
  bytes_end        INTEGER NOT NULL,
  type             TEXT NOT NULL CHECK (type IN ('added', 'modified', 'deleted')),
  -- What was otherwise before: the fields that filters and webhooks ask about. NULL unless it was modified.
  was              TEXT,
  -- The revision as it is since then; a deleted one as it last was.
  revision         TEXT NOT NULL
) STRICT;

-- The log has everything behind this. What was there before there was a log is not in it.
INSERT INTO counters (name, value) SELECT 'changes_compacted', value FROM counters WHERE name = 'resource_version';
-- Up to here webhooks have been told, or have deliveries that wait.
INSERT INTO counters (name, value) SELECT 'webhooks_position', value FROM counters WHERE name = 'resource_version';

CREATE TABLE webhooks (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  name             TEXT NOT NULL UNIQUE,
  url              TEXT NOT NULL,
  secret           TEXT NOT NULL,
  events           TEXT NOT NULL,
  filter           TEXT NOT NULL,
  enabled          INTEGER NOT NULL,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL,
  resource_version INTEGER NOT NULL
) STRICT;

CREATE TABLE deliveries (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id       INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  event            TEXT NOT NULL,
  -- Both NULL for a ping.
  revision_name    TEXT,
  resource_version INTEGER,
  state            TEXT NOT NULL CHECK (state IN ('Pending', 'Delivered', 'GivenUp')),
  attempts         INTEGER NOT NULL DEFAULT 0,
  -- Of the last attempt.
  status_code      INTEGER,
  error            TEXT,
  duration         INTEGER,
  created_at       TEXT NOT NULL,
  -- NULL unless it is pending.
  next_attempt     TEXT,
  give_up_at       TEXT NOT NULL,
  -- The revision that it tells of; the log of changes forgets it sooner.
  revision         TEXT
) STRICT;
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt) WHERE state = 'Pending';
