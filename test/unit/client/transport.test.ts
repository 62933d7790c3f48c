import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOffMs } from '../../../src/client/back-off.ts';
import type { Fetch, FetchReply } from '../../../src/client/platform.ts';
import { type Call, type Token, transport } from '../../../src/client/transport.ts';

type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | 'broken';

function reply({ status, body, headers = {} }: Exclude<Answer, 'broken'>): FetchReply {
  return {
    status,
    headers: { get: (name) => headers[name] ?? null },
    text: async () => (body === undefined ? '' : JSON.stringify(body)),
  };
}

/** A service that gives these answers, one after the other. */
function service(answers: readonly Answer[], token: Token = 'jwt') {
  const sent: { readonly url: string; readonly headers: Record<string, string>; readonly atMs: number }[] = [];
  const fetch: Fetch = async (url, { headers }) => {
    const answer = answers[sent.length];
    sent.push({ url, headers, atMs: Date.now() });
    if (answer === undefined) throw new Error('the test has no more answers');
    if (answer === 'broken') throw new TypeError('fetch failed');
    return reply(answer);
  };
  return { sent, ...transport('http://service/', token, { fetch, random: () => 0.5 }) };
}

const GET: Call = { method: 'GET', path: '/v1/offers' };

describe('a call', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const settled = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => {});
    await vi.runAllTimersAsync();
    return work;
  };

  it('returns the parsed body', async () => {
    const { send, sent } = service([{ status: 200, body: { items: [] } }]);
    expect(await settled(send({ ...GET, query: { after: 3, waitS: undefined } }))).toEqual({ items: [] });
    expect(sent[0]?.url).toBe('http://service/v1/offers?after=3');
    expect(sent[0]?.headers['authorization']).toBe('Bearer jwt');
  });

  it('throws the refusal with its code, and does not try again', async () => {
    const problem = {
      code: 'offer_gone',
      detail: 'It ran out.',
      errors: [{ field: 'id', message: 'no' }],
      traceId: 't1',
    };
    const { send, sent } = service([{ status: 409, body: problem }]);
    await expect(settled(send(GET))).rejects.toMatchObject({
      code: 'offer_gone',
      status: 409,
      detail: 'It ran out.',
      errors: problem.errors,
      traceId: 't1',
      transient: false,
    });
    expect(sent).toHaveLength(1);
  });

  it('is tried again after a network error', async () => {
    const { send, sent } = service(['broken', 'broken', { status: 200, body: 1 }]);
    expect(await settled(send(GET))).toBe(1);
    expect(sent).toHaveLength(3);
  });

  it('LOAD6 waits as long as a busy service asks, and up to a quarter more', async () => {
    const { send, sent } = service([
      { status: 503, body: { code: 'busy' }, headers: { 'retry-after': '7' } },
      { status: 204 },
    ]);
    expect(await settled(send(GET))).toBeUndefined();
    expect((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0)).toBe(7875);
  });

  it('gives up after its last try with the last error', async () => {
    const { send, sent } = service(Array(9).fill('broken'));
    await expect(settled(send({ ...GET, retriesMax: 2 }))).rejects.toMatchObject({ code: 'network', transient: true });
    expect(sent).toHaveLength(3);
  });

  it('that is not repeatable goes again only when the service says that it did nothing', async () => {
    const once: Call = { ...GET, method: 'POST', repeatable: false };
    const broken = service(['broken', { status: 200 }]);
    await expect(settled(broken.send(once))).rejects.toMatchObject({ code: 'network' });
    const busy = service([{ status: 503, body: { code: 'busy' } }, { status: 204 }]);
    expect(await settled(busy.send(once))).toBeUndefined();
  });

  it('gets a new token once when the service does not take the last', async () => {
    let minted = 0;
    const token = (): string => `jwt${++minted}`;
    const { send, sent } = service([{ status: 401, body: { code: 'token_expired' } }, { status: 204 }], token);
    await settled(send(GET));
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual(['Bearer jwt1', 'Bearer jwt2']);
    const hopeless = service(Array(5).fill({ status: 401, body: { code: 'token_signature' } }), token);
    await expect(settled(hopeless.send(GET))).rejects.toMatchObject({ code: 'token_signature' });
    expect(hopeless.sent).toHaveLength(2);
  });

  it('names a response that is not of the service', async () => {
    const { send } = service([{ status: 403 }]);
    await expect(settled(send(GET))).rejects.toMatchObject({ code: 'bad_response', status: 403 });
  });

  it('ends when its signal is aborted', async () => {
    const stop = new AbortController();
    const { send, sent } = service(Array(9).fill('broken'));
    const call = send({ ...GET, signal: stop.signal });
    call.catch(() => {});
    stop.abort();
    await vi.runAllTimersAsync();
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/network|closed/) });
    expect(sent.length).toBeLessThanOrEqual(1);
  });
});

describe('the back-off', () => {
  it('doubles to a limit, and is spread over its upper half', () => {
    expect([0, 1, 2, 30].map((failures) => backOffMs(failures, () => 0))).toEqual([125, 250, 500, 10_000]);
    expect([0, 1, 2, 30].map((failures) => Math.round(backOffMs(failures, () => 0.999999)))).toEqual([
      250, 500, 1000, 20_000,
    ]);
  });
});
