-- The source of a catalog's revisions, as JSON; NULL if clients create them.
ALTER TABLE repositories ADD COLUMN source TEXT;

-- The last sync of a repository with a source, and its result.
CREATE TABLE repository_syncs (
  repository      TEXT PRIMARY KEY REFERENCES repositories (name) ON DELETE CASCADE,
  last_sync_at    TEXT NOT NULL,
  last_success_at TEXT,
  error           TEXT,
  packages        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Known tags in source registries, so that unchanged ones cost no request. The empty tag stands for a problem with a
-- whole repository.
CREATE TABLE discovered_tags (
  repository TEXT NOT NULL REFERENCES repositories (name) ON DELETE CASCADE,
  package    TEXT NOT NULL,
  tag        TEXT NOT NULL,
  -- The digest that it pointed to when it was read; NULL if it has not been read.
  digest     TEXT,
  -- The revision published from it, or NULL.
  revision   TEXT,
  problem    TEXT,
  checked_at TEXT NOT NULL,
  PRIMARY KEY (repository, package, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX discovered_tags_problem ON discovered_tags (repository, package, tag) WHERE problem IS NOT NULL;
