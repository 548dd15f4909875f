-- The makers of service accounts, their tokens and trusts, and the makers of those: each of them can act as the account.
-- Rows keep ids of accounts that were deleted since.
CREATE TABLE makers (
  account_id TEXT REFERENCES principals (id) ON DELETE CASCADE,
  token_id   TEXT REFERENCES tokens (id) ON DELETE CASCADE,
  trust_id   TEXT REFERENCES trusts (id) ON DELETE CASCADE,
  maker_id   TEXT NOT NULL,
  CHECK ((account_id IS NOT NULL) + (token_id IS NOT NULL) + (trust_id IS NOT NULL) = 1)
) STRICT;

INSERT INTO makers (account_id, maker_id)
  SELECT id, owner_id FROM principals WHERE owner_id IS NOT NULL
  UNION
  SELECT account.id, owner.owner_id FROM principals AS account JOIN principals AS owner ON owner.id = account.owner_id
    WHERE owner.owner_id IS NOT NULL;

CREATE TEMPORARY VIEW named AS
  SELECT CASE kind WHEN 'user' THEN name ELSE 'serviceaccount:' || name END AS name, id AS maker_id FROM principals
  UNION
  SELECT 'serviceaccount:' || name, owner_id FROM principals WHERE owner_id IS NOT NULL;
INSERT INTO makers (token_id, maker_id)
  SELECT tokens.id, named.maker_id FROM tokens JOIN named ON named.name = tokens.created_by
    WHERE tokens.kind = 'serviceaccount';
INSERT INTO makers (trust_id, maker_id)
  SELECT trusts.id, named.maker_id FROM trusts JOIN named ON named.name = trusts.created_by;
DROP VIEW named;

CREATE INDEX makers_account ON makers (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX makers_token ON makers (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX makers_trust ON makers (trust_id) WHERE trust_id IS NOT NULL;
