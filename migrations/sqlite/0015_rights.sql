-- JSON: whose rights the items of a job have. NULL for jobs of earlier versions, which know only a name.
ALTER TABLE jobs ADD COLUMN credentials TEXT;

-- Lists sorted by time for callers who see a few repositories: an index scan for each of these, merged. Without the columns
-- of filters, as these would be written again with each change of a revision.
CREATE INDEX package_revisions_repository_updated ON package_revisions (repository, updated_at, name);
CREATE INDEX package_revisions_repository_published ON package_revisions (repository, published_order, name);

-- With the contents, for searches among the latest revisions of a few repositories.
DROP INDEX package_revisions_latest;
CREATE INDEX package_revisions_latest ON package_revisions (latest, name, contents_id);
