-- The decisions about a revision: actor, time and reason. Before, only the messages of its conditions had them.
ALTER TABLE package_revisions ADD COLUMN proposed_reason TEXT;
-- The last review: the approval of a published revision, otherwise a rejection.
ALTER TABLE package_revisions ADD COLUMN reviewed_by TEXT;
ALTER TABLE package_revisions ADD COLUMN reviewed_at TEXT;
ALTER TABLE package_revisions ADD COLUMN reviewed_reason TEXT;
-- Set while the deletion is proposed.
ALTER TABLE package_revisions ADD COLUMN deletion_proposed_by TEXT;
ALTER TABLE package_revisions ADD COLUMN deletion_proposed_at TEXT;
ALTER TABLE package_revisions ADD COLUMN deletion_proposed_reason TEXT;
-- The last proposal to delete it that was rejected.
ALTER TABLE package_revisions ADD COLUMN deletion_rejected_by TEXT;
ALTER TABLE package_revisions ADD COLUMN deletion_rejected_at TEXT;
ALTER TABLE package_revisions ADD COLUMN deletion_rejected_reason TEXT;
-- NULL for deletions before this migration, and for revisions that went with their repository.
ALTER TABLE retired_workspaces ADD COLUMN deleted_by TEXT;
ALTER TABLE retired_workspaces ADD COLUMN deleted_at TEXT;
ALTER TABLE retired_workspaces ADD COLUMN deleted_reason TEXT;

-- Existing rows: their conditions say "<verb> by <name>" or "<verb> by <name>: <reason>".
CREATE TEMP TABLE said AS
  SELECT revisions.id, condition.value ->> 'reason' AS reason,
    substr(condition.value ->> 'message', instr(condition.value ->> 'message', ' by ') + 4) AS signature
  FROM package_revisions AS revisions, json_each(revisions.conditions) AS condition
  WHERE condition.value ->> 'type' IN ('Approved', 'DeletionProposed');

UPDATE package_revisions SET
  proposed_reason = iif(instr(signature, proposed_by || ': ') = 1, substr(signature, length(proposed_by) + 3), NULL)
FROM said WHERE said.id = package_revisions.id AND said.reason = 'Proposed';

UPDATE package_revisions SET
  reviewed_by = published_by,
  reviewed_at = published_at,
  reviewed_reason = iif(instr(signature, published_by || ': ') = 1, substr(signature, length(published_by) + 3), NULL)
FROM said WHERE said.id = package_revisions.id AND said.reason = 'Approved';

-- The only names that versions before this one wrote are those of the server itself: none has a colon.
UPDATE package_revisions SET
  reviewed_by = iif(instr(signature, ': ') = 0, signature, substr(signature, 1, instr(signature, ': ') - 1)),
  -- An upper bound: later edits change it, too.
  reviewed_at = updated_at,
  reviewed_reason = iif(instr(signature, ': ') = 0, NULL, substr(signature, instr(signature, ': ') + 2))
FROM said WHERE said.id = package_revisions.id AND said.reason = 'Rejected';

UPDATE package_revisions SET
  deletion_proposed_by = iif(instr(signature, ': ') = 0, signature, substr(signature, 1, instr(signature, ': ') - 1)),
  deletion_proposed_at = updated_at,
  deletion_proposed_reason = iif(instr(signature, ': ') = 0, NULL, substr(signature, instr(signature, ': ') + 2))
FROM said WHERE said.id = package_revisions.id AND said.reason = 'DeletionProposed';

-- Nothing but the rejection of its deletion changed a published revision, and no caller had a name. The reason is in
-- the registry alone.
UPDATE package_revisions SET deletion_rejected_by = 'anonymous', deletion_rejected_at = updated_at
WHERE lifecycle = 'Published' AND updated_at <> published_at;

DROP TABLE said;
