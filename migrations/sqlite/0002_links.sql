-- Links from upstreams to what is based on them. By revision, with the name behind it: pages of downstreams come in its
-- order, and the tree below a revision is walked without a look at the rows.
DROP INDEX package_revisions_upstream;
CREATE INDEX package_revisions_upstream ON package_revisions (upstream_name, name) WHERE upstream_name IS NOT NULL;
-- By package: which packages are upstreams, and what is based on which of their revisions. Latest revisions stand apart,
-- as they are what is asked for most.
CREATE INDEX package_revisions_upstream_package
  ON package_revisions (upstream_repository, upstream_package, latest, upstream_revision, name)
  WHERE upstream_repository IS NOT NULL;
