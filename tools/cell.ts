// `npm run cell`: what a cell or a user keeps on the disk, whether the service runs or not.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Inspection, inspect, isDamaged, type Row, type Table } from './cell/inspect.ts';
import { filesOf } from './cell/object-file.ts';
import { runCommand, UsageError } from './support/args.ts';
import { DEFAULT_DATA_DIR, openDataDir } from './support/data-dir.ts';
import { count, counted } from './support/progress.ts';

await runCommand(
  {
    name: 'npm run cell --',
    summary: [
      'Shows what an object keeps on the disk, read only, whether the service runs or not:',
      '  inspect ID       the tables and rows of a cell, of the cell of a question or an offer, or of a user,',
      '                   and those that the object cannot read; leaves with 1 where there are any',
    ].join('\n'),
    positionals: ['command', 'id'],
    options: {
      user: { type: 'flag', help: 'ID is a user (the sub of their token), even if it could be a cell' },
      table: { type: 'text', value: 'NAME', help: 'this table alone' },
      rows: { type: 'integer', value: 'N', help: 'of each table at most; unreadable ones always', default: 50, min: 0 },
      data: { type: 'text', value: 'DIR', help: 'data directory of the service', default: DEFAULT_DATA_DIR },
      json: { type: 'flag', help: 'print JSON, one line for each object' },
    },
  },
  async ({ user, table, rows, data, json }, [command = '', id = '']) => {
    if (command !== 'inspect') throw new UsageError(`unknown command "${command}": use inspect`);
    if (!existsSync(data)) throw new Error(`there is no data directory ${resolve(data)}: name it with --data`);
    const { state, path } = openDataDir(data);
    const files = await filesOf(state, id, user);
    if (files.length === 0)
      throw new Error(`nothing is kept of ${id} in ${path}${user ? '' : '; of a user by that name: --user'}`);
    const found = files.map((file) => inspect(file, rows)).map((each) => only(each, table));
    for (const each of found)
      process.stdout.write(json ? `${JSON.stringify(each)}\n` : `${linesOf(each).join('\n')}\n`);
    return found.some(isDamaged) ? 1 : 0;
  },
);

function only(inspection: Inspection, name: string | undefined): Inspection {
  if (name === undefined) return inspection;
  const tables = inspection.tables.filter((table) => table.name === name);
  if (tables.length > 0) return { ...inspection, tables };
  throw new UsageError(`--table must be one of ${inspection.tables.map((table) => table.name).join(', ')}`);
}

function linesOf({ kind, name, path, tables, damaged }: Inspection): readonly string[] {
  const head = `${kind} ${name}: ${path} (${count(statSync(path).size / 1024)} KiB)`;
  if (damaged !== undefined) return [head, `  UNREADABLE: ${damaged}`];
  return [head, ...tables.flatMap(tableLines)];
}

function tableLines({ name, rows, total, damaged }: Table): readonly string[] {
  const lines = [`  ${name}: ${total === undefined ? 'damaged' : counted(total, 'row')}`, ...rows.map(rowLine)];
  if (total !== undefined && total > rows.length)
    lines.push(`    … ${count(total - rows.length)} more: --rows N, --table ${name}`);
  if (damaged !== undefined) lines.push(`    UNREADABLE from here on: ${damaged}`);
  return lines;
}

function rowLine({ key, value, unreadable }: Row): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return unreadable === undefined ? `    ${key} ${text}` : `    ${key} UNREADABLE: ${unreadable}: ${text}`;
}
