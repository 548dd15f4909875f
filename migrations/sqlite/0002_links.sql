-- Links from upstream revisions to their downstreams. The name is part of the index, so pages of downstreams are in
-- order and the tree below a revision is walked without reading rows.
DROP INDEX package_revisions_upstream;
CREATE INDEX package_revisions_upstream ON package_revisions (upstream_name, name) WHERE upstream_name IS NOT NULL;
-- Links from upstream packages to their downstreams. Latest revisions are grouped, because most queries ask for them.
CREATE INDEX package_revisions_upstream_package
  ON package_revisions (upstream_repository, upstream_package, latest, upstream_revision, name)
  WHERE upstream_repository IS NOT NULL;
