// Numbers that the whole system agrees on; units last.

/** A user stays with the cell that holds them until this far beyond its border; every cover of a circle includes it. */
export const MARGIN_M = 120;
/** Points in a row outside the cell, within the margin, after which a socket is told to move. */
export const OUTSIDE_POINTS_MAX = 3;
export const TEXT_LENGTH_MAX = 2000;
export const BODY_BYTES_MAX = 64 * 1024;
export const TOPICS_MAX = 32;
export const LANGUAGES_MAX = 16;
export const CAPACITY_MAX = 100;
export const ANSWERS_WANTED_MAX = 50;
/** A page of events ends at either, with one event at least. */
export const EVENTS_PAGE_MAX = 100;
export const EVENTS_PAGE_BYTES_MAX = 64 * 1024;
/** A message of news, or of changes of offers, ends at either, with one at least; so does one that hands questions over. */
export const NEWS_MAX = 100;
export const NEWS_BYTES_MAX = 64 * 1024;
export const ADOPT_MAX = 20;
export const ADOPT_BYTES_MAX = 1024 * 1024;
/** A user with so many unacknowledged events gets no new offers. */
export const INBOX_MAX = 256;
/** An offer makes two events at most: it was made, and it ended. */
export const EVENTS_PER_OFFER = 2;
/** Events beyond so many bytes are kept without their texts: with all that may still come they fit into a row. */
export const INBOX_BYTES_MAX = 256 * 1024;
/** Beyond so many none is taken, until some were acknowledged. */
export const INBOX_BYTES_FULL = 640 * 1024;
/** Questions on a page of a user's list. */
export const QUESTIONS_PAGE = 50;
export const QUESTIONS_PAGE_MAX = 100;
export const WAIT_S_MAX = 20;
/** Keys and ended questions are kept this long after the end. */
export const KEPT_AFTER_END_MS = 24 * 3_600_000;
/** A user who was granted to a cell stays there at least this long. */
export const DWELL_MS = 2000;
/** An object's call to another object is given up, and tried again later, after this long. */
export const CALL_TIMEOUT_MS = 10_000;
/** A call between cells in the course of one try is given up after this long beyond the policy's scout time. */
export const RESERVE_TIMEOUT_MS = 2000;
/** No cell has a longer name. */
export const CELL_LENGTH_MAX = 7;
