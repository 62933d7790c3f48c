// What lies in the file of an object: its tables and rows, each read as the object itself would, and those that it cannot read.
import { DatabaseSync } from 'node:sqlite';
import { loadCell } from '../../src/cell/restore.ts';
import { CELL_TABLES } from '../../src/cell/tables/all.ts';
import { ASIDE, setAsideFrom } from '../../src/store/sql/sql-rows.ts';
import { loadUser, USER_TABLES } from '../../src/user/codec.ts';
import { messageOf } from '../support/args.ts';
import type { ObjectFile } from './object-file.ts';

export type Row = {
  readonly key: string;
  /** Parsed; a text that is no JSON as it stands. */
  readonly value: unknown;
  /** Why the object cannot read it. */
  readonly unreadable?: string;
};
export type Table = {
  readonly name: string;
  readonly rows: readonly Row[];
  /** How many there are, where not all are shown; `undefined` where it cannot be counted. */
  readonly total: number | undefined;
  /** The file is damaged here: what follows the rows above is out of reach. */
  readonly damaged?: string;
};
export type Inspection = ObjectFile & { readonly tables: readonly Table[]; readonly damaged?: string };

type Raw = { readonly table: string; readonly key: string; readonly value: string };

/** Read only: the object may be at work meanwhile. Every row is looked at; at most `rowsMax` of each table are kept, and all that are unreadable. */
export function inspect(file: ObjectFile, rowsMax: number): Inspection {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file.path, { readOnly: true });
  } catch (error) {
    return { ...file, tables: [], damaged: messageOf(error) };
  }
  try {
    const tables = file.kind === 'cell' ? CELL_TABLES : USER_TABLES;
    const meta = readable(file, rawRows(database, 'meta').rows, []);
    const found = tables.map(({ name }) => tableOf(database, file, name, meta, rowsMax));
    const aside = tableOf(database, file, ASIDE, meta, rowsMax);
    return { ...file, tables: aside.rows.length === 0 ? found : [...found, aside] };
  } finally {
    database.close();
  }
}

export const isDamaged = ({ tables, damaged }: Inspection): boolean =>
  damaged !== undefined ||
  tables.some((table) => table.damaged !== undefined || table.rows.some(({ unreadable }) => unreadable !== undefined));

function tableOf(database: DatabaseSync, file: ObjectFile, name: string, meta: readonly Raw[], rowsMax: number): Table {
  const { rows: raws, damaged } = rawRows(database, name);
  const rows: Row[] = [];
  let shown = 0;
  for (const raw of raws) {
    const unreadable = whyUnreadable(file, raw, meta);
    if (unreadable === undefined && ++shown > rowsMax) continue;
    rows.push({ key: raw.key, value: parsed(raw.value), ...(unreadable === undefined ? {} : { unreadable }) });
  }
  return {
    name,
    rows,
    total: damaged === undefined ? raws.length : undefined,
    ...(damaged === undefined ? {} : { damaged }),
  };
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** Up to where the file can be read. A table that was never made is empty. */
function rawRows(database: DatabaseSync, table: string): { readonly rows: readonly Raw[]; readonly damaged?: string } {
  const rows: Raw[] = [];
  try {
    if (!hasTable(database, table)) return { rows };
    for (const { k, d } of database.prepare(`SELECT k, d FROM "${table}" ORDER BY k`).iterate()) {
      rows.push({ table, key: String(k), value: typeof d === 'string' ? d : String(d) });
    }
    return { rows };
  } catch (error) {
    return { rows, damaged: messageOf(error) };
  }
}

/** Those that the object can read, beside `others`. */
function readable(file: ObjectFile, rows: readonly Raw[], others: readonly Raw[]): readonly Raw[] {
  return rows.filter((row) => whyUnreadable(file, row, others) === undefined);
}

/** By the object's own loader, on this row and those that say what the object is. */
function whyUnreadable({ kind }: ObjectFile, row: Raw, meta: readonly Raw[]): string | undefined {
  // What was set aside is read as it would be where it was.
  const there = row.table === ASIDE ? { ...row, ...setAsideFrom(row.key) } : row;
  const rows = there.table === 'meta' ? [there] : [...meta, there];
  try {
    if (kind === 'cell') loadCell(rows);
    else loadUser(rows);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
