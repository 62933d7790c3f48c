// A status in a terminal.
import { describe, expect, it } from 'vitest';
import type { CityStatus, Status } from '../../../../src/protocol/status.ts';
import { statusLines } from '../../../../tools/support/status-lines.ts';

const TARGET = { normal: 0.5, peak: 0.75, splits: 1 };
const CITY: CityStatus = {
  id: 'sf' as CityStatus['id'],
  name: 'San Francisco',
  state: 'live',
  cells: 260,
  cellsTold: 0,
  users: null,
  questions: null,
  eventsPerS: null,
  sockets: null,
  outbox: null,
  queueAgeMs: null,
  alarmLagMs: null,
  used: null,
  headroom: null,
};
const status = (city: CityStatus): Status => ({ at: '', target: TARGET, cities: [city], cells: [], hotNext: null });

describe('OPS1: npm run status', () => {
  it('shows what no cell has told as unknown, and what was told as it is', () => {
    expect(statusLines(status(CITY))[1]).toMatch(/^sf +0\/260( +\?){7}$/);
    expect(statusLines(status({ ...CITY, state: 'draining' }))[1]).toMatch(/^sf \(draining\) +0\/260/);
    const questions = { open: 1, dormant: 2, matched: 3, answered: 0, expired: 0, cancelled: 0 };
    const known = { users: 0, questions, eventsPerS: 0, sockets: 0, outbox: 0, queueAgeMs: 0, alarmLagMs: 0 };
    const told = { ...CITY, ...known, cellsTold: 1, used: 0.5, headroom: 0.5 };
    expect(statusLines(status(told))[1]).toMatch(/^sf +1\/260 +0 +0\.0 +1\/2\/3 +0 s +0 s +0 +█+·+ 50 %$/);
  });
});
