// A data directory that an older release made, months old by now: as one file, with what that release had acknowledged beside it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { NewQuestion } from '../../../src/client/calls.ts';
import type { OfferView, QuestionView, UserEvent } from '../../../src/protocol/views.ts';

/** What one user had been told. */
export type Told = {
  /** Up to which event their inbox had been emptied. */
  readonly acked: number;
  readonly events: readonly UserEvent[];
  readonly questions: readonly QuestionView[];
  readonly offers: readonly OfferView[];
};

export type Acknowledged = {
  readonly madeAt: number;
  readonly users: Readonly<Record<string, Told>>;
  /** Questions of keys, by their names: the body that was sent, and the id that it got. */
  readonly keyed: Readonly<Record<string, { readonly user: string; readonly body: NewQuestion; readonly id: string }>>;
};

const FIXTURES = join(import.meta.dirname, '../fixtures');
const STATE = '.wrangler/state/workerd';
/** Milliseconds in the JSON of a row, and ISO times. */
const TIMES = /(?<=[:,[])1[789]\d{11}(?=[,}\]])|(?<=")20\d\d-[\d-]{5}T[\d:.]+Z(?=")/g;

export function shifted(text: string, byMs: number): string {
  return text.replace(TIMES, (time) =>
    time.includes('T') ? new Date(Date.parse(time) + byMs).toISOString() : String(Number(time) + byMs),
  );
}

const filesOf = (name: string) => ({
  packed: join(FIXTURES, `${name}.json.gz`),
  acknowledged: join(FIXTURES, `${name}.acknowledged.json`),
});

/** Keeps the secret and the databases; whatever names the machine is made anew at each start. */
export function pack(name: string, dataDir: string, acknowledged: Acknowledged): void {
  const state = join(dataDir, STATE);
  const files: Record<string, string> = { secret: readFileSync(join(dataDir, 'secret')).toString('base64') };
  for (const path of databasesIn(state)) {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    files[relative(dataDir, path)] = readFileSync(path).toString('base64');
  }
  writeFileSync(filesOf(name).packed, gzipSync(JSON.stringify(files), { level: 9 }));
  writeFileSync(filesOf(name).acknowledged, `${JSON.stringify(acknowledged, null, 2)}\n`);
}

/** Lays the data out in an empty directory, as if it had been made just now, and says what was acknowledged. */
export function unpack(name: string, dataDir: string, now: number): Acknowledged {
  const text = readFileSync(filesOf(name).acknowledged, 'utf8');
  const byMs = now - (JSON.parse(text) as Acknowledged).madeAt;
  const files = JSON.parse(gunzipSync(readFileSync(filesOf(name).packed)).toString()) as Record<string, string>;
  for (const [path, content] of Object.entries(files)) {
    const to = join(dataDir, path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    writeFileSync(to, Buffer.from(content, 'base64'), { mode: 0o600 });
  }
  for (const path of databasesIn(join(dataDir, STATE))) shift(path, byMs);
  return JSON.parse(shifted(text, byMs)) as Acknowledged;
}

function databasesIn(state: string): readonly string[] {
  const all = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.sqlite'));
  return all.map((path) => join(state, path)).sort();
}

function shift(path: string, byMs: number): void {
  const database = new DatabaseSync(path);
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  for (const { name } of names.all()) shiftTable(database, String(name), byMs);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  for (const end of ['-wal', '-shm']) if (existsSync(path + end)) rmSync(path + end);
}

function shiftTable(database: DatabaseSync, table: string, byMs: number): void {
  const columns = database.prepare(`PRAGMA table_info("${table}")`).all();
  for (const column of columns.map(({ name }) => String(name))) {
    const put = database.prepare(`UPDATE "${table}" SET "${column}" = ? WHERE "${column}" = ?`);
    const values = database.prepare(`SELECT DISTINCT "${column}" AS value FROM "${table}"`);
    values.setReadBigInts(true);
    for (const { value } of values.all()) {
      if (typeof value === 'string' && shifted(value, byMs) !== value) put.run(shifted(value, byMs), value);
      // workerd keeps its alarms in nanoseconds.
      if (typeof value !== 'bigint' || value < 1_700_000_000_000n) continue;
      put.run(value + BigInt(byMs) * (value < 10n ** 15n ? 1n : 1_000_000n), value);
    }
  }
}
