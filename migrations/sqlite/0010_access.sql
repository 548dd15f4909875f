-- Users and service accounts. Records refer to ids, which are never given out again.
CREATE TABLE principals (
  id               TEXT PRIMARY KEY,
  kind             TEXT NOT NULL CHECK (kind IN ('user', 'serviceaccount')),
  name             TEXT NOT NULL,
  display_name     TEXT NOT NULL,
  -- Both of service accounts only: the pattern whose administrators manage it, and the user who created it.
  scope            TEXT,
  owner_id         TEXT REFERENCES principals (id) ON DELETE SET NULL,
  disabled         INTEGER NOT NULL DEFAULT 0,
  -- When the groups were last read from the identity provider.
  groups_at        TEXT,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL,
  resource_version INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX principals_owner ON principals (owner_id) WHERE owner_id IS NOT NULL;

-- The identities of users at identity providers. Issuer and subject do not change, unlike names and addresses.
CREATE TABLE identities (
  issuer        TEXT NOT NULL,
  subject       TEXT NOT NULL,
  principal_id  TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  created_at    TEXT NOT NULL,
  last_login_at TEXT NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_principal ON identities (principal_id);

CREATE TABLE principal_groups (
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  PRIMARY KEY (principal_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX principal_groups_name ON principal_groups (name, principal_id);

CREATE TABLE tokens (
  id                TEXT PRIMARY KEY,
  kind              TEXT NOT NULL CHECK (kind IN ('personal', 'serviceaccount', 'registry', 'device', 'bootstrap')),
  principal_id      TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  name              TEXT NOT NULL,
  -- SHA-256 of the text, which is not stored.
  hash              TEXT NOT NULL UNIQUE,
  -- JSON: what it may use of the principal's rights.
  permissions       TEXT NOT NULL,
  repositories      TEXT NOT NULL,
  created_by        TEXT NOT NULL,
  created_at        TEXT NOT NULL,
  expires_at        TEXT,
  last_used_at      TEXT,
  last_used_address TEXT,
  revoked_at        TEXT,
  revoked_by        TEXT,
  revoked_reason    TEXT,
  replaced_by       TEXT,
  -- The token with which a client got this one, which is valid no longer than that.
  parent_id         TEXT REFERENCES tokens (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_principal ON tokens (principal_id, id);
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE bindings (
  id           TEXT PRIMARY KEY,
  subject_kind TEXT NOT NULL CHECK (subject_kind IN ('user', 'group', 'serviceaccount', 'authenticated', 'anonymous')),
  principal_id TEXT REFERENCES principals (id) ON DELETE CASCADE,
  group_name   TEXT,
  role         TEXT NOT NULL,
  -- JSON: patterns.
  repositories TEXT NOT NULL,
  created_by   TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  CHECK ((principal_id IS NOT NULL) = (subject_kind IN ('user', 'serviceaccount'))),
  CHECK ((group_name IS NOT NULL) = (subject_kind = 'group'))
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_principal ON bindings (principal_id) WHERE principal_id IS NOT NULL;
CREATE INDEX bindings_role ON bindings (role);

-- Grows with each change of the tables above, so that caches know when they are old. 0: nothing was ever in them.
INSERT INTO counters (name, value) VALUES ('access_version', 0);
