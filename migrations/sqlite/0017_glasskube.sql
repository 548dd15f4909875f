ALTER TABLE repositories ADD COLUMN format TEXT NOT NULL DEFAULT 'krm' CHECK (format IN ('krm', 'glasskube'));
CREATE INDEX repositories_glasskube ON repositories (name) WHERE format = 'glasskube';

-- How clients of a Glasskube repository are shown the package: the held version and deprecations, as JSON.
ALTER TABLE packages ADD COLUMN listing TEXT;

-- The parts of a package.yaml that other packages and lists depend on, as JSON; NULL without a readable package.yaml.
ALTER TABLE contents ADD COLUMN manifest TEXT;

-- Raised with each change of what is published, so that copies in memory know what they have to read again.
ALTER TABLE packages ADD COLUMN published_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN published_changes INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER packages_published_changes
AFTER UPDATE OF highest_revision, revision_count, listing ON packages
WHEN (NEW.highest_revision != OLD.highest_revision OR NEW.revision_count < OLD.revision_count
  OR NEW.listing IS NOT OLD.listing)
  AND EXISTS (SELECT 1 FROM repositories WHERE name = NEW.repository AND format = 'glasskube')
BEGIN
  UPDATE packages SET published_changes = published_changes + 1 WHERE id = NEW.id;
  UPDATE repositories SET published_changes = published_changes + 1 WHERE name = NEW.repository;
END;
