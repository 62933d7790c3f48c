// Rolling a city out on a running service, as `npm run city` does and as the demo and the replay need it before they start.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../support/args.ts';
import { DEFAULT_DATA_DIR, openDataDir } from '../support/data-dir.ts';
import { expectApi } from '../support/http.ts';
import { readOrMakeSecret } from '../support/secret.ts';
import { type Scope, signToken } from '../support/token.ts';

/** For help and messages only: no command calls an address that it was not told. */
const EXAMPLE_URL = 'http://127.0.0.1:8787';

/** How a command is told which running service it is for. */
export const SERVICE_OPTIONS = {
  url: {
    type: 'text',
    value: 'URL',
    help: 'where the service is; the one that runs on the data directory if not said',
  },
  data: {
    type: 'text',
    value: 'DIR',
    help: `data directory of the service, for its address and its secret; ${DEFAULT_DATA_DIR} if not said`,
  },
  token: { type: 'text', value: 'JWT', help: 'token with the scope ops, in place of the secret' },
} as const;

/** The address of a service that was named. Throws UsageError for anything but scheme, host and port. */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (isHttp && url.href === `${url.origin}/`) return url.origin;
  if (isHttp) throw new UsageError(`--url takes scheme, host and port alone: ${url.origin}, not "${text}"`);
  const meant = `http://${text.replace(/^[a-z][a-z+.-]*:\/\//i, '')}`;
  const hint = URL.canParse(meant) ? `: ${new URL(meant).origin}?` : `, for example ${EXAMPLE_URL}`;
  throw new UsageError(`--url must be an http or https URL, not "${text}"${hint}`);
}

/** What is said where none answers. */
export function noServiceAt(url: string): Error {
  const { hostname } = new URL(url);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const advice = isHere ? 'start one with npm start' : 'is the address right, and does the service run there?';
  return new Error(`no service answers at ${url}: ${advice}`);
}

/** What is said where a data directory has no running service. Another one on the default port may be anybody's. */
export function noServiceOn(dataDir: string | undefined): Error {
  const advice = 'start one with npm start, name its data directory with --data, or its address with --url';
  return new Error(`no service runs on ${resolve(dataDir ?? DEFAULT_DATA_DIR)}: ${advice}`);
}

export type CityRollout = {
  readonly id: string;
  readonly name: string;
  readonly boundary: unknown;
  readonly precision?: number;
  readonly policy?: unknown;
  readonly locationHint?: string;
};

/** JSON from a file, which may be gzipped. Throws naming the file and what is wrong with it. */
export function readJsonFile(path: string, what: string): unknown {
  const full = resolve(path);
  if (!existsSync(full)) throw new Error(`there is no ${what} file ${full}`);
  if (statSync(full).isDirectory()) throw new Error(`${full} is a directory: name the ${what} files in it`);
  const bytes = readFileSync(full);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = isGzip ? gunzipSync(bytes) : bytes;
  if (isUtf16(plain)) {
    throw new Error(`${full} is no ${what}: it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > utf8.geojson`);
  }
  // Some programs begin a text with a byte order mark, which is no JSON.
  const text = plain.toString('utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = isLines(text)
      ? 'it is line-delimited GeoJSON, an object on each line; make it one: npx mapshaper FILE -o format=geojson boundary.geojson'
      : error instanceof Error
        ? error.message
        : error;
    throw new Error(`${full} is no ${what}: ${why}`);
  }
}

/** By its byte order mark, or as every other byte of what begins a JSON text is empty. */
function isUtf16(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0 && c === 0) || (b === 0 && d === 0);
}

/** RFC 8142 begins each text of a sequence with it. */
const SEPARATOR = String.fromCharCode(0x1e);

/** Several lines, and the first two are JSON objects of their own; a record separator may begin each. */
function isLines(text: string): boolean {
  const lines = text.split('\n', 64).map((line) => (line.startsWith(SEPARATOR) ? line.slice(1) : line).trim());
  const [first, second] = lines.filter((line) => line !== '');
  return [first, second].every((line) => {
    try {
      return line?.startsWith('{') === true && typeof JSON.parse(line) === 'object';
    } catch {
      return false;
    }
  });
}

/** The service's view of the city. Throws ApiError for a refusal, and a plain error when nobody answers. */
export function rollOut(url: string, opsToken: string, { id, ...body }: CityRollout): Promise<unknown> {
  const request = { method: 'PUT', body, token: opsToken, timeoutMs: 120_000 } as const;
  return expectApi(url, `/v1/ops/cities/${encodeURIComponent(id)}`, request);
}

/** Signs with the secret of the data directory, which must be there: a new secret would fit no running service. */
export function signWith(dataDir: string | undefined, sub: string, scope: Scope, ttlS: number): Promise<string> {
  const path = dataDir ?? DEFAULT_DATA_DIR;
  if (!existsSync(resolve(path, 'secret'))) {
    const advice = 'start the service with npm start, name its directory with --data, or give a token with --token';
    throw new Error(`there is no secret in ${resolve(path)}: ${advice}`);
  }
  return signToken({ sub, scope, secret: readOrMakeSecret(openDataDir(path)), ttlS });
}

/** Who the audit names: the person at this machine. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // A process may run as a number that has no name.
    return 'ops';
  }
}

/** Where the service of a data directory listens, if one runs there. */
export function runningUrl(dataDir: string | undefined): string | undefined {
  try {
    const holder = resolve(dataDir ?? DEFAULT_DATA_DIR, 'holder.json');
    const { url } = JSON.parse(readFileSync(holder, 'utf8')) as { readonly url?: unknown };
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** True when something there says that it is healthy; a busy service may take its time. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/health', url), { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}
