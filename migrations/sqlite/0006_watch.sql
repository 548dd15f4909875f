-- The log of changes to package revisions, for watches and webhooks. A change is written in the transaction that makes
-- it, and kept for a while.
CREATE TABLE changes (
  resource_version INTEGER PRIMARY KEY,
  changed_at       TEXT NOT NULL,
  -- The total bytes of this change and all before it: the size of the log is the difference between its ends.
  bytes_end        INTEGER NOT NULL,
  type             TEXT NOT NULL CHECK (type IN ('added', 'modified', 'deleted')),
  -- The previous values of the fields that filters and webhooks read. NULL unless the revision was modified.
  was              TEXT,
  -- The revision after the change, or before it if it was deleted.
  revision         TEXT NOT NULL
) STRICT;

-- The log is complete after this resource version. It does not have changes from before this migration.
INSERT INTO counters (name, value) SELECT 'changes_compacted', value FROM counters WHERE name = 'resource_version';
-- Changes up to this resource version were delivered to webhooks or have pending deliveries.
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
  -- The result of the last attempt.
  status_code      INTEGER,
  error            TEXT,
  duration         INTEGER,
  created_at       TEXT NOT NULL,
  -- NULL unless it is pending.
  next_attempt     TEXT,
  give_up_at       TEXT NOT NULL,
  -- The revision that it reports, which may outlive the log of changes.
  revision         TEXT
) STRICT;
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt) WHERE state = 'Pending';
