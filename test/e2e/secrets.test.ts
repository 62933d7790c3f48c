// The secret that makes ids of keys is changed while a retry is on its way.
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { callApi } from '../../tools/support/http.ts';
import { startService } from '../../tools/support/service.ts';
import { signToken } from '../../tools/support/token.ts';
import { temporaryDir } from './support/service.ts';
import { AT, ROUND_THE_BAY } from './support/town.ts';

const dataDir = temporaryDir();
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const NEW = 'a secret for ids of thirty-two characters or so';
const NEWER = 'another secret for ids, of thirty-two characters';

/** Starts with these settings, asks once more with the same key, and stops. */
async function askedWith(vars: Readonly<Record<string, string>>): Promise<unknown> {
  const service = await startService({ dataDir, port: 0, vars, quiet: true });
  const { url, secret } = service;
  try {
    const ops = await signToken({ sub: 'ops', scope: 'ops', secret });
    const city = { name: 'San Francisco', boundary: ROUND_THE_BAY };
    await callApi(url, '/v1/ops/cities/sf', { method: 'PUT', body: city, token: ops });
    const { status, body } = await callApi(url, '/v1/questions', {
      method: 'POST',
      body: { ...AT, text: 'Anybody?', expiresInS: 3600 },
      token: await signToken({ sub: 'alice', scope: 'user', secret }),
      headers: { 'idempotency-key': 'once' },
    });
    return status === 201 ? (body as { readonly id: string }).id : { status, body };
  } finally {
    await service.stop();
  }
}

it('ONCE1: a retry finds its question over a change of the secret, by the one before', {
  timeout: 60_000,
}, async () => {
  const { secret } = await startService({ dataDir, port: 0, quiet: true }).then(async (service) => {
    await service.stop();
    return service;
  });
  const first = await askedWith({});
  expect(first).toMatch(/^q-/);
  expect(await askedWith({ ID_SECRET: NEW, ID_SECRET_PREVIOUS: secret })).toBe(first);
  expect(await askedWith({ ID_SECRET: NEWER, ID_SECRET_PREVIOUS: NEW })).not.toBe(first);
  expect(await askedWith({ ID_SECRET: 'short' })).toMatchObject({ status: 500 });
});
