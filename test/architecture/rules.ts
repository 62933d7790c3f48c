// Finds rule ids where they are defined (docs/spec/rules.md) and where they are quoted (titles of tests).

/** Rows such as `| OWN1 | A user is …`; the id may stand in backticks or bold. */
export const rulesOf = (spec: string): readonly string[] =>
  [...spec.matchAll(/^\|\s*[*`]*([A-Z]{2,}\d{1,2})[*`]*\s*\|/gm)].map((match) => match[1] ?? '');

/** What looks like a rule's id and is none. */
const OTHER_WORDS = new Set(['UTF8', 'WGS84', 'BASE32', 'BASE64', 'CRC32', 'UTC0']);

/** Titles of `it`, `test` and `describe`, also behind `.each(…)` and `.skipIf(…)`; not those of `.skip` and `.todo`. */
const TITLE = /(\b(?:it|test|describe)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\2)[^\\])*)\2/g;

export const quotedBy = (test: string): readonly string[] =>
  [...test.matchAll(TITLE)]
    .filter((match) => !/\.(skip|todo)\b/.test(match[1] ?? ''))
    .flatMap((match) => rulesNamed(match[3] ?? ''));

export const rulesNamed = (text: string): readonly string[] =>
  (text.match(/\b[A-Z]{2,}\d{1,2}\b/g) ?? []).filter((id) => !OTHER_WORDS.has(id));
