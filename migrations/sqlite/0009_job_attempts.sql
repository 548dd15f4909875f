-- How many processes have begun the item and not returned from it: one that ended while it ran, or the current one.
ALTER TABLE job_items ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
