-- Whose approvals a revision needs before it is published, or its deletion approved.
CREATE TABLE review_policies (
  name             TEXT PRIMARY KEY,
  -- JSON: where it holds, and what it asks for.
  content          TEXT NOT NULL,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL,
  resource_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The authors of each revision. Rows are only added. The authors of a revision without a row `created` are not known: it is
-- older than this table, or was restored from the registry.
CREATE TABLE review_authors (
  revision_id  INTEGER NOT NULL REFERENCES package_revisions (id) ON DELETE CASCADE,
  part         TEXT NOT NULL CHECK (part IN ('created', 'edited', 'proposed')),
  -- The number of what was proposed; 0 for the other parts.
  proposal     INTEGER NOT NULL,
  -- Empty for a caller without an account.
  principal_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  PRIMARY KEY (revision_id, part, proposal, principal_id, name)
) STRICT, WITHOUT ROWID;

-- How often a revision, or its deletion, was proposed.
CREATE TABLE review_proposals (
  revision_id INTEGER PRIMARY KEY REFERENCES package_revisions (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL
) STRICT;

-- The last vote of each account on each proposal.
CREATE TABLE review_votes (
  revision_id  INTEGER NOT NULL REFERENCES package_revisions (id) ON DELETE CASCADE,
  proposal     INTEGER NOT NULL,
  principal_id TEXT NOT NULL,
  name         TEXT NOT NULL,
  verdict      TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
  -- Of the artifact that the voter has seen.
  digest       TEXT NOT NULL,
  -- NULL for a session.
  token_id     TEXT,
  -- JSON: the groups that the policies ask for and the voter was in.
  groups       TEXT NOT NULL,
  at           TEXT NOT NULL,
  reason       TEXT,
  PRIMARY KEY (revision_id, proposal, principal_id)
) STRICT, WITHOUT ROWID;
