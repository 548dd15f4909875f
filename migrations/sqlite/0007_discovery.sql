-- Where the revisions of a catalog come from, as JSON; NULL where its clients make them.
ALTER TABLE repositories ADD COLUMN source TEXT;

-- When a repository with a source was last looked through, and what came of it.
CREATE TABLE repository_syncs (
  repository      TEXT PRIMARY KEY REFERENCES repositories (name) ON DELETE CASCADE,
  last_sync_at    TEXT NOT NULL,
  last_success_at TEXT,
  error           TEXT,
  packages        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known of tags elsewhere, so that those that have not changed cost nothing. The empty tag stands for what is
-- wrong with a whole repository there.
CREATE TABLE discovered_tags (
  repository TEXT NOT NULL REFERENCES repositories (name) ON DELETE CASCADE,
  package    TEXT NOT NULL,
  tag        TEXT NOT NULL,
  -- What it pointed to when it was read; NULL where it was not.
  digest     TEXT,
  -- The revision that it has become; NULL for none.
  revision   TEXT,
  problem    TEXT,
  checked_at TEXT NOT NULL,
  PRIMARY KEY (repository, package, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX discovered_tags_problem ON discovered_tags (repository, package, tag) WHERE problem IS NOT NULL;
