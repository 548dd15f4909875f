-- Services outside whose tokens are accepted. Tokens name them by a text that several may have.
CREATE TABLE issuers (
  id               TEXT PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  issuer           TEXT NOT NULL,
  kind             TEXT NOT NULL CHECK (kind IN ('github', 'gitlab', 'kubernetes', 'other')),
  jwks_uri         TEXT,
  -- JSON: the public keys, of an issuer that is not asked for them.
  jwks             TEXT,
  ca_certificate   TEXT,
  internal         INTEGER NOT NULL DEFAULT 0,
  created_by       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  updated_at       TEXT NOT NULL,
  resource_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which tokens of an issuer are good for a service account.
CREATE TABLE trusts (
  id           TEXT PRIMARY KEY,
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  issuer_id    TEXT NOT NULL REFERENCES issuers (id) ON DELETE CASCADE,
  -- JSON, as are the next three.
  audiences    TEXT NOT NULL,
  claims       TEXT NOT NULL,
  permissions  TEXT NOT NULL,
  repositories TEXT NOT NULL,
  created_by   TEXT NOT NULL,
  created_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trusts_principal ON trusts (principal_id, id);
CREATE INDEX trusts_issuer ON trusts (issuer_id);

-- The trust by which a token was given, and with which it ends.
ALTER TABLE tokens ADD COLUMN trust_id TEXT REFERENCES trusts (id) ON DELETE CASCADE;
-- JSON: the issuer, subject and jti of the token outside that it was given for.
ALTER TABLE tokens ADD COLUMN identity TEXT;
CREATE INDEX tokens_trust ON tokens (trust_id) WHERE trust_id IS NOT NULL;

-- Tokens outside that were presented, until they would be refused as too old.
CREATE TABLE presented_tokens (
  issuer_id  TEXT NOT NULL REFERENCES issuers (id) ON DELETE CASCADE,
  -- SHA-256 of its jti; of the whole token where it has none.
  key        TEXT NOT NULL,
  -- SHA-256 of the signed part.
  digest     TEXT NOT NULL,
  -- Our token for one that was presented as a password, which clients do again and again; NULL after an exchange.
  token_id   TEXT,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (issuer_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX presented_tokens_expiry ON presented_tokens (expires_at);
