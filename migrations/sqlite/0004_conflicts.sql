-- Fields that both sides of an upgrade changed, kept with the revision that the upgrade created.
CREATE TABLE conflicts (
  revision_id INTEGER NOT NULL REFERENCES package_revisions (id) ON DELETE CASCADE,
  id          INTEGER NOT NULL,
  path        TEXT NOT NULL,
  object      TEXT,
  field       TEXT NOT NULL,
  -- JSON; NULL if the field was absent.
  original    TEXT,
  local       TEXT,
  upstream    TEXT,
  chosen      TEXT NOT NULL CHECK (chosen IN ('local', 'upstream')),
  -- NULL until it is resolved.
  resolution  TEXT CHECK (resolution IN ('edit', 'local', 'upstream', 'value')),
  PRIMARY KEY (revision_id, id)
) STRICT, WITHOUT ROWID;
