// Hashes and tokens for ids: what is random comes from the platform, what is derived is the same on every retry.

/** 26 characters of lower-case base 32 (130 bits), at random. */
export function randomToken(): string {
  return base32(crypto.getRandomValues(new Uint8Array(17))).slice(0, TOKEN_LENGTH);
}

/** The token that a user's key always has. */
export async function tokenOfKey(user: string, key: string): Promise<string> {
  return base32(await sha256(`${user}\n${key}`)).slice(0, TOKEN_LENGTH);
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
