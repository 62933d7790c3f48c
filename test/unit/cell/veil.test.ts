// What others see of somebody who walks: the cell moves it late, by what is drawn, and keeps nothing of the raw point.
import { describe, expect, it } from 'vitest';
import { decodeUser, encodeUser } from '../../../src/cell/tables/users.ts';
import { newVeil } from '../../../src/cell/users/veil.ts';
import { center, encode, neighbors } from '../../../src/geo/geohash.ts';
import type { Point } from '../../../src/geo/point.ts';
import { snap } from '../../../src/geo/snap.ts';
import { present } from '../../../src/lib/assert.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, ping, record } from '../support/names.ts';

const GRID = 7;
const HOME = encode(at(), GRID);
/** The centre of the square that so many lie east of the first one, and points in sides of it beyond. */
const SIDE = center(neighbors(HOME).e as string).lng - center(HOME).lng;
const beyond = (sides: number): Point => ({
  lat: center(HOME).lat + 1e-5,
  lng: center(HOME).lng + (0.5 + sides) * SIDE,
});
const NEXT = center(neighbors(HOME).e as string);
/** Where chance is in the middle: a lean of 9/16, a margin of 1/4, a delay of 17.5 s, far at 1.5. */
const PAST = 0.95;
const heard = (raw: Point) => ({ t: 'presence', user: ana, ping: ping(snap(raw, GRID)), at: raw }) as const;

function walker(options: Parameters<typeof cellHarness>[0] = {}) {
  const cell = cellHarness(options);
  cell.request(heard(center(HOME)));
  return cell;
}

