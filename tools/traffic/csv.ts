// CSV files, gzipped or not, as a stream of rows: a trace of any length passes through in constant memory.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, type Parser, parse } from 'csv-parse';

/** The fields of a row by the names of the header; what a short row lacks is ''. */
export type CsvRow = {
  /** Where the record begins; a quoted field may go on over several lines. */
  readonly line: number;
  readonly fields: readonly string[];
  /** It has another number of fields than the header. */
  readonly ragged: boolean;
};

export type CsvFile = { readonly header: readonly string[]; readonly rows: AsyncIterable<CsvRow> };

/** A record longer than this is a quote that is never closed, and not worth the memory. */
const RECORD_CHARS_MAX = 1_000_000;
const DELIMITERS = [',', ';', '\t', '|'] as const;

type Parsed = { readonly record: readonly string[]; readonly info: { readonly lines: number } };

/** Throws when the file cannot be read, is no CSV or has no header. Empty lines are passed over. */
export async function openCsv(path: string): Promise<CsvFile> {
  const gzip = await isGzip(path);
  const delimiter = delimiterOf(await firstLine(path, gzip));
  const records = recordsOf(path, gzip, delimiter);
  const first = await records.next();
  if (first.done === true) throw new Error(`${path} has no header line`);
  const header = first.value.fields.map((name) => name.trim());
  async function* rows(): AsyncGenerator<CsvRow> {
    for await (const { line, fields } of records) yield { line, fields, ragged: fields.length !== header.length };
  }
  return { header, rows: rows() };
}

export async function headerOf(path: string): Promise<readonly string[]> {
  const { header, rows } = await openCsv(path);
  // Read on by nobody: leaving the loop closes the file.
  for await (const _ of rows) break;
  return header;
}

async function* recordsOf(path: string, gzip: boolean, delimiter: string): AsyncGenerator<Omit<CsvRow, 'ragged'>> {
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: RECORD_CHARS_MAX,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const { input, close } = streamOf(path, gzip);
  // An error of the input does not travel down the pipe by itself.
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      yield { line: info.lines - breaksIn(record), fields: record };
    }
  } catch (error) {
    throw readable(path, parser, error);
  } finally {
    close();
    parser.destroy();
  }
}

function readable(path: string, parser: Parser, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CsvError)) return new Error(`cannot read ${path}: ${message}`);
  const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  const what = isOpen ? 'a quoted field begins that is never closed' : message;
  return new Error(`${path} is no CSV file: after record ${parser.info.records} ${what}`);
}

function breaksIn(record: readonly string[]): number {
  let breaks = 0;
  for (const field of record) if (field.includes('\n')) breaks += field.split('\n').length - 1;
  return breaks;
}

/** The one of which the header has most. */
function delimiterOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const many = (delimiter: string): number => bare.split(delimiter).length;
  return DELIMITERS.reduce((best, next) => (many(next) > many(best) ? next : best));
}

async function firstLine(path: string, gzip: boolean): Promise<string> {
  const { input, close } = streamOf(path, gzip);
  let failed: Error | undefined;
  input.on('error', (error) => {
    failed = error;
  });
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) return line;
    if (failed !== undefined) throw new Error(`cannot read ${path}: ${failed.message}`);
    return '';
  } finally {
    close();
  }
}

function streamOf(path: string, gzip: boolean): { readonly input: Readable; readonly close: () => void } {
  const file = createReadStream(path);
  const input = gzip ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => input.destroy(error));
  return { input, close: () => void file.destroy() };
}

/** By its first bytes: names of files promise nothing. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path).catch((error: unknown) => {
    throw new Error(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
