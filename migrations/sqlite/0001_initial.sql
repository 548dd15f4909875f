-- Small facts about the database itself: generated secrets, and markers.
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A single counter, which only grows, so that resource versions of different objects can be compared.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('resource_version', 0);

CREATE TABLE repositories (
  id               INTEGER PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  type             TEXT NOT NULL CHECK (type IN ('catalog', 'deployment')),
  description      TEXT NOT NULL,
  labels           TEXT NOT NULL,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL,
  resource_version INTEGER NOT NULL
) STRICT;

-- A package outlives its revisions and its repository, so that its revision numbers are never reused.
CREATE TABLE packages (
  id               INTEGER PRIMARY KEY,
  repository       TEXT NOT NULL,
  path             TEXT NOT NULL,
  highest_revision INTEGER NOT NULL DEFAULT 0,
  -- Whether its publications declare versions; NULL before the first publication.
  versioned        INTEGER CHECK (versioned IN (0, 1)),
  UNIQUE (repository, path)
) STRICT;

-- Workspaces of deleted revisions. They are never reused, and neither are their numbers and versions.
CREATE TABLE retired_workspaces (
  package_id INTEGER NOT NULL REFERENCES packages (id),
  workspace  TEXT NOT NULL,
  revision   INTEGER NOT NULL,
  version    TEXT,
  PRIMARY KEY (package_id, workspace)
) STRICT, WITHOUT ROWID;

CREATE TABLE package_revisions (
  id                  INTEGER PRIMARY KEY,
  package_id          INTEGER NOT NULL REFERENCES packages (id),
  name                TEXT NOT NULL UNIQUE,
  repository          TEXT NOT NULL REFERENCES repositories (name),
  repository_type     TEXT NOT NULL,
  package             TEXT NOT NULL,
  workspace           TEXT NOT NULL,
  revision            INTEGER NOT NULL,
  version             TEXT,
  lifecycle           TEXT NOT NULL CHECK (lifecycle IN ('Draft', 'Proposed', 'Published', 'DeletionProposed')),
  latest              INTEGER NOT NULL,
  latest_build        INTEGER NOT NULL,
  task                TEXT NOT NULL,
  upstream_name       TEXT,
  upstream_repository TEXT,
  upstream_package    TEXT,
  upstream_revision   INTEGER,
  upstream_version    TEXT,
  upstream_digest     TEXT,
  labels              TEXT NOT NULL,
  annotations         TEXT NOT NULL,
  readiness_gates     TEXT NOT NULL,
  conditions          TEXT NOT NULL,
  file_count          INTEGER NOT NULL,
  digest              TEXT NOT NULL,
  size                INTEGER NOT NULL,
  layer_digest        TEXT NOT NULL,
  layer_size          INTEGER NOT NULL,
  diff_id             TEXT NOT NULL,
  config_digest       TEXT NOT NULL,
  config_size         INTEGER NOT NULL,
  created_by          TEXT NOT NULL,
  created_at          TEXT NOT NULL,
  updated_at          TEXT NOT NULL,
  proposed_by         TEXT,
  proposed_at         TEXT,
  published_by        TEXT,
  published_at        TEXT,
  resource_version    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX package_revisions_number ON package_revisions (package_id, revision) WHERE revision > 0;
CREATE UNIQUE INDEX package_revisions_version ON package_revisions (package_id, version) WHERE version IS NOT NULL;
CREATE INDEX package_revisions_package ON package_revisions (repository, package, latest);
CREATE INDEX package_revisions_upstream ON package_revisions (upstream_name) WHERE upstream_name IS NOT NULL;
CREATE INDEX package_revisions_updated ON package_revisions (updated_at, name);
CREATE INDEX package_revisions_published ON package_revisions (coalesce(published_at, ''), name);

CREATE TABLE package_revision_labels (
  revision_id INTEGER NOT NULL REFERENCES package_revisions (id) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  PRIMARY KEY (revision_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_revision_labels_value ON package_revision_labels (key, value, revision_id);

-- Operations that are committed but not yet done in the registry.
CREATE TABLE intents (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  oci_repository TEXT NOT NULL,
  operations     TEXT NOT NULL,
  created_at     TEXT NOT NULL
) STRICT;
CREATE INDEX intents_repository ON intents (oci_repository, id);
