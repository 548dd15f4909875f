-- Jobs on many packages, and their items. The result of an item is committed with the revision that it creates.
CREATE TABLE jobs (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  kind             TEXT NOT NULL CHECK (kind IN ('clone', 'upgrade')),
  state            TEXT NOT NULL CHECK (state IN ('Running', 'Completed', 'Cancelled')),
  dry_run          INTEGER NOT NULL,
  -- The revision to clone or upgrade to, resolved when the job was created.
  upstream         TEXT NOT NULL,
  request          TEXT NOT NULL,
  total            INTEGER NOT NULL,
  succeeded        INTEGER NOT NULL DEFAULT 0,
  failed           INTEGER NOT NULL DEFAULT 0,
  skipped          INTEGER NOT NULL DEFAULT 0,
  conflicted       INTEGER NOT NULL DEFAULT 0,
  -- The number of events so far, which is that of the last one.
  events           INTEGER NOT NULL DEFAULT 0,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  finished_at      TEXT,
  resource_version INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_state ON jobs (state, id);

CREATE TABLE job_items (
  job_id        INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,
  repository    TEXT NOT NULL,
  package       TEXT NOT NULL,
  workspace     TEXT NOT NULL,
  input         TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('Pending', 'Succeeded', 'Failed', 'Skipped')),
  revision      TEXT,
  conflicts     INTEGER NOT NULL DEFAULT 0,
  reason        TEXT,
  error_code    TEXT,
  -- The number of the event that reported its end.
  event         INTEGER,
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_items_state ON job_items (job_id, state, position);
CREATE UNIQUE INDEX job_items_event ON job_items (job_id, event) WHERE event IS NOT NULL;
