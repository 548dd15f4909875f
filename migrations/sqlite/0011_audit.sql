-- The audit log. A record is written in the transaction of what it records, and names the hash of the one before.
CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  -- These four are in the record too; lists filter by them.
  time       TEXT NOT NULL,
  type       TEXT NOT NULL,
  principal  TEXT NOT NULL,
  repository TEXT,
  -- The address of the client, which is cleared before the record is: the record has an HMAC of it.
  address    TEXT,
  -- Canonical JSON, and its SHA-256.
  record     TEXT NOT NULL,
  hash       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_time ON audit (time);
CREATE INDEX audit_type ON audit (type);
CREATE INDEX audit_principal ON audit (principal);
CREATE INDEX audit_repository ON audit (repository) WHERE repository IS NOT NULL;
CREATE INDEX audit_address ON audit (seq) WHERE address IS NOT NULL;

-- The last record: one row, which also shows if the end of the log is cut off.
CREATE TABLE audit_head (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  -- Tells the heads of this log in a registry from those of other servers that share it.
  log  TEXT NOT NULL,
  seq  INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, log, seq, hash)
VALUES (1, lower(hex(randomblob(8))), 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Refusals of the last minutes: the first of each is recorded at once, its repeats as one record when the minute is over.
CREATE TABLE audit_denials (
  minute  TEXT NOT NULL,
  subject TEXT NOT NULL,
  route   TEXT NOT NULL,
  repeats INTEGER NOT NULL,
  -- The first of them, as JSON.
  entry   TEXT NOT NULL,
  PRIMARY KEY (minute, subject, route)
) STRICT, WITHOUT ROWID;
