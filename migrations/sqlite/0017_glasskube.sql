ALTER TABLE repositories ADD COLUMN format TEXT NOT NULL DEFAULT 'krm' CHECK (format IN ('krm', 'glasskube'));
CREATE INDEX repositories_glasskube ON repositories (name) WHERE format = 'glasskube';

-- How clients of a Glasskube repository are shown the package: the held version and deprecations, as JSON.
ALTER TABLE packages ADD COLUMN listing TEXT;

-- The parts of a package.yaml that other packages and lists depend on, as JSON; NULL without a readable package.yaml.
ALTER TABLE contents ADD COLUMN manifest TEXT;

-- Raised with each change of what is published in a Glasskube repository, so that copies in memory know what they have to
-- read again.
ALTER TABLE packages ADD COLUMN published_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN published_changes INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER package_revisions_added_published AFTER INSERT ON package_revisions
WHEN NEW.revision > 0
  AND EXISTS (SELECT 1 FROM repositories WHERE name = NEW.repository AND format = 'glasskube')
BEGIN
  UPDATE packages SET published_changes = published_changes + 1 WHERE id = NEW.package_id;
END;
-- The contents of files may be indexed later than the revision.
CREATE TRIGGER package_revisions_changed_published
AFTER UPDATE OF revision, version, published_at, contents_id ON package_revisions
WHEN NEW.revision > 0 AND (NEW.revision != OLD.revision OR NEW.version IS NOT OLD.version
  OR NEW.published_at IS NOT OLD.published_at OR NEW.contents_id IS NOT OLD.contents_id)
  AND EXISTS (SELECT 1 FROM repositories WHERE name = NEW.repository AND format = 'glasskube')
BEGIN
  UPDATE packages SET published_changes = published_changes + 1 WHERE id = NEW.package_id;
END;
CREATE TRIGGER package_revisions_removed_published AFTER DELETE ON package_revisions
WHEN OLD.revision > 0
  AND EXISTS (SELECT 1 FROM repositories WHERE name = OLD.repository AND format = 'glasskube')
BEGIN
  UPDATE packages SET published_changes = published_changes + 1 WHERE id = OLD.package_id;
END;
CREATE TRIGGER packages_listing AFTER UPDATE OF listing ON packages
WHEN NEW.listing IS NOT OLD.listing
BEGIN
  UPDATE packages SET published_changes = published_changes + 1 WHERE id = NEW.id;
END;
CREATE TRIGGER packages_published_changes AFTER UPDATE OF published_changes ON packages
BEGIN
  UPDATE repositories SET published_changes = published_changes + 1
  WHERE name = NEW.repository;
END;
