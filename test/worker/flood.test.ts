// Somebody asks and cancels in a loop: what a stranger who reads nothing has in their inbox stays bounded, and reading it is.
import { describe, expect, it } from 'vitest';
import { api, BOX, eventually, inboxOf, type Json, near, rollOut } from './world.ts';

const INBOX_MAX = 256;
const PAGE_BYTES_MAX = 64 * 1024;

type Page = { readonly items: readonly { readonly seq: number; readonly type: string }[]; readonly next: number };

/** Everything, page by page; each page within its bounds. */
async function read(user: string): Promise<readonly { readonly seq: number; readonly type: string }[]> {
  const all: Page['items'][number][] = [];
  for (let after = 0; ; ) {
    const { body } = await api<Page>(user, 'GET', `/v1/events?after=${after}`);
    expect(body.items.length).toBeLessThanOrEqual(100);
    expect(new TextEncoder().encode(JSON.stringify(body.items)).length).toBeLessThanOrEqual(PAGE_BYTES_MAX);
    if (body.items.length === 0) return all;
    all.push(...body.items);
    after = body.next;
  }
}

async function askAndCancel(asker: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const { status, body } = await api<Json>(asker, 'POST', '/v1/questions', { ...near(0), text: '€'.repeat(2000) });
    expect(status).toBe(201);
    expect((await api(asker, 'DELETE', `/v1/questions/${body['id']}`)).status).toBe(200);
  }
}

describe('asking and cancelling in a loop', () => {
  it('REST1 asks a stranger once in each rest', async () => {
    await rollOut('flood', BOX, { cooldownMs: 600_000 });
    await api('rested', 'PUT', '/v1/presence', near(0));
    await askAndCancel('mallory', 20);
    await inboxOf('rested', 2);
    expect(await read('rested')).toHaveLength(2);
  });

  it('INBOX1, INBOX2 fills an inbox to its bound and no further; then others are asked, and who has read is too', async () => {
    await rollOut('flood', BOX, { cooldownMs: 0 });
    await api('stranger', 'PUT', '/v1/presence', { ...near(300), topics: ['boats'] });
    await askAndCancel('mallory', 160);
    // What was on its way when the cell was told how full it is comes on top.
    const slack = 32;
    const found = await eventually('a full inbox', async () => {
      const events = await read('stranger');
      return events.length > INBOX_MAX - slack ? events : undefined;
    });
    expect(found.length).toBeLessThanOrEqual(INBOX_MAX + slack);
    await api('stranger', 'POST', '/v1/events/ack', { seq: found.at(-1)?.seq });
    await eventually('an offer', async () => {
      await askAndCancel('mallory', 1);
      return (await read('stranger')).length > 0 ? true : undefined;
    });
  });
});