describe('PRIV3 the square that others see', () => {
  it('stays when its line is crossed, and moves by one beyond margin and delay', () => {
    const cell = walker();
    cell.request(heard(beyond(0.6)));
    cell.advance(40_000);
    cell.request(heard(beyond(0.6)));
    expect(cell.resident(ana)?.point, 'within the margin').toEqual(center(HOME));
    cell.request(heard(beyond(PAST)));
    expect(cell.resident(ana)?.point, 'before the delay').toEqual(center(HOME));
    cell.advance(18_000);
    cell.request(heard(beyond(PAST)));
    expect(cell.resident(ana)?.point).toEqual(NEXT);
  });

  it('does not move for a point that was wrong', () => {
    const cell = walker();
    cell.request(heard(beyond(PAST)));
    cell.request(heard(beyond(0.1)));
    cell.advance(18_000);
    cell.request(heard(beyond(PAST)));
    expect(cell.resident(ana)?.point).toEqual(center(HOME));
  });

  it('is drawn anew at each crossing, but for its lean', () => {
    let n = 0;
    const cell = walker({ chance: () => (++n % 7) / 7 });
    const before = present(cell.resident(ana)?.veil, 'veil').lng;
    cell.request(heard(beyond(9)));
    const after = present(cell.resident(ana)?.veil, 'veil').lng;
    expect(after.lean).toEqual(before.lean);
    expect(after.margin).not.toBe(before.margin);
    expect(after.delayMs).not.toBe(before.delayMs);
  });

  it('follows at once who is far', () => {
    const cell = walker();
    const raw = beyond(9.5);
    cell.request(heard(raw));
    expect(cell.resident(ana)?.point, 'whose lean is the likeliest').toEqual(snap(raw, GRID));
  });

  it('waits on through the end of its object', () => {
    const cell = walker();
    cell.request(heard(beyond(PAST)));
    cell.advance(18_000);
    cell.restart();
    cell.request(heard(beyond(PAST)));
    expect(cell.resident(ana)?.point).toEqual(NEXT);
  });

  it('goes with the record to another cell, and does not jump there', () => {
    const cell = walker();
    cell.request(heard(beyond(0.6)));
    const veil = present(cell.resident(ana)?.veil, 'veil');
    const given = cell.request({ t: 'recall', user: ana, epoch: 1 });
    expect(given).toMatchObject({ record: { point: center(HOME), veil } });
    const other = cellHarness({
      respond: ({ request }) =>
        request.t === 'claim' ? { t: 'granted', epoch: 2, record: record({ point: center(HOME), veil }) } : undefined,
    });
    other.request(heard(beyond(0.6)));
    expect(other.resident(ana)).toMatchObject({ point: center(HOME), veil });
  });

  it('begins anew where the lease has ended', () => {
    const cell = cellHarness({
      respond: ({ request }) =>
        request.t === 'claim' ? { t: 'granted', epoch: 2, record: record({ leaseLeftMs: 0 }) } : undefined,
    });
    cell.request(heard(beyond(0.1)));
    expect(cell.resident(ana)?.point).toEqual(NEXT);
  });

  it('is their own at a leap, and at the ping after it, and lags again when they walk', () => {
    const cell = walker();
    const drives = (sides: number, afterMs: number): Point | undefined => {
      cell.advance(afterMs);
      cell.request(heard(beyond(sides)));
      return cell.resident(ana)?.point;
    };
    expect(drives(2.1, 30_000), 'two squares between, 300 m, 30 s').toEqual(snap(beyond(2.1), GRID));
    expect(drives(3.1, 30_000), 'slowing down').toEqual(snap(beyond(3.1), GRID));
    expect(drives(4.1, 30_000), 'on foot').toEqual(snap(beyond(3.1), GRID));
    drives(8.1, 30_000);
    expect(drives(9.1, 10_000), 'on foot, too soon after the leap to tell').toEqual(snap(beyond(8.1), GRID));
  });

  it('is their own where a leap takes them to another cell', () => {
    const veil = { ...newVeil(() => 0.5), last: { square: center(HOME), leapt: false } };
    const claims = (pointAgeMs: number) => {
      const cell = cellHarness({
        respond: ({ request }) =>
          request.t === 'claim'
            ? { t: 'granted', epoch: 2, record: record({ point: center(HOME), veil, pointAgeMs }) }
            : undefined,
      });
      cell.request(heard(beyond(2.1)));
      return cell.resident(ana)?.point;
    };
    expect(claims(30_000), 'driven').toEqual(snap(beyond(2.1), GRID));
    expect(claims(200_000), 'on foot').toEqual(center(HOME));
  });

  it('waits for no delay after a gap that is one', () => {
    const cell = walker();
    cell.advance(30_000);
    cell.request(heard(beyond(PAST)));
    expect(cell.resident(ana)?.point).toEqual(NEXT);
  });

  it('ROW1 is read from rows of before, which have no veil', () => {
    const resident = present(walker().resident(ana), 'held');
    const { veil: _, v: _v, ...row } = JSON.parse(encodeUser(resident)) as Record<string, unknown>;
    for (const v of [1, 2]) expect(decodeUser(JSON.stringify({ v, ...row })).veil).toBeUndefined();
    expect(decodeUser(encodeUser(resident)).veil).toEqual(resident.veil);
  });
});

describe('PRIV3 the raw point', () => {
  it.each([true, false])('is in nothing that a step keeps, writes, sends or says; over a socket: %s', (socket) => {
    const cell = cellHarness({ manual: ['claim'] });
    if (socket) cell.step({ t: 'socket_open', user: ana, session: 's' });
    const raw = { lat: center(HOME).lat + 0.000_123_4, lng: center(HOME).lng + 0.000_123_4 };
    const isKept = (what: unknown): boolean => {
      const text = JSON.stringify(what, (_, value) => (value instanceof Map ? [...value] : value));
      return text.includes(String(raw.lat)) || text.includes(String(raw.lng));
    };
    const tell = (token: number) => cell.step({ t: 'request', envelope: { request: heard(raw) }, token, socket });
    expect(isKept(heard(raw)), 'it would be found').toBe(true);
    for (const token of [900, 901]) {
      const effects = tell(token);
      expect(isKept(effects)).toBe(false);
      expect(isKept(cell.state())).toBe(false);
      if (token === 900) cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    }
    expect(cell.resident(ana)?.phase).toBe('live');
    expect(isKept([...cell.store.load()])).toBe(false);
  });
});
