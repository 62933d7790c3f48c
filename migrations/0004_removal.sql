-- A city that is removed drains first: what was asked in it ends as promised, then its cells are retired together.

ALTER TABLE cities ADD COLUMN state TEXT NOT NULL DEFAULT 'live'; -- live | draining | removed
ALTER TABLE cities ADD COLUMN removed_at INTEGER;                 -- epoch ms

-- 0: nobody has asked for the row by which its object is born, so there is nothing in it. Cells of before may have been.
ALTER TABLE cells ADD COLUMN born INTEGER NOT NULL DEFAULT 1;

-- Cells of cities that are going: looked at, and found to have nothing open and to know that they take nothing new.
CREATE TABLE drained (
  cell TEXT PRIMARY KEY,
  city TEXT NOT NULL
);
CREATE INDEX drained_by_city ON drained (city);
