-- What the cells last said they carry, told by each when it enters another band of load, at most once a minute: what ops sees of
-- a city without asking every cell.
CREATE TABLE loads (
  cell    TEXT PRIMARY KEY,
  city    TEXT NOT NULL,
  used    REAL NOT NULL,                    -- share of what it can carry
  told_at INTEGER NOT NULL,                 -- epoch ms
  load    TEXT NOT NULL                     -- JSON, as the cell answers when it is asked
) WITHOUT ROWID;
