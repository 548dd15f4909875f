-- The indexed contents of the files of a revision. Revisions with the same layer share them.
CREATE TABLE contents (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  layer_digest TEXT NOT NULL UNIQUE,
  -- The text that searches read besides names: one line for each phrase, in lower case, with a space before each word.
  words        TEXT NOT NULL
) STRICT;

-- KRM objects, each stored once for all revisions that contain it. Missing values are ''.
CREATE TABLE objects (
  id          INTEGER PRIMARY KEY,
  api_version TEXT NOT NULL,
  kind        TEXT NOT NULL,
  namespace   TEXT NOT NULL,
  name        TEXT NOT NULL
) STRICT;
-- One unique index for each kind of query: first the columns of the filter, then those of the order.
CREATE UNIQUE INDEX objects_kind_name ON objects (kind, name, namespace, api_version);
CREATE UNIQUE INDEX objects_name ON objects (name, namespace, kind, api_version);
CREATE UNIQUE INDEX objects_api_version ON objects (api_version, kind, name, namespace);
CREATE UNIQUE INDEX objects_namespace ON objects (namespace, kind, name, api_version);

CREATE TABLE content_objects (
  contents_id INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
  object_id   INTEGER NOT NULL REFERENCES objects (id),
  path        TEXT NOT NULL,
  PRIMARY KEY (contents_id, object_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_objects_object ON content_objects (object_id, contents_id DESC, path);

-- Container images: `repository` is the reference without its tag and digest.
CREATE TABLE images (
  id         INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,
  reference  TEXT NOT NULL UNIQUE
) STRICT;
CREATE UNIQUE INDEX images_repository ON images (repository, reference);

CREATE TABLE content_images (
  contents_id INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
  image_id    INTEGER NOT NULL REFERENCES images (id),
  -- Whether these are the contents of the latest revision of a package.
  latest      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (contents_id, image_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX content_images_image ON content_images (image_id, latest, contents_id DESC);

CREATE TRIGGER content_objects_gone AFTER DELETE ON content_objects
WHEN NOT EXISTS (SELECT 1 FROM content_objects WHERE object_id = OLD.object_id)
BEGIN
  DELETE FROM objects WHERE id = OLD.object_id;
END;
CREATE TRIGGER content_images_gone AFTER DELETE ON content_images
WHEN NOT EXISTS (SELECT 1 FROM content_images WHERE image_id = OLD.image_id)
BEGIN
  DELETE FROM images WHERE id = OLD.image_id;
END;

-- NULL if the files have not been indexed.
ALTER TABLE package_revisions ADD COLUMN contents_id INTEGER REFERENCES contents (id);
CREATE INDEX package_revisions_contents ON package_revisions (contents_id, name, latest);
CREATE INDEX package_revisions_latest_contents ON package_revisions (contents_id) WHERE latest = 1;

-- One index for each filter, ordered by name. A repository needs none: it is a range of names.
CREATE INDEX package_revisions_name ON package_revisions (name, contents_id);
CREATE INDEX package_revisions_path ON package_revisions (package, name);
CREATE INDEX package_revisions_workspace ON package_revisions (workspace, name);
CREATE INDEX package_revisions_lifecycle ON package_revisions (lifecycle, name);
CREATE INDEX package_revisions_latest ON package_revisions (latest, name);
CREATE INDEX package_revisions_revision ON package_revisions (revision, name);
CREATE INDEX package_revisions_by_version ON package_revisions (version, name) WHERE version IS NOT NULL;
-- One index for each other order, with all columns that filters need, so that a scan reads matching rows only.
DROP INDEX package_revisions_updated;
DROP INDEX package_revisions_published;
-- A column instead of an expression, because SQLite cannot seek row values that begin with an expression.
ALTER TABLE package_revisions ADD COLUMN published_order TEXT GENERATED ALWAYS AS (coalesce(published_at, '')) VIRTUAL;
CREATE INDEX package_revisions_updated ON package_revisions
  (updated_at, name, latest, lifecycle, revision, repository, package, workspace, contents_id);
CREATE INDEX package_revisions_published ON package_revisions
  (published_order, name, latest, lifecycle, revision, repository, package, workspace, contents_id);
-- Revisions with an upstream, ordered by name.
CREATE INDEX package_revisions_based ON package_revisions
  (name, upstream_repository, upstream_package, upstream_revision, latest, contents_id)
  WHERE upstream_repository IS NOT NULL;

-- Labels with the name of their revision, for lists ordered by name of those with a key, or a key and a value.
CREATE TABLE labels (
  revision_id INTEGER NOT NULL REFERENCES package_revisions (id) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  name        TEXT NOT NULL,
  PRIMARY KEY (revision_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO labels
  SELECT label.revision_id, label.key, label.value, package_revisions.name
  FROM package_revision_labels AS label JOIN package_revisions ON package_revisions.id = label.revision_id;
DROP TABLE package_revision_labels;
ALTER TABLE labels RENAME TO package_revision_labels;
CREATE INDEX package_revision_labels_value ON package_revision_labels (key, value, name);
CREATE INDEX package_revision_labels_key ON package_revision_labels (key, name);

-- The words of each revision, to find rare ones. `prefix` has the lengths of the indexed prefixes. Positions are not
-- kept, because each match is checked again.
CREATE VIRTUAL TABLE revision_words USING fts5 (
  words, content = '', contentless_delete = 1, detail = none,
  tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4 6 8 12'
);
INSERT INTO revision_words (rowid, words) SELECT id, name FROM package_revisions;
CREATE VIRTUAL TABLE package_words USING fts5 (
  words, content = '', contentless_delete = 1, detail = none,
  tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4 6 8 12'
);
INSERT INTO package_words (rowid, words) SELECT id, repository || '/' || path FROM packages;
CREATE TRIGGER packages_words AFTER INSERT ON packages
BEGIN
  INSERT INTO package_words (rowid, words) VALUES (NEW.id, NEW.repository || '/' || NEW.path);
END;

CREATE TRIGGER package_revisions_unknown_contents AFTER INSERT ON package_revisions
WHEN NOT EXISTS (SELECT 1 FROM contents WHERE layer_digest = NEW.layer_digest)
BEGIN
  INSERT INTO revision_words (rowid, words) VALUES (NEW.id, NEW.name);
END;
CREATE TRIGGER package_revisions_known_contents AFTER INSERT ON package_revisions
WHEN EXISTS (SELECT 1 FROM contents WHERE layer_digest = NEW.layer_digest)
BEGIN
  UPDATE package_revisions SET contents_id = (SELECT id FROM contents WHERE layer_digest = NEW.layer_digest)
  WHERE id = NEW.id;
END;
CREATE TRIGGER package_revisions_other_files AFTER UPDATE OF layer_digest ON package_revisions
WHEN NEW.layer_digest != OLD.layer_digest
BEGIN
  UPDATE package_revisions SET contents_id = (SELECT id FROM contents WHERE layer_digest = NEW.layer_digest)
  WHERE id = NEW.id;
END;
CREATE TRIGGER package_revisions_other_contents AFTER UPDATE OF contents_id ON package_revisions
WHEN NEW.contents_id IS NOT OLD.contents_id
BEGIN
  REPLACE INTO revision_words (rowid, words)
    VALUES (NEW.id, NEW.name || coalesce((SELECT words FROM contents WHERE id = NEW.contents_id), ''));
  DELETE FROM contents WHERE id = OLD.contents_id
    AND NOT EXISTS (SELECT 1 FROM package_revisions WHERE contents_id = OLD.contents_id);
END;
CREATE TRIGGER package_revisions_gone AFTER DELETE ON package_revisions
BEGIN
  DELETE FROM revision_words WHERE rowid = OLD.id;
  DELETE FROM contents WHERE id = OLD.contents_id
    AND NOT EXISTS (SELECT 1 FROM package_revisions WHERE contents_id = OLD.contents_id);
END;

CREATE TRIGGER content_images_held AFTER INSERT ON content_images
WHEN EXISTS (SELECT 1 FROM package_revisions WHERE contents_id = NEW.contents_id AND latest = 1)
BEGIN
  UPDATE content_images SET latest = 1 WHERE contents_id = NEW.contents_id AND image_id = NEW.image_id;
END;
CREATE TRIGGER package_revisions_runs AFTER UPDATE OF latest, contents_id ON package_revisions
WHEN NEW.latest = 1 AND (OLD.latest = 0 OR NEW.contents_id IS NOT OLD.contents_id)
BEGIN
  UPDATE content_images SET latest = 1 WHERE contents_id = NEW.contents_id AND latest = 0;
END;
CREATE TRIGGER package_revisions_runs_no_more AFTER UPDATE OF latest, contents_id ON package_revisions
WHEN OLD.latest = 1 AND (NEW.latest = 0 OR NEW.contents_id IS NOT OLD.contents_id)
BEGIN
  UPDATE content_images SET latest = 0 WHERE contents_id = OLD.contents_id
    AND NOT EXISTS (SELECT 1 FROM package_revisions WHERE contents_id = OLD.contents_id AND latest = 1);
END;
CREATE TRIGGER package_revisions_ran AFTER DELETE ON package_revisions
WHEN OLD.latest = 1
BEGIN
  UPDATE content_images SET latest = 0 WHERE contents_id = OLD.contents_id
    AND NOT EXISTS (SELECT 1 FROM package_revisions WHERE contents_id = OLD.contents_id AND latest = 1);
END;

-- Values that lists of packages show, so that they need not be computed.
ALTER TABLE packages ADD COLUMN revision_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE packages ADD COLUMN latest_revision INTEGER;
ALTER TABLE packages ADD COLUMN latest_version TEXT;
ALTER TABLE packages ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
UPDATE packages SET
  revision_count = (SELECT count(*) FROM package_revisions WHERE package_id = packages.id),
  updated_at = coalesce((SELECT max(updated_at) FROM package_revisions WHERE package_id = packages.id), ''),
  latest_revision = (SELECT revision FROM package_revisions WHERE package_id = packages.id AND latest = 1),
  latest_version = (SELECT version FROM package_revisions WHERE package_id = packages.id AND latest = 1);
CREATE INDEX packages_live ON packages (repository, path) WHERE revision_count > 0;

-- How many revisions are based on each revision of a package, and whether that one is outdated. A publication changes
-- only the few rows of its package here, and no row of its downstreams.
CREATE TABLE upstream_uses (
  repository TEXT NOT NULL,
  package    TEXT NOT NULL,
  latest     INTEGER NOT NULL,
  revision   INTEGER NOT NULL,
  count      INTEGER NOT NULL,
  outdated   INTEGER NOT NULL,
  PRIMARY KEY (repository, package, latest, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX upstream_uses_outdated ON upstream_uses (outdated, latest, count);
INSERT INTO upstream_uses
  SELECT upstream_repository, upstream_package, latest, upstream_revision, count(*),
    upstream_revision < coalesce(
      (SELECT latest_revision FROM packages WHERE repository = upstream_repository AND path = upstream_package), 0)
  FROM package_revisions WHERE upstream_repository IS NOT NULL
  GROUP BY upstream_repository, upstream_package, latest, upstream_revision;
CREATE TRIGGER packages_latest AFTER UPDATE OF latest_revision ON packages
WHEN NEW.latest_revision IS NOT OLD.latest_revision
BEGIN
  UPDATE upstream_uses SET outdated = revision < coalesce(NEW.latest_revision, 0)
  WHERE repository = NEW.repository AND package = NEW.path;
END;

CREATE TRIGGER package_revisions_counted AFTER INSERT ON package_revisions
BEGIN
  UPDATE packages SET
    revision_count = revision_count + 1,
    updated_at = max(updated_at, NEW.updated_at),
    latest_revision = iif(NEW.latest = 1, NEW.revision, latest_revision),
    latest_version = iif(NEW.latest = 1, NEW.version, latest_version)
  WHERE id = NEW.package_id;
END;
CREATE TRIGGER package_revisions_touched AFTER UPDATE OF updated_at, latest, revision, version ON package_revisions
BEGIN
  UPDATE packages SET
    -- The clock of the server may have gone back.
    updated_at = iif(NEW.updated_at >= updated_at, NEW.updated_at, iif(OLD.updated_at < updated_at, updated_at, (
      SELECT max(updated_at) FROM package_revisions
      WHERE repository = NEW.repository AND package = NEW.package
    ))),
    latest_revision = iif(NEW.latest = 1, NEW.revision, iif(OLD.latest = 1, (
      SELECT revision FROM package_revisions
      WHERE repository = NEW.repository AND package = NEW.package AND latest = 1
    ), latest_revision)),
    latest_version = iif(NEW.latest = 1, NEW.version, iif(OLD.latest = 1, (
      SELECT version FROM package_revisions
      WHERE repository = NEW.repository AND package = NEW.package AND latest = 1
    ), latest_version))
  WHERE id = NEW.package_id;
END;
CREATE TRIGGER package_revisions_uncounted AFTER DELETE ON package_revisions
BEGIN
  UPDATE packages SET
    revision_count = revision_count - 1,
    updated_at = coalesce((
      SELECT max(updated_at) FROM package_revisions
      WHERE repository = OLD.repository AND package = OLD.package
    ), ''),
    latest_revision = iif(OLD.latest = 1, (
      SELECT revision FROM package_revisions
      WHERE repository = OLD.repository AND package = OLD.package AND latest = 1
    ), latest_revision),
    latest_version = iif(OLD.latest = 1, (
      SELECT version FROM package_revisions
      WHERE repository = OLD.repository AND package = OLD.package AND latest = 1
    ), latest_version)
  WHERE id = OLD.package_id;
END;

CREATE TRIGGER package_revisions_based_anew AFTER INSERT ON package_revisions
WHEN NEW.upstream_repository IS NOT NULL
BEGIN
  INSERT INTO upstream_uses VALUES (
    NEW.upstream_repository, NEW.upstream_package, NEW.latest, NEW.upstream_revision, 1,
    NEW.upstream_revision < coalesce((
      SELECT latest_revision FROM packages WHERE repository = NEW.upstream_repository AND path = NEW.upstream_package
    ), 0)
  ) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER package_revisions_based_otherwise
AFTER UPDATE OF latest, upstream_repository, upstream_package, upstream_revision ON package_revisions
WHEN (NEW.latest, NEW.upstream_repository, NEW.upstream_package, NEW.upstream_revision)
  IS NOT (OLD.latest, OLD.upstream_repository, OLD.upstream_package, OLD.upstream_revision)
BEGIN
  UPDATE upstream_uses SET count = count - 1
  WHERE repository = OLD.upstream_repository AND package = OLD.upstream_package
    AND latest = OLD.latest AND revision = OLD.upstream_revision;
  DELETE FROM upstream_uses
  WHERE repository = OLD.upstream_repository AND package = OLD.upstream_package
    AND latest = OLD.latest AND revision = OLD.upstream_revision AND count = 0;
  INSERT INTO upstream_uses
    SELECT NEW.upstream_repository, NEW.upstream_package, NEW.latest, NEW.upstream_revision, 1,
      NEW.upstream_revision < coalesce((
        SELECT latest_revision FROM packages WHERE repository = NEW.upstream_repository AND path = NEW.upstream_package
      ), 0)
    WHERE NEW.upstream_repository IS NOT NULL
  ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER package_revisions_based_no_more AFTER DELETE ON package_revisions
WHEN OLD.upstream_repository IS NOT NULL
BEGIN
  UPDATE upstream_uses SET count = count - 1
  WHERE repository = OLD.upstream_repository AND package = OLD.upstream_package
    AND latest = OLD.latest AND revision = OLD.upstream_revision;
  DELETE FROM upstream_uses
  WHERE repository = OLD.upstream_repository AND package = OLD.upstream_package
    AND latest = OLD.latest AND revision = OLD.upstream_revision AND count = 0;
END;
