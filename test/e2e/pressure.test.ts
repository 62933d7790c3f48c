// A crowd of people with the client library in one cell that can carry two events a second: they would send sixty, and the cell
// gets them down to what it can carry without losing one of them. Then what ops sees of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/client/connection.ts';
import type { Status } from '../../src/protocol/status.ts';
import { expectApi } from '../../tools/support/http.ts';
import { DEMO_BOUNDARY } from '../../tools/traffic/outline.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { runToEnd } from './support/command.ts';
import { useService } from './support/service.ts';

const MISSION = { lat: 37.7599, lng: -122.4192 };
const PEOPLE = 12;
const MOVES_EVERY_MS = 200;
/** Leases of 30 s are renewed every 10 s at the least: 1.2 pings a second in all, a strain of 0.6. */
const POLICY = {
  presence: { pingEveryS: 1, ttlDefaultMs: 30_000 },
  limits: { eventsPerS: 1, autoSplit: false },
};
const SETTLES_WITHIN_MS = 150_000;

const box = useService();
const opened: Connection[] = [];
const sentAtMs: number[] = [];

/** Notes when a ping is sent. */
class CountingSocket extends WebSocket {
  override send(data: string): void {
    if (data.startsWith('{"t":"presence"')) sentAtMs.push(Date.now());
    super.send(data);
  }
}

beforeAll(async () => {
  const city = { id: 'sf', name: 'SF', boundary: DEMO_BOUNDARY, precision: 5, policy: POLICY };
  await rollOut(box.url(), await box.tokenFor('test', 'ops'), city);
});

afterAll(() => {
  for (const connection of opened) connection.close();
});

describe('a crowd with the client library', () => {
  it('LOAD2 LOAD6 gets the cell below what it can carry, and everybody stays in it', async () => {
    const errors: string[] = [];
    for (let i = 0; i < PEOPLE; i++) {
      const client = box.clientOf(`p${i}`, { WebSocket: CountingSocket });
      const connection = client.connect({ point: MISSION, onError: ({ code }) => void errors.push(code) });
      opened.push(connection);
    }
    // Their phones report a place five times a second.
    let step = 0;
    const moving = setInterval(() => {
      step += 1;
      for (const [i, one] of opened.entries()) {
        one.setPoint({ lat: MISSION.lat + (((step + i) % 9) - 4) * 0.002, lng: MISSION.lng }).catch(() => {});
      }
    }, MOVES_EVERY_MS);
    try {
      const ops = await box.tokenFor('test', 'ops');
      const look = async (): Promise<Status['cells'][number] | undefined> => {
        const status = (await expectApi(box.url(), '/v1/ops/status', { token: ops })) as Status;
        return status.cells[0];
      };
      const startMs = Date.now();
      let cell = await look();
      let calm = 0;
      // Six looks in a row with everybody here and less than it can carry.
      while (calm < 6 && Date.now() - startMs < SETTLES_WITHIN_MS) {
        await sleep(2000);
        cell = await look();
        calm = cell !== undefined && cell.users === PEOPLE && cell.strain < 1 ? calm + 1 : 0;
      }
      expect(cell).toMatchObject({ users: PEOPLE, sockets: PEOPLE });
      expect(cell?.strain).toBeLessThan(1);
      expect(opened.map(({ state }) => state)).toEqual(opened.map(() => 'open'));
      expect(new Set(errors).size === 0 || errors.every((code) => code === 'busy' || code === 'network')).toBe(true);
      const lately = sentAtMs.filter((at) => at > Date.now() - 20_000).length;
      // 120 would be one a second each.
      expect(lately).toBeLessThan(60);
      expect(lately).toBeGreaterThan(10);
    } finally {
      clearInterval(moving);
    }
  }, 200_000);

  it('OPS1 npm run status shows cities, cells with their headroom, and what will be hot next', async () => {
    const status = (...args: readonly string[]) =>
      runToEnd('node', ['tools/status.ts', '--data', box.service().dataDir, '--url', box.url(), ...args]);
    const shown = await status();
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^city +cells told +users/m);
    expect(shown.stdout).toMatch(/^9q8yy +sf +12 /m);
    expect(shown.stdout).toContain('hot next: 9q8yy (sf)');
    const json = await status('--json', '--city', 'sf');
    expect(JSON.parse(json.stdout)).toMatchObject({
      cities: [{ id: 'sf', users: PEOPLE }],
      hotNext: { cell: '9q8yy' },
    });
    const unknown = await status('--city', 'nowhere');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('unknown_city');
  });
});
