import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OfferId } from '../../../src/protocol/ids.ts';
import { ms, world } from '../support/fake-service.ts';

const offer = 'q-9q8yyk8-00000000.1' as OfferId;

describe('a connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens with point, session and token, and tells where the user is', async () => {
    const { service, start, states } = world({ topics: ['food'], session: 'phone' });
    const connection = start();
    await ms(10);
    expect(service.last.url.pathname).toBe('/v1/stream');
    expect(Object.fromEntries(service.last.url.searchParams)).toMatchObject({
      lat: '37.7700000',
      session: 'phone',
      seq: '1',
      topics: 'food',
    });
    expect(service.last.protocols).toEqual(['vicinal.v1', 'bearer.jwt']);
    expect(service.last.sent[0]).toMatchObject({
      t: 'presence',
      lat: 37.77,
      topics: ['food'],
      session: 'phone',
      seq: 2,
    });
    expect(states).toEqual(['open']);
    connection.close();
    expect(connection.state).toBe('closed');
  });

  it('fetches what it missed, hands each event on once, and acknowledges it', async () => {
    const { service, seen, start } = world({ after: 2 });
    service.owed = [2, 3, 4];
    const connection = start();
    await ms(10);
    service.owed = [...service.owed, 5, 6, 7];
    service.last.say({ t: 'event', ...service.event(5) });
    service.last.say({ t: 'event', ...service.event(5) });
    service.last.say({ t: 'event', ...service.event(7) });
    await ms(10);
    expect(seen).toEqual([3, 4, 5, 6, 7]);
    expect(service.owed).toEqual([]);
    expect(connection.seq).toBe(7);
    connection.close();
  });

  it('comes back after a loss, with back-off, the same session and the events of the meantime', async () => {
    const { service, seen, states, start } = world();
    const connection = start();
    await ms(10);
    service.up = false;
    service.last.drop();
    await ms(3000);
    const failed = service.sockets.length;
    expect(failed).toBeGreaterThan(2);
    expect(failed).toBeLessThan(9);
    service.owed = [1, 2];
    service.up = true;
    await ms(30_000);
    expect(connection.state).toBe('open');
    expect(seen).toEqual([1, 2]);
    expect(new Set(service.sockets.map(({ url }) => url.searchParams.get('session'))).size).toBe(1);
    expect(service.last.sent[0]?.['seq']).toBeGreaterThan(1);
    expect(states).toContain('waiting');
    connection.close();
  });

  it('goes at once where it is sent, at the newest point', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('presence');
    void connection.setPoint({ lat: 37.8, lng: -122.4 }).catch(() => {});
    await ms(1);
    service.last.say({ t: 'moved', cell: '9q8zn', waitMs: 40 });
    await ms(80);
    expect(service.sockets).toHaveLength(1);
    await ms(20);
    expect(service.sockets).toHaveLength(2);
    expect(Object.fromEntries(service.last.url.searchParams)).toMatchObject({ lat: '37.8000000', cell: '9q8zn' });
    expect(service.last.sent[0]).toMatchObject({ t: 'presence', lat: 37.8 });
    connection.close();
  });

  it('asks again by HTTP, with the same key, when the socket ends before the reply', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('ask');
    const asked = connection.ask({ lat: 37.77, lng: -122.42, text: 'open?' });
    await ms(1);
    const key = service.last.sent.at(-1)?.['key'];
    service.last.drop();
    await expect(asked).resolves.toMatchObject({ path: '/v1/questions' });
    expect(key).toMatch(/^[0-9a-z]{24}$/);
    expect(service.requests.find(({ method }) => method === 'POST')?.body).toEqual({
      lat: 37.77,
      lng: -122.42,
      text: 'open?',
    });
    connection.close();
  });

  it('gives a refusal to whoever asked, and keeps the socket', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('accept');
    const accepted = connection.accept(offer);
    accepted.catch(() => {});
    const { ref } = service.last.sent.at(-1) as { readonly ref: string };
    service.last.say({ t: 'error', ref, code: 'offer_gone', status: 409, detail: 'gone' });
    await expect(accepted).rejects.toMatchObject({ code: 'offer_gone', status: 409 });
    const declined = connection.decline(offer);
    await ms(5);
    await expect(declined).resolves.toMatchObject({ id: offer });
    expect(service.sockets).toHaveLength(1);
    connection.close();
  });

  it('takes a socket that does not answer for lost', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('presence');
    await ms(25_000 + 15_000 + 1000);
    expect(service.sockets.length).toBeGreaterThan(1);
    connection.close();
  });

  it('says why it cannot connect, and tries the next point at once', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 404, code: 'out_of_coverage' };
    const connection = start();
    await ms(60_000);
    expect(errors).toEqual(['out_of_coverage']);
    expect(service.sockets).toHaveLength(1);
    service.refusal = undefined;
    void connection.setPoint({ lat: 37.7, lng: -122.4 });
    await ms(20);
    expect(connection.state).toBe('open');
    connection.close();
  });

  it('takes a refusal right after the opening as one of its point, not of a newer one', async () => {
    const { service, errors, start } = world();
    const connection = start();
    await ms(10);
    service.last.drop();
    const far = connection.setPoint({ lat: 0, lng: 0 });
    far.catch(() => {});
    service.silent = new Set(['presence']);
    await ms(400);
    const near = connection.setPoint({ lat: 37.78, lng: -122.42 });
    near.catch(() => {});
    expect(service.last.url.searchParams.get('lat')).toBe('0.0000000');
    service.last.say({ t: 'error', code: 'out_of_coverage', status: 404 });
    service.last.drop();
    service.silent = new Set();
    await expect(far).rejects.toMatchObject({ code: 'out_of_coverage' });
    await ms(3000);
    await expect(near).resolves.toMatchObject({ cell: '9q8yy' });
    expect(errors).toEqual([]);
    expect(service.last.url.searchParams.get('lat')).toBe('37.7800000');
    connection.close();
  });

  it('ends when nothing can help', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 410, code: 'erased' };
    const connection = start();
    await ms(100);
    expect(errors).toEqual(['erased']);
    expect(connection.state).toBe('closed');
    await ms(60_000);
    expect(service.sockets).toHaveLength(1);
    await expect(connection.accept(offer)).rejects.toMatchObject({ code: 'closed' });
  });

  it('leaves no timer behind when it is closed', async () => {
    const { start } = world();
    const connection = start();
    await ms(10);
    connection.close();
    await ms(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('SOCK1 gets another token when the service says that the present one ends, and keeps its socket', async () => {
    let minted = 0;
    const { service, start } = world({}, { token: () => `jwt${++minted}` });
    const connection = start();
    await ms(10);
    service.last.say({ t: 'expiring', expiresAt: '2026-11-20T00:00:00.000Z', inS: 60 });
    await ms(10);
    expect(service.last.sent.filter(({ t }) => t === 'token')).toMatchObject([{ token: 'jwt2' }]);
    expect(service.sockets).toHaveLength(1);
    connection.close();
  });

  it('SOCK1 begins a socket anew with another token when the present one has ended', async () => {
    let minted = 0;
    const { service, start } = world({}, { token: () => `jwt${++minted}` });
    const connection = start();
    await ms(10);
    service.last.say({ t: 'error', code: 'token_expired', status: 401 });
    service.last.drop();
    await ms(5000);
    expect(service.sockets).toHaveLength(2);
    expect(service.last.protocols).toContain('bearer.jwt2');
    expect(connection.state).toBe('open');
    connection.close();
  });

  it('SOCK1 asks nobody for another token where there is one alone', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.say({ t: 'expiring', expiresAt: '2026-11-20T00:00:00.000Z', inS: 60 });
    await ms(10);
    expect(service.last.sent.filter(({ t }) => t === 'token')).toEqual([]);
    connection.close();
  });

  it('SOCK2 is closed for good when the user has opened too many others', async () => {
    const { service, errors, start } = world();
    const connection = start();
    await ms(10);
    service.last.say({ t: 'error', code: 'too_many_sockets', status: 409 });
    service.last.drop();
    await ms(60_000);
    expect(service.sockets).toHaveLength(1);
    expect([connection.state, connection.reason?.code, errors]).toEqual([
      'closed',
      'too_many_sockets',
      ['too_many_sockets'],
    ]);
  });
});
