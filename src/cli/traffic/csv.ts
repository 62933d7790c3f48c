// CSV files, gzipped or not, as a stream of rows: a trace of any length passes through in constant memory.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** The fields of a row by the names of the header; what a short row lacks is ''. */
export type CsvRow = {
  readonly line: number;
  readonly fields: readonly string[];
  /** It has another number of fields than the header. */
  readonly ragged: boolean;
};

export type CsvFile = { readonly header: readonly string[]; readonly rows: AsyncIterable<CsvRow> };

/** Throws when the file cannot be read or has no header. Empty lines are passed over. */
export async function openCsv(path: string): Promise<CsvFile> {
  const lines = linesOf(path, await isGzip(path));
  const first = await lines.next();
  if (first.done === true || first.value.trim() === '') throw new Error(`${path} has no header line`);
  const header = splitLine(first.value.replace(/^\uFEFF/, '')).map((name) => name.trim());
  async function* rows(): AsyncGenerator<CsvRow> {
    let line = 1;
    for await (const text of lines) {
      line += 1;
      if (text === '') continue;
      const fields = splitLine(text);
      yield { line, fields, ragged: fields.length !== header.length };
    }
  }
  return { header, rows: rows() };
}

/** The fields of one line; quoted ones may hold commas and doubled quotes, but no line breaks. */
export function splitLine(text: string): readonly string[] {
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '"' && text[i + 1] === '"') {
      field += '"';
      i += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  fields.push(field);
  return fields;
}

async function* linesOf(path: string, gzip: boolean): AsyncGenerator<string, undefined> {
  const file = createReadStream(path);
  const input = gzip ? file.pipe(createGunzip()) : file;
  // An error of the first stream does not travel down the pipe by itself.
  file.on('error', (error) => input.destroy(error));
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } finally {
    file.destroy();
  }
  return undefined;
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
