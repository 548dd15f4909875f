-- JSON: whose rights the items of a job have. NULL for jobs of earlier versions, which know only a name.
ALTER TABLE jobs ADD COLUMN credentials TEXT;
