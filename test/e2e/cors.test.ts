// Pages of other origins: by raw requests, and in a browser where there is one.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { showLogsOnFailure, useService } from './support/service.ts';
import { badSocket } from './support/socket.ts';
import { AT, openTown, type Town } from './support/town.ts';

const CHROMIUM = '/usr/bin/chromium';
const PAGE = 'https://app.example';

const preflight = (url: string, origin: string, method = 'POST') =>
  fetch(`${url}/v1/questions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  });
const listOf = (headers: Headers, name: string): readonly string[] =>
  (headers.get(name) ?? '').split(',').map((one) => one.trim().toLowerCase());

describe('EDGE7: a service for pages of all origins', () => {
  const box = useService();
  let town: Town;
  beforeAll(async () => {
    town = await openTown(box, {});
  });

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])('answers the preflight of %s, for a long time', async (method) => {
    const answer = await preflight(box.url(), PAGE, method);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThanOrEqual(7200);
    expect(listOf(answer.headers, 'access-control-allow-methods')).toContain(method.toLowerCase());
    expect(listOf(answer.headers, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'traceparent']),
    );
  });

  it.each([
    ['a success', () => box.api('GET', '/v1/offers', undefined, town.alice, { origin: PAGE }), 200],
    ['a 401', () => box.api('GET', '/v1/offers', undefined, undefined, { origin: PAGE }), 401],
    ['a 404', () => box.api('GET', '/v1/nothing', undefined, town.alice, { origin: PAGE }), 404],
    ['a 405', () => box.api('PATCH', '/v1/offers', {}, town.alice, { origin: PAGE }), 405],
    ['a 422', () => box.api('POST', '/v1/questions', {}, town.alice, { origin: PAGE }), 422],
  ])('lets a page read %s and its trace id', async (_what, call, status) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(listOf(answer.headers, 'access-control-expose-headers')).toEqual(
      expect.arrayContaining(['x-trace-id', 'retry-after', 'location']),
    );
    expect(answer.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  describe.skipIf(!existsSync(CHROMIUM))(`in a browser (skipped without ${CHROMIUM})`, () => {
    it('EDGE7 a page of another origin asks, reads a refusal and connects', { timeout: 60_000 }, async () => {
      showLogsOnFailure(box);
      const pages = createServer((_, response) => {
        response.setHeader('content-type', 'text/html').end('<p>page</p>');
      });
      await new Promise<void>((resolve) => void pages.listen(0, '127.0.0.1', resolve));
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
        const said = await page.evaluate(
          async ({ url, token, at }) => {
            const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
            const ask = (body: unknown) =>
              fetch(`${url}/v1/questions`, {
                method: 'POST',
                headers: { ...headers, 'idempotency-key': '"from a page"' },
                body: JSON.stringify(body),
              });
            const asked = await ask({ ...at, text: 'From a page?' });
            const refused = await ask({ ...at });
            const { code } = (await refused.json()) as { readonly code: string };
            const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream?lat=${at.lat}&lng=${at.lng}`, [
              'vicinal.v1',
              `bearer.${token}`,
            ]);
            const opened = await new Promise<string>((resolve) => {
              socket.onopen = () => resolve('open');
              socket.onerror = () => resolve('error');
            });
            socket.close();
            return { status: asked.status, trace: refused.headers.get('x-trace-id'), code, opened };
          },
          { url: box.url(), token: town.alice, at: AT },
        );
        expect(said).toMatchObject({ status: 201, code: 'missing_field', opened: 'open' });
        expect(said.trace).toMatch(/^[0-9a-f]{32}$/);
      } finally {
        await browser.close();
        pages.close();
      }
    });
  });
});

describe('EDGE7: a service for pages of two origins', () => {
  const box = useService({ vars: { CORS_ORIGINS: ` ${PAGE}/, http://localhost:5173` } });
  const OTHER = 'https://evil.example';

  it.each([PAGE, 'http://localhost:5173'])('lets pages of %s call', async (origin) => {
    const answer = await preflight(box.url(), origin);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
    const health = await box.api('GET', '/health', undefined, undefined, { origin });
    expect(health.headers.get('access-control-allow-origin')).toBe(origin);
    expect(health.headers.get('vary')?.toLowerCase()).toContain('origin');
  });

  it.each([OTHER, 'null', 'https://app.example.evil.example', 'http://app.example', 'https://app.example:444'])(
    'has nothing to say to pages of %s',
    async (origin) => {
      const answer = await preflight(box.url(), origin);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      const token = await box.tokenFor('mallory');
      const refused = await badSocket(`${box.url()}/v1/stream`, ['vicinal.v1', `bearer.${token}`], { origin });
      expect(refused).toMatchObject({ status: 403, code: 'forbidden_origin' });
    },
  );

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['a page of the list', { origin: PAGE }],
    ['an app, which has no origin', {}],
  ])('lets %s open a socket, if there is a place for it', async (_who, headers) => {
    const token = await box.tokenFor('nobody');
    const answer = await badSocket(`${box.url()}/v1/stream`, ['vicinal.v1', `bearer.${token}`], headers);
    expect(answer).toMatchObject({ status: 409, code: 'no_presence' });
  });

  it('lets a page that it served itself open a socket', async () => {
    const token = await box.tokenFor('nobody');
    const answer = await badSocket(`${box.url()}/v1/stream`, ['vicinal.v1', `bearer.${token}`], { origin: box.url() });
    expect(answer).toMatchObject({ status: 409, code: 'no_presence' });
  });
});
