-- Leaves are divided and joined again: `state` is leaf, split, merged or retired.

ALTER TABLE cells ADD COLUMN around INTEGER NOT NULL DEFAULT 0; -- raised when leaves around a cell change
CREATE INDEX cells_by_op ON cells (op);
