import { describe, expect, it } from 'vitest';
import { timeOf } from '../../../../tools/traffic/trace-time.ts';
import { zoneOf } from '../../../../tools/traffic/zone.ts';

const at = (iso: string) => ({ atMs: Date.parse(iso) });
const read = (text: string, zone = 'America/Chicago') => timeOf(text, zoneOf(zone));

describe('a time of a trace', () => {
  it.each([
    ['2023-01-31T08:30:00Z', '2023-01-31T08:30:00Z'],
    ['2023-01-31T08:30:00.582+0100', '2023-01-31T07:30:00.582Z'],
    ['2023-01-31 08:30:00 UTC', '2023-01-31T08:30:00Z'],
    ['2023-01-31 08:30:00.123456+00', '2023-01-31T08:30:00.123Z'],
    ['1675153800', '2023-01-31T08:30:00Z'],
    ['1675153800.25', '2023-01-31T08:30:00.250Z'],
    ['1675153800582', '2023-01-31T08:30:00.582Z'],
    ['1675153800582999', '2023-01-31T08:30:00.582Z'],
    ['2023-01-31 08:30', '2023-01-31T14:30:00Z'],
    ['2023/07/31 8:30:05', '2023-07-31T13:30:05Z'],
    ['01/31/2023 08:30:00 PM', '2023-02-01T02:30:00Z'],
    ['01/31/2023 12:05 AM', '2023-01-31T06:05:00Z'],
    ['31.01.2023 08:30', '2023-01-31T14:30:00Z'],
  ])('%s is %s', (text, iso) => expect(read(text)).toEqual(at(iso)));

  it.each([
    ['', 'badtime'],
    ['yesterday', 'badtime'],
    ['2023-02-30T08:30:00Z', 'badtime'],
    ['2023-01-31T24:30:00Z', 'badtime'],
    ['13:30 PM', 'badtime'],
    ['2023', 'badtime'],
    ['03/04/2023 14:00', 'dayormonth'],
    ['25/03/2023 14:00', 'dayormonth'],
  ])('%j is %s', (text, bad) => expect(read(text)).toEqual({ bad }));

  it('without a zone is no time, unless one is said', () => {
    expect(timeOf('2023-01-31 08:30', undefined)).toEqual({ bad: 'nozone' });
    expect(timeOf('1675153800', undefined)).toEqual(at('2023-01-31T08:30:00Z'));
    expect(zoneOf('Mars/Olympus')).toBeUndefined();
  });

  it.each([
    ['before the gap', '2023-03-12 01:59', '2023-03-12T07:59:00Z'],
    ['in the gap: as much later as the clocks jump', '2023-03-12 02:30', '2023-03-12T08:30:00Z'],
    ['after the gap', '2023-03-12 03:30', '2023-03-12T08:30:00Z'],
    ['shown twice: the first', '2023-11-05 01:30', '2023-11-05T06:30:00Z'],
    ['after both', '2023-11-05 02:00', '2023-11-05T08:00:00Z'],
  ])('%s', (_, text, iso) => expect(read(text)).toEqual(at(iso)));

  it('knows zones of half hours, and south of the equator', () => {
    expect(read('2023-10-01 02:10', 'Australia/Lord_Howe')).toEqual(at('2023-09-30T15:40:00Z'));
    expect(read('2023-07-01 12:00', 'Asia/Kolkata')).toEqual(at('2023-07-01T06:30:00Z'));
  });
});
