// Connections: warned before their token ends, ended with it, and never too many of one user.
import { describe, expect, it } from 'vitest';
import { CLOSE_EXPIRED, CLOSE_TOO_MANY, type Connection, WARNED_MS } from '../../../src/cell/users/connections.ts';
import { type EpochMs, epochMs } from '../../../src/lib/brand.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, bob } from '../support/names.ts';

const TTL_MS = 600_000;
const open = (cell: CellHarness, id: string, more: Partial<Connection> = {}): void => {
  const connection = { id, user: bob, openedAt: cell.now(), expiresAt: epochMs(cell.now() + TTL_MS), ...more };
  cell.step({ t: 'connected', connections: [connection] });
};
const told = (cell: CellHarness, id: string): readonly unknown[] =>
  cell.frames.flatMap(({ frame, only, closeWith }) =>
    only !== id ? [] : [closeWith === undefined ? frame['t'] : [frame['code'], closeWith.code]],
  );
const EXPIRED = ['token_expired', CLOSE_EXPIRED];

describe('SOCK1 a connection', () => {
  it('is warned a minute before its token ends, once, and ends with it, by the alarm', () => {
    const cell = cellHarness();
    cell.connect(bob, { ttlMs: 3_600_000 });
    open(cell, 'a');
    cell.advance(TTL_MS - WARNED_MS - 1);
    expect(told(cell, 'a')).toEqual([]);
    cell.advance(1);
    expect(told(cell, 'a')).toEqual(['expiring']);
    expect(cell.frames.at(-1)?.frame).toMatchObject({
      inS: 60,
      expiresAt: new Date(cell.now() + 60_000).toISOString(),
    });
    cell.advance(WARNED_MS - 1);
    expect(told(cell, 'a')).toEqual(['expiring']);
    cell.advance(1);
    expect(told(cell, 'a')).toEqual(['expiring', EXPIRED]);
    expect(cell.state().sockets.has(bob), 'nobody is connected any more').toBe(false);
    expect(cell.resident(bob)?.phase, 'the lease is another matter').toBe('live');
  });

  it('goes on with another token, and is warned of that one’s end', () => {
    const cell = cellHarness();
    open(cell, 'a');
    cell.advance(TTL_MS - 30_000);
    cell.step({ t: 'renewed', user: bob, id: 'a', expiresAt: epochMs(cell.now() + TTL_MS) });
    cell.advance(TTL_MS - WARNED_MS - 1);
    expect(told(cell, 'a')).toEqual(['expiring']);
    cell.advance(WARNED_MS + 1);
    expect(told(cell, 'a')).toEqual(['expiring', 'expiring', EXPIRED]);
  });

  it('ends at the next event of any kind after a lost alarm', () => {
    const cell = cellHarness();
    open(cell, 'a');
    cell.setNow(cell.now() + TTL_MS + 5);
    cell.step({ t: 'tick' });
    expect(told(cell, 'a')).toEqual([EXPIRED]);
  });

  it('ends alone: others of the user, and of others, have tokens of their own, or none that ends', () => {
    const cell = cellHarness();
    cell.connect(bob);
    open(cell, 'a');
    open(cell, 'b', { expiresAt: undefined as EpochMs | undefined });
    open(cell, 'c', { user: ana, expiresAt: epochMs(cell.now() + 2 * TTL_MS) });
    cell.advance(TTL_MS);
    expect([told(cell, 'a'), told(cell, 'b'), told(cell, 'c')]).toEqual([['expiring', EXPIRED], [], []]);
    expect(cell.state().sockets.has(bob)).toBe(true);
    cell.step({ t: 'disconnected', user: ana, id: 'c' });
    cell.advance(5 * TTL_MS);
    expect(told(cell, 'c')).toEqual([]);
  });

  it('comes back after a construction, with what its socket carried', () => {
    const cell = cellHarness();
    open(cell, 'a');
    const connections = [...cell.state().connections.values()].flat();
    cell.restart();
    expect(cell.state().connections.size).toBe(0);
    cell.step({ t: 'connected', connections });
    cell.advance(TTL_MS);
    expect(told(cell, 'a')).toEqual(['expiring', EXPIRED]);
  });
});

describe('SOCK2 a user', () => {
  it('has so many connections in a cell, the newest ones, whatever order they are told in', () => {
    const cell = cellHarness();
    for (let n = 0; n < 8; n++) {
      open(cell, `c${n}`, { openedAt: epochMs(cell.now() + n) });
      open(cell, `other${n}`, { user: ana, openedAt: epochMs(cell.now() - n) });
    }
    const closed = (prefix: string): readonly string[] =>
      cell.frames.flatMap(({ only, closeWith }) =>
        closeWith?.code === CLOSE_TOO_MANY && only?.startsWith(prefix) === true ? [only] : [],
      );
    expect(closed('c')).toEqual(['c0', 'c1', 'c2']);
    expect([...closed('other')].sort()).toEqual(['other5', 'other6', 'other7']);
    expect(cell.frames.find(({ only }) => only === 'c0')?.frame).toMatchObject({ code: 'too_many_sockets', most: 5 });
    expect(cell.state().connections.get(bob)).toHaveLength(5);
  });

  it('has as many as the policy says', () => {
    const cell = cellHarness({ policy: { presence: { socketsMax: 1 } } });
    open(cell, 'a');
    open(cell, 'b', { openedAt: epochMs(cell.now() + 1) });
    expect(told(cell, 'a')).toEqual([['too_many_sockets', CLOSE_TOO_MANY]]);
  });
});
