-- Sessions of browsers. Backups leave both of these tables out.
CREATE TABLE sessions (
  id           TEXT PRIMARY KEY,
  -- SHA-256 of the text in the cookie, which is not stored.
  hash         TEXT NOT NULL UNIQUE,
  principal_id TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  address      TEXT,
  user_agent   TEXT,
  created_at   TEXT NOT NULL,
  last_used_at TEXT NOT NULL,
  -- However much it is used.
  expires_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_principal ON sessions (principal_id, id);
CREATE INDEX sessions_last_used_at ON sessions (last_used_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Logins of command lines, until they have their tokens.
CREATE TABLE device_logins (
  id           TEXT PRIMARY KEY,
  -- SHA-256 of the text that the program has.
  hash         TEXT NOT NULL UNIQUE,
  -- The code that the user types.
  user_code    TEXT NOT NULL UNIQUE,
  client       TEXT NOT NULL,
  address      TEXT,
  -- JSON: what the token may use of the person's rights.
  permissions  TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  expires_at   TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
  -- The user who has approved it.
  principal_id TEXT REFERENCES principals (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX device_logins_expires_at ON device_logins (expires_at);
CREATE INDEX device_logins_principal ON device_logins (principal_id) WHERE principal_id IS NOT NULL;
