// Hashes and tokens for ids: what is random comes from the platform, what is derived is the same on every retry.
import { isPlainSubject, type UserId } from '../protocol/ids.ts';

/** The user id of a subject, compared byte for byte; a hashed one begins as no plain one can. */
export async function userIdOf(subject: string): Promise<UserId> {
  return isPlainSubject(subject) ? subject : (`~${base32(await sha256(subject))}` as UserId);
}

/** 26 characters of lower-case base 32 (130 bits), at random. */
export function randomToken(): string {
  return base32(crypto.getRandomValues(new Uint8Array(17))).slice(0, TOKEN_LENGTH);
}

/** Chance for the core, with each event: nobody can foretell it. */
export const unforeseen = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;

/**
 * The tokens of a user's key: the first is what it makes today, the others what it made before the secret changed, and before
 * there was one. Whoever lacks the secrets can tell nothing from an id, nor make one.
 */
export async function tokensOfKey(user: string, key: string, secrets: readonly string[]): Promise<readonly string[]> {
  const text = `${user}\n${key}`;
  const digests = await Promise.all([...secrets.map((secret) => hmac(secret, text)), sha256(text)]);
  return digests.map((digest) => base32(digest).slice(0, TOKEN_LENGTH));
}

/** SHA-256, in hex, of a JSON value whose objects have their members in order. */
export async function hashOf(value: unknown): Promise<string> {
  return Array.from(await sha256(canonical(value)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with the members of each object sorted by name; members that are undefined are left out, as in JSON. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

const TOKEN_LENGTH = 26;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

async function hmac(secret: string, text: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  // One secret serves several ends; each has a key of its own.
  const key = await crypto.subtle.importKey('raw', encoder.encode(`id\n${secret}`), HMAC, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)));
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return out;
}
