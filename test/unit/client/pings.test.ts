import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientPing, type Pings, pings } from '../../../src/client/pings.ts';
import { VicinalError } from '../../../src/client/vicinal-error.ts';
import type { PresenceView } from '../../../src/protocol/views.ts';

const VIEW = { cell: '9q8yy' } as unknown as PresenceView;
const at = (lat: number) => ({ lat, lng: 0 });
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A socket whose replies are given by hand. */
function wire(position: Pings) {
  const sent: ClientPing[] = [];
  const replies: { readonly ok: (view: PresenceView) => void; readonly fail: (error: unknown) => void }[] = [];
  position.attach((ping) => {
    sent.push(ping);
    return new Promise((ok, fail) => replies.push({ ok, fail }));
  });
  return { sent, replies };
}

function position(unheard: VicinalError[] = [], eager = false): Pings {
  return pings(
    's1',
    at(1),
    { topics: ['food'], capacity: 2 },
    {
      onUnheard: (error) => unheard.push(error),
      random: () => 0.4,
      eager,
    },
  );
}

describe('pings', () => {
  it('send one at a time, and of what waits only the newest', async () => {
    const own = position();
    const { sent, replies } = wire(own);
    const [second, third] = [own.set(at(2)), own.set(at(3))];
    expect(sent.map(({ lat }) => lat)).toEqual([1]);
    expect(await second).toBe('superseded');
    replies[0]?.ok(VIEW);
    await turn();
    expect(sent.map(({ lat }) => lat)).toEqual([1, 3]);
    replies[1]?.ok(VIEW);
    expect(await third).toBe(VIEW);
  });

  it('say the profile again on the same socket when the ping that carried it was not taken', async () => {
    const own = position();
    const { sent, replies } = wire(own);
    replies[0]?.fail(new VicinalError({ code: 'busy', status: 503, retryAfterS: 0 }));
    await vi.waitFor(() => expect(sent).toHaveLength(2), 5000);
    expect(sent.map(({ topics }) => topics)).toEqual([['food'], ['food']]);
    replies[1]?.ok(VIEW);
    await turn();
    void own.set(at(2));
    expect(sent[2]).not.toHaveProperty('topics');
  });

  it('carry one session, a seq that rises over sockets, and the profile once a socket', async () => {
    const own = position();
    const first = wire(own);
    first.replies[0]?.ok(VIEW);
    await turn();
    void own.set(at(2));
    const second = wire(own);
    first.replies[1]?.fail(new VicinalError({ code: 'network', status: 0 }));
    await turn();
    const all = [...first.sent, ...second.sent];
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(all.map(({ lat }) => lat)).toEqual([1, 2, 2]);
    expect(new Set(all.map(({ session }) => session))).toEqual(new Set(['s1']));
    expect(all.map(({ topics }) => topics)).toEqual([['food'], undefined, ['food']]);
  });

  it('send the last point again on a new socket', async () => {
    const own = position();
    wire(own).replies[0]?.ok(VIEW);
    await turn();
    expect(wire(own).sent.map(({ lat }) => lat)).toEqual([1]);
  });

  it('reject the point that the service refuses, and keep the last that it took', async () => {
    const own = position();
    const { replies } = wire(own);
    replies[0]?.ok(VIEW);
    await turn();
    const refused = own.set(at(50));
    replies[1]?.fail(new VicinalError({ code: 'out_of_coverage', status: 404 }));
    await expect(refused).rejects.toMatchObject({ code: 'out_of_coverage' });
    expect(own.point()).toEqual(at(1));
  });

  it('send a point again that a newer ping of the session has overtaken elsewhere, and tell nobody', async () => {
    vi.useFakeTimers();
    const unheard: VicinalError[] = [];
    const own = position(unheard);
    const { sent, replies } = wire(own);
    replies[0]?.fail(new VicinalError({ code: 'stale_ping', status: 409 }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.map(({ lat, seq }) => [lat, seq])).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(unheard).toEqual([]);
    vi.useRealTimers();
  });

  it('tell of a refusal that nobody waits for', async () => {
    const unheard: VicinalError[] = [];
    const own = position(unheard);
    wire(own).replies[0]?.fail(new VicinalError({ code: 'out_of_coverage', status: 404 }));
    await turn();
    expect(unheard.map(({ code }) => code)).toEqual(['out_of_coverage']);
  });

  it('wait for the next socket when the answer did not come', async () => {
    const own = position();
    const first = wire(own);
    const moved = own.set(at(2));
    first.replies[0]?.fail(new VicinalError({ code: 'network', status: 0 }));
    await turn();
    expect(first.sent).toHaveLength(1);
    const second = wire(own);
    expect(second.sent.map(({ lat }) => lat)).toEqual([2]);
    second.replies[0]?.ok(VIEW);
    expect(await moved).toBe(VIEW);
  });

  it('reject what waits when they are closed', async () => {
    const own = position();
    const waiting = own.set(at(2));
    own.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(own.set(at(3))).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('the interval that the service asks for', () => {
  const told = (pingEveryS: number): PresenceView => ({ ...VIEW, pingEveryS });
  const busy = (retryAfterS: number): VicinalError => new VicinalError({ code: 'busy', status: 503, retryAfterS });

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('LOAD6 keeps points back until it is over, and sends the newest', async () => {
    const own = position();
    const { sent, replies } = wire(own);
    replies[0]?.ok(told(40));
    await vi.advanceTimersByTimeAsync(1000);
    const [second, third] = [own.set(at(2)), own.set(at(3))];
    expect(await second).toBe('superseded');
    await vi.advanceTimersByTimeAsync(38_999);
    expect(sent.map(({ lat }) => lat)).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent.map(({ lat }) => lat)).toEqual([1, 3]);
    replies[1]?.ok(told(40));
    expect(await third).toMatchObject({ pingEveryS: 40 });
  });

  it('LOAD6 keeps back no profile, no point of a new socket, and nothing of an eager app', async () => {
    const own = position();
    const first = wire(own);
    first.replies[0]?.ok(told(40));
    await vi.advanceTimersByTimeAsync(0);
    void own.setProfile({ capacity: 0 });
    expect(first.sent.at(-1)).toMatchObject({ capacity: 0 });
    first.replies[1]?.ok(told(40));
    await vi.advanceTimersByTimeAsync(0);
    void own.set(at(2));
    expect(first.sent).toHaveLength(2);
    expect(wire(own).sent.map(({ lat }) => lat)).toEqual([2]);
    const eager = position([], true);
    const second = wire(eager);
    second.replies[0]?.ok(told(40));
    await vi.advanceTimersByTimeAsync(0);
    void eager.set(at(2));
    expect(second.sent).toHaveLength(2);
  });

  it('LOAD6 waits as long as a busy service asks, and a part of a quarter more, on whatever socket, eager or not', async () => {
    for (const eager of [false, true]) {
      const own = position([], eager);
      const first = wire(own);
      first.replies[0]?.fail(busy(20));
      await vi.advanceTimersByTimeAsync(0);
      void own.setProfile({ capacity: 3 });
      const second = wire(own);
      await vi.advanceTimersByTimeAsync(21_999);
      expect([first.sent.length, second.sent.length]).toEqual([1, 0]);
      await vi.advanceTimersByTimeAsync(1);
      expect(second.sent.map(({ lat, capacity }) => [lat, capacity])).toEqual([[1, 3]]);
    }
  });
});
