import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { checkNamed, namedColumns } from '../../../../tools/traffic/columns.ts';
import { userOf } from '../../../../tools/traffic/crowd.ts';
import { openCsv } from '../../../../tools/traffic/csv.ts';
import { topicOf } from '../../../../tools/traffic/playback.ts';
import { isPlayable, readTrace, type TraceFile, type TraceRow } from '../../../../tools/traffic/trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-trace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string, gzip = false): string {
  files += 1;
  const path = join(folder, `${files}.csv`);
  writeFileSync(path, gzip ? gzipSync(text) : text);
  return path;
}

const rowsOf = async (text: string, gzip = false, more: Partial<TraceFile> = {}): Promise<readonly TraceRow[]> =>
  all(readTrace({ path: file(text, gzip), kind: 'presence', ...more }));

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
      ['f', 'nozone'],
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
      /no column ts or time or timestamp; it has user, when, lat, lon: .*--columns ts=NAME/,
    );
    await expect(rowsOf('')).rejects.toThrow(/no header/);
    await expect(all(readTrace({ path: join(folder, 'none.csv'), kind: 'presence' }))).rejects.toThrow(
      /cannot read .*none\.csv/,
    );
  });
});

describe('columns', () => {
  const CITY_311 = 'Case ID,Opened,Category,Lat,Long\n7,2023-01-31T08:30:00Z,Graffiti,37.7,-122.4\n';

  it('are known by the names that files commonly use', async () => {
    const [row] = await rowsOf(CITY_311, false, { kind: 'questions' });
    expect(row).toMatchObject({
      who: '7',
      lat: 37.7,
      lng: -122.4,
      topic: 'Graffiti',
      atMs: Date.UTC(2023, 0, 31, 8, 30),
    });
  });

  it('are what the user says, before what they are called', async () => {
    const text = 'id,Ref,Seen At,id2,lat,lon,Y\nx,r1,2023-01-31T08:30:00Z,z,1,2,37.7\n';
    const columns = namedColumns('id=Ref, ts=seen at,lat=Y,lng=lon');
    expect((await rowsOf(text, false, { kind: 'questions', columns }))[0]).toMatchObject({
      who: 'r1',
      lat: 37.7,
      lng: 2,
    });
    // In a file of positions an id stands for the user, where no user is named.
    expect((await rowsOf(text, false, { columns }))[0]).toMatchObject({ who: 'r1' });
    expect(() => checkNamed(columns, [['user'], ['Ref', 'Seen At', 'Y', 'lon']])).not.toThrow();
  });

  it.each(['id', 'colour=Red', 'id=', '=x', 'ts=a,,lat=b'])('%j is refused', (text) => {
    expect(() => namedColumns(text)).toThrow(/--columns takes NAME=COLUMN/);
  });

  it('that no file has are refused, naming those that there are', () => {
    expect(() =>
      checkNamed(namedColumns('ts=Opend'), [
        ['user', 'ts'],
        ['id', 'Opened'],
      ]),
    ).toThrow(/neither file has a column Opend; they have user, ts; and id, Opened/);
  });
});

describe('a record', () => {
  const fieldsOf = async (text: string) =>
    (await all((await openCsv(file(text))).rows)).map(({ line, fields, ragged }) => [line, fields, ragged]);

  it.each([
    ['a,b,c\n1,2,3\n', [[2, ['1', '2', '3'], false]]],
    ['a,b\r\n"x,y",2\r\n', [[2, ['x,y', '2'], false]]],
    ['\uFEFFa,b,c\n"say ""hi""",,\n', [[2, ['say "hi"', '', ''], false]]],
    [
      'a,b\n1,"two\nlines"\n3,4\n',
      [
        [2, ['1', 'two\nlines'], false],
        [4, ['3', '4'], false],
      ],
    ],
    [
      'a,b\n1\n\n5,6 "six"\n',
      [
        [2, ['1'], true],
        [4, ['5', '6 "six"'], false],
      ],
    ],
    ['a;b;c\n1;"2;2";3,5\n', [[2, ['1', '2;2', '3,5'], false]]],
  ])('%j is split', async (text, records) => expect(await fieldsOf(text)).toEqual(records));

  it('whose quote is never closed is named', async () => {
    await expect(fieldsOf('a,b\n1,2\n3,"4\n5,6\n')).rejects.toThrow(
      /after record 2 a quoted field begins that is never/,
    );
  });
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
