-- How many processes have begun the item and not returned from it: one that ended while it ran, or the current one.
ALTER TABLE job_items ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;

-- The version of the rules by which the contents were found (src/domain/contents.ts). Older ones are found again.
ALTER TABLE contents ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contents_rules ON contents (rules);
