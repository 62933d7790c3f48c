import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { userOf } from '../../../../src/cli/traffic/crowd.ts';
import { splitLine } from '../../../../src/cli/traffic/csv.ts';
import { topicOf } from '../../../../src/cli/traffic/playback.ts';
import { isPlayable, readTrace, type TraceRow } from '../../../../src/cli/traffic/trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-trace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string, gzip = false): string {
  files += 1;
  const path = join(folder, `${files}.csv`);
  writeFileSync(path, gzip ? gzipSync(text) : text);
  return path;
}

const rowsOf = async (text: string, gzip = false): Promise<readonly TraceRow[]> =>
  all(readTrace(file(text, gzip), 'presence'));

describe('a trace', () => {
  it.each([false, true])('is read by its header, in any order of columns (gzipped: %s)', async (gzip) => {
    const [row] = await rowsOf('q,lon,lat,speed,ts,user\r\nok,-122.4,37.7,3,2008-05-17T10:00:30Z,ab\r\n', gzip);
    expect(row).toEqual({
      line: 2,
      who: 'ab',
      atMs: Date.UTC(2008, 4, 17, 10, 0, 30),
      lat: 37.7,
      lng: -122.4,
      topic: '',
    });
  });

  it('tells what is wrong with each dirty row, and loses none', async () => {
    const rows = await rowsOf(
      [
        'user,ts,lat,lon,q',
        'a,2017-03-21T05:00:02Z,0,0,zero',
        'b,2017-03-21T05:00:02Z,,,nocoord',
        'c,2017-03-21T05:00:02Z,,-97.7,ok',
        'd,2017-03-21T05:00:02Z,95,-97.7,ok',
        'e,yesterday,30.1,-97.7,ok',
        'f,2017-03-21 05:00:02,30.1,-97.7,ok',
        ',2017-03-21T05:00:02Z,30.1,-97.7,ok',
        'g,2017-03-21T05:00:02Z,30.1',
        '',
        'h,2017-03-21T05:00:02Z,30.1,-97.7,jump',
        'i,2017-03-21T05:00:02Z,north,-97.7,',
        'j,2017-03-21T05:00:02+01:00,30.1,-97.7,ok',
      ].join('\n'),
    );
    expect(rows.map(({ who, bad }) => [who, bad])).toEqual([
      ['a', 'zero'],
      ['b', 'nocoord'],
      ['c', 'nocoord'],
      ['d', 'badcoord'],
      ['e', 'badtime'],
      ['f', 'badtime'],
      ['', 'noname'],
      ['g', 'ragged'],
      ['h', 'jump'],
      ['i', 'nocoord'],
      ['j', undefined],
    ]);
    expect(rows.filter(isPlayable).map(({ who }) => who)).toEqual(['a', 'b', 'c', 'd', 'g', 'h', 'i', 'j']);
    expect(rows[1]?.lat).toBeNaN();
    expect(rows.at(-1)?.atMs).toBe(Date.UTC(2017, 2, 21, 4, 0, 2));
  });

  it('without a column that is needed is refused, naming it and what there is', async () => {
    await expect(rowsOf('user,when,lat,lon\n')).rejects.toThrow(
      /no column ts or time or timestamp; it has user, when, lat, lon/,
    );
    await expect(rowsOf('')).rejects.toThrow(/no header/);
    await expect(all(readTrace(join(folder, 'none.csv'), 'presence'))).rejects.toThrow(/cannot read .*none\.csv/);
  });
});

describe('a line', () => {
  it.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",,', ['say "hi"', '', '']],
    ['', ['']],
  ])('%j is split', (line, fields) => expect(splitLine(line)).toEqual(fields));
});

describe('names', () => {
  it('become user ids and topics that the service takes', () => {
    expect(userOf('cab 7.2008-05-17')).toBe('cab-7.2008-05-17');
    expect(userOf('-x')).toMatch(/^[A-Za-z0-9]/);
    expect(topicOf('bike@2339')).toBe('bike 2339');
    expect(topicOf('(General) Requests')).toBe('General  Requests');
    expect(topicOf('@@')).toBe('');
  });
});

/** Array.fromAsync, which the types of this language level do not know. */
async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
