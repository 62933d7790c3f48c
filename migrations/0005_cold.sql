-- Cells that were divided and whose parts have carried little since then: joined again by themselves after a while.
CREATE TABLE cold (
  cell  TEXT PRIMARY KEY,
  since INTEGER NOT NULL                    -- epoch ms
) WITHOUT ROWID;

-- The few that were divided, among all cells.
CREATE INDEX cells_split ON cells (cell) WHERE state = 'split';
