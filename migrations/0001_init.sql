-- What is read often and written seldom: cities with their policies, the cell map, and who changed what.

CREATE TABLE cities (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  boundary      TEXT NOT NULL,              -- GeoJSON as it was sent
  precision     INTEGER NOT NULL,
  policy        TEXT NOT NULL DEFAULT '{}', -- what the city overrides, as sent
  location_hint TEXT,
  lat           REAL NOT NULL,              -- centroid, for the nearest city
  lng           REAL NOT NULL,
  cells         INTEGER NOT NULL,
  version       INTEGER NOT NULL,           -- raised by each change of cells or policy
  op            TEXT NOT NULL,              -- the operation that wrote this version
  created_at    INTEGER NOT NULL,           -- epoch ms
  updated_at    INTEGER NOT NULL
);

CREATE TABLE cells (
  cell    TEXT PRIMARY KEY,                 -- geohash, length 3 to 7
  city    TEXT NOT NULL REFERENCES cities(id),
  state   TEXT NOT NULL,                    -- leaf | retired
  version INTEGER NOT NULL,
  op      TEXT NOT NULL,
  prefix  TEXT NOT NULL                     -- the first three letters: what an isolate loads at once
);
CREATE INDEX cells_by_prefix ON cells (prefix);
CREATE INDEX cells_by_city ON cells (city);

-- Cells with open questions, written at most hourly by each, visited by the cron sweep.
CREATE TABLE busy (
  cell       TEXT PRIMARY KEY,
  busy_until INTEGER NOT NULL
);

CREATE TABLE audit (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail  TEXT NOT NULL DEFAULT '{}'
);
