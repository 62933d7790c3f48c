// A connection in the world as it is: networks that die in silence, proxies that block sockets, tokens that are refused.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ms, world } from '../support/fake-service.ts';

describe('a connection that a dead network holds', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('STREAM2 is found out within ten seconds, and a new one is opened', async () => {
    const { service, states, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('ping');
    await ms(9000);
    expect(states).toContain('waiting');
    await ms(5000);
    expect(service.sockets.length).toBeGreaterThan(1);
    expect(connection.state).toBe('open');
    connection.close();
  });

  it('STREAM2 stays open as long as somebody answers', async () => {
    const { service, states, start } = world();
    const connection = start();
    await ms(120_000);
    expect(states).toEqual(['open']);
    expect(service.sockets).toHaveLength(1);
    connection.close();
  });
});

describe('a connection without sockets', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('polls where there is no WebSocket at all, and says so once', async () => {
    const { service, seen, errors, start } = world({}, { WebSocket: undefined });
    vi.stubGlobal('WebSocket', undefined);
    service.owed = [1, 2];
    const connection = start();
    await ms(2000);
    vi.unstubAllGlobals();
    expect(connection.state).toBe('open');
    expect(connection.transport).toBe('polling');
    expect(errors).toEqual(['socket_unavailable']);
    expect(seen).toEqual([1, 2]);
    expect(service.requests.some(({ path, body }) => path === '/v1/presence' && body['session'] !== undefined)).toBe(
      true,
    );
    connection.close();
  });

  it('polls once sockets were blocked three times while calls get through, and tries them again later', async () => {
    const { service, seen, errors, start } = world();
    service.blocked = true;
    service.owed = [1];
    const connection = start();
    await ms(30_000);
    expect(connection.transport).toBe('polling');
    expect(connection.state).toBe('open');
    expect(seen).toEqual([1]);
    expect(errors.filter((code) => code === 'socket_unavailable')).toHaveLength(1);
    const tried = service.sockets.length;
    service.blocked = false;
    await ms(360_000);
    expect(service.sockets.length).toBeGreaterThan(tried);
    expect(connection.transport).toBe('socket');
    connection.close();
  });

  it('does not poll a service that is away', async () => {
    const { service, start } = world();
    service.up = false;
    const connection = start();
    await ms(60_000);
    expect(connection.transport).toBe('socket');
    connection.close();
  });
});

describe('a token that is refused', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends a connection that has no other, with the reason', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 401, code: 'token_expired' };
    const connection = start();
    await ms(1000);
    expect(connection.state).toBe('closed');
    expect(connection.reason).toMatchObject({ code: 'token_expired' });
    expect(errors).toEqual(['token_expired']);
    await ms(60_000);
    expect(service.sockets).toHaveLength(1);
  });

  it('is asked for anew where there is somebody to ask, three times at most', async () => {
    let asked = 0;
    const token = (): string => `jwt${++asked}`;
    const { service, start } = world({}, { token });
    service.refusal = { status: 401, code: 'token_expired' };
    const connection = start();
    await ms(120_000);
    expect(connection.state).toBe('closed');
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(12);
  });

  it('that is not valid yet is one for later', async () => {
    const { service, start } = world();
    service.refusal = { status: 401, code: 'token_not_yet_valid' };
    const connection = start();
    await ms(10_000);
    expect(connection.state).not.toBe('closed');
    service.refusal = undefined;
    await ms(30_000);
    expect(connection.state).toBe('open');
    connection.close();
  });
});
