// Structured logs: one JSON object a line, so that a program can read them wherever they are printed. Lines never carry a
// point, a text or a token, and know users by a pseudonym alone.

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: Level, event: string, fields: LogFields) => void;

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Lines below `least` (a level; anything else means `info`) are dropped. */
export function jsonLog(least: string, print: (line: string) => void = (line) => console.log(line)): Log {
  const from = RANK[isLevel(least) ? least : 'info'];
  return (level, event, fields) => {
    if (RANK[level] >= from) print(JSON.stringify({ level, event, ...fields }));
  };
}

/** Says what was thrown, for people who debug; a message of ours never quotes what a user sent. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: `${error.name}: ${error.message}`, stack: error.stack?.split('\n').slice(1, 6).join(' | ') };
}

/** The same user has the same pseudonym in all lines of one deployment, and nobody without the secret can tell whose it is. */
export async function pseudonymOf(user: string, secret: string): Promise<string> {
  const known = pseudonyms.get(user);
  if (known !== undefined) return known;
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', encoder.encode(`log\n${secret}`), HMAC, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(user)));
  const pseudonym = Array.from(mac.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (pseudonyms.size >= KNOWN_MAX) pseudonyms.clear();
  pseudonyms.set(user, pseudonym);
  return pseudonym;
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const KNOWN_MAX = 5000;
const pseudonyms = new Map<string, string>();

function isLevel(text: string): text is Level {
  return Object.hasOwn(RANK, text);
}
