// Users who ping a cell: claimed before they are matchable, refreshed while they are held, gone when they leave.
import { describe, expect, it } from 'vitest';
import type { PresenceView } from '../../../src/protocol/views.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, CELL, newQuestion, qid, record } from '../support/names.ts';

const TTL_MS = 120_000;
const saidNew = record({ profile: { topics: ['new'], languages: [], capacity: 1 } });
const viewIn = (reply: unknown): PresenceView => (reply as { readonly view: PresenceView }).view;

describe('entering', () => {
  it('EDGE9 says of each ping what became of the lease that it asked for', () => {
    const cell = cellHarness({ manual: ['claim'] });
    const long = 3_600_001;
    const adjusted = [{ field: 'ttlS', asked: 3600.001, used: 3600 }];
    const first = cell.lastToken() + 1;
    cell.ping(bob, { ttlMs: long });
    cell.ping(bob, { ttlMs: 60_000 });
    // Before it was granted, and as soon as it is.
    cell.answer('claim', { t: 'pending', retryMs: 500 });
    cell.ping(bob, { ttlMs: long });
    cell.advance(500);
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect([0, 1, 2].map((n) => viewIn(cell.replies.get(first + n)).adjusted)).toEqual([adjusted, undefined, adjusted]);
    expect(viewIn(cell.ping(bob, { ttlMs: long })).adjusted).toEqual(adjusted);
    expect(viewIn(cell.ping(bob))).not.toHaveProperty('adjusted');
  });

  it('OWN1 makes nobody matchable before their claim was granted', () => {
    const cell = cellHarness({ manual: ['claim'] });
    expect(cell.ping(bob)).toBeUndefined();
    expect(cell.state().roster.size()).toBe(0);
    expect(cell.request({ t: 'ask', question: newQuestion() })).toMatchObject({ view: { state: 'dormant' } });
    expect(cell.open.map(({ address, request }) => ({ address, request }))).toEqual([
      {
        address: { to: 'user', user: bob },
        request: { t: 'claim', user: bob, cell: CELL, session: 's' },
      },
    ]);
    const waiting = cell.lastToken() - 1;
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.replies.get(waiting)).toMatchObject({ t: 'present', view: { cell: CELL, city: 'sf' } });
    expect(cell.state().roster.size()).toBe(1);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('takes profile, reputation, blocks and holds from the record, and what the ping says over it', () => {
    const cell = cellHarness({ respond: ({ request }) => (request.t === 'claim' ? granted : undefined) });
    const granted = {
      t: 'granted',
      epoch: 7,
      record: record({
        profile: { topics: ['food'], languages: ['en'], capacity: 3 },
        reputation: 0.9,
        pseudonym: 'u-9',
        blocked: [ana],
        idleMs: 5000,
        coolLeftMs: 800,
      }),
    } as const;
    cell.ping(bob, { profile: { topics: ['cars'] } });
    expect(cell.resident(bob)).toMatchObject({
      epoch: 7,
      profile: { topics: ['cars'], languages: ['en'], capacity: 3 },
      reputation: 0.9,
      pseudonym: 'u-9',
      blocked: [ana],
      idleSince: cell.now() - 5000,
      coolUntil: cell.now() + 800,
    });
  });

  it('gives a newcomer the defaults: any topic, any language, one slot, nothing to rest from', () => {
    const cell = cellHarness();
    cell.ping(bob);
    expect(cell.resident(bob)).toMatchObject({
      profile: { topics: [], languages: [], capacity: 1 },
      reputation: 0.5,
      leaseUntil: cell.now() + TTL_MS,
    });
    expect(cell.resident(bob)?.coolUntil).toBeLessThanOrEqual(cell.now());
  });

  it('keeps one claim in flight and answers every ping that waited for it', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 1 });
    cell.ping(bob, { seq: 2, point: at(300) });
    expect(cell.sentOf('claim')).toHaveLength(1);
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.resident(bob)).toMatchObject({ point: at(300), seq: 2 });
    expect(cell.replies.get(cell.lastToken())).toMatchObject({ t: 'present' });
    expect(cell.replies.get(cell.lastToken() - 1)).toMatchObject({ t: 'present' });
  });

  it('keeps the newest of two arriving pings, whichever came last', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 2, point: at(300), profile: { capacity: 4 } });
    cell.ping(bob, { seq: 1, point: at(0) });
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.resident(bob)).toMatchObject({ point: at(300), seq: 2, profile: { capacity: 4 } });
  });

  it('CLAIM1 passes on that a newer ping of the session was seen elsewhere', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 1 });
    cell.answer('claim', { t: 'refused' });
    expect(cell.replies.get(cell.lastToken())).toMatchObject({ t: 'problem', code: 'stale_ping' });
    expect(cell.state().claims.size).toBe(0);
  });

  it('CLAIM6 says again which claim the ping was, over a restart too; a newer ping is a claim of its own', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    cell.answer('claim', { t: 'pending', retryMs: 1000, order: 4 });
    cell.restart();
    const last = () => cell.sentOf('claim').at(-1)?.request;
    expect(last()).toMatchObject({ order: 4 });
    cell.answer('claim', { t: 'failed' });
    cell.advance(1000);
    expect(last()).toMatchObject({ order: 4 });
    // It comes while that one is on its way: neither its order nor its refusal is about the newer ping.
    cell.ping(bob, { point: at(300) });
    const newer = cell.lastToken();
    cell.answer('claim', { t: 'pending', retryMs: 1000, order: 4 });
    expect(last()).not.toHaveProperty('order');
    // Nobody has heard of it yet: acknowledged now, one that is sent after that might be heard of before.
    expect(cell.replies.get(newer)).toBeUndefined();
    cell.ping(bob, { point: at(200) });
    const waits = cell.lastToken();
    cell.answer('claim', { t: 'refused' });
    expect(cell.replies.get(waits)).toBeUndefined();
    cell.answer('claim', { t: 'granted', epoch: 3, record: null, order: 9 });
    expect(cell.replies.get(waits)).toMatchObject({ t: 'present' });
    expect(cell.resident(bob)?.point).toEqual(at(200));
  });

  it('PROF1 words of a ping that was overtaken elsewhere are not said again by the next one', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 1, profile: { topics: ['old'] } });
    const overtaken = cell.lastToken();
    cell.ping(bob, { seq: 3, profile: { capacity: 3 } });
    cell.answer('claim', { t: 'refused' });
    expect(cell.replies.get(overtaken)).toMatchObject({ t: 'problem', code: 'stale_ping' });
    cell.answer('claim', { t: 'granted', epoch: 2, record: saidNew });
    expect(cell.resident(bob)?.profile).toEqual({ topics: ['new'], languages: [], capacity: 3 });
    expect(cell.replies.get(cell.lastToken())).toMatchObject({ t: 'present' });
  });

  it('PROF1 words of a ping that was told to come again are not said by another one', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 1, profile: { topics: ['old'] } });
    cell.answer('claim', { t: 'pending', retryMs: 1000, order: 4 });
    expect(cell.replies.get(cell.lastToken())).toMatchObject({ t: 'problem', code: 'busy' });
    cell.ping(bob, { seq: 3 });
    cell.answer('claim', { t: 'granted', epoch: 2, record: saidNew });
    expect(cell.resident(bob)?.profile.topics).toEqual(['new']);
  });

  it('CLAIM6 a grant that came too late leaves the claim as old as it was', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    cell.answer('claim', { t: 'granted', epoch: 1, record: null, order: 5 });
    expect(cell.sentOf('claim').at(-1)?.request).toMatchObject({ order: 5 });
  });
});

describe('PROF2 the opening of a socket that says no profile', () => {
  it('is claimed as such, and counts for nothing where no profile is known', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.connect(bob, { opening: true });
    expect(cell.open[0]?.request).toMatchObject({ t: 'claim', opening: true });
    cell.answer('claim', { t: 'stranger' });
    expect(cell.replies.get(cell.lastToken())).toMatchObject({ t: 'problem', code: 'no_presence' });
    expect(cell.state().claims.size).toBe(0);
    expect(cell.state().sockets.has(bob)).toBe(true);
  });

  it.each([
    [true, false],
    [false, true],
  ])('beside a ping that is none (which of the two is an opening: %s, %s) is a ping like any', (first, second) => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, first ? { opening: true } : {});
    cell.ping(bob, second ? { opening: true } : {});
    cell.answer('claim', first ? { t: 'stranger' } : { t: 'granted', epoch: 1, record: null });
    if (first) {
      expect(cell.open[0]?.request).not.toHaveProperty('opening');
      cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    }
    expect(cell.resident(bob)?.phase).toBe('live');
  });
});

describe('PROF2 a ping that waits for its claim', () => {
  it('is claimed as a ping still when the opening of a socket comes after it', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { profile: { topics: ['food'] } });
    cell.ping(bob, { opening: true });
    cell.answer('claim', { t: 'pending', retryMs: 500 });
    expect(cell.sentOf('claim')).toHaveLength(2);
    expect(cell.sentOf('claim').at(-1)?.request).toMatchObject({ changes: true });
    expect(cell.sentOf('claim').at(-1)?.request).not.toHaveProperty('opening');
  });
});

describe('arriving', () => {
  it('CLAIM4 has no row, and deletes none, when it is granted at once', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    const written = cell.answer('claim', { t: 'granted', epoch: 1, record: null }).rows;
    expect(written.map(({ table }) => table)).toEqual(['users']);
  });

  it.each([
    ['is told to wait', { t: 'pending', retryMs: 2000 }, 2000],
    ['hears nothing', { t: 'failed' }, 1000],
  ] as const)('CLAIM4 is acknowledged and kept durably when its claim %s, and claimed again', (_, answer, retryMs) => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    expect(cell.rows('arriving')).toEqual([]);
    cell.answer('claim', answer);
    expect(cell.replies.get(cell.lastToken())).toMatchObject({
      t: 'present',
      view: { expiresAt: new Date(cell.now() + TTL_MS).toISOString(), offers: [] },
    });
    expect(cell.state().roster.size()).toBe(0);
    cell.restart();
    expect(cell.sentOf('claim')).toHaveLength(2);
    cell.answer('claim', answer);
    cell.advance(retryMs - 1);
    expect(cell.sentOf('claim')).toHaveLength(2);
    cell.advance(1);
    expect(cell.sentOf('claim')).toHaveLength(3);
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(cell.state().claims.size).toBe(0);
    cell.restart();
    expect(cell.state().claims.size).toBe(0);
  });

  it('LEASE1 is dropped, its caller told, when its lease ends before the grant', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { ttlMs: 15_000 });
    const waits = cell.lastToken();
    cell.advance(15_000);
    cell.request({ t: 'load' });
    expect(cell.replies.get(waits)).toMatchObject({ code: 'no_presence' });
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.state().users.size).toBe(0);
  });
});

describe('while held', () => {
  it('a ping refreshes point, profile and lease', () => {
    const cell = cellHarness();
    cell.ping(bob, { seq: 1, profile: { languages: ['en'] } });
    cell.advance(30_000);
    const reply = cell.ping(bob, { seq: 2, point: at(200, 100), profile: { topics: ['food'] } });
    expect(reply).toMatchObject({ view: { expiresAt: new Date(cell.now() + TTL_MS).toISOString() } });
    expect(cell.resident(bob)).toMatchObject({
      point: at(200, 100),
      pointAt: cell.now(),
      profile: { topics: ['food'], languages: ['en'], capacity: 1 },
    });
    expect(cell.sentOf('claim')).toHaveLength(1);
  });

  it('CLAIM1 an older ping of the session changes nothing and is told so, a repeated one is not; another session wins', () => {
    const cell = cellHarness();
    cell.ping(bob, { seq: 5, point: at(200) });
    expect(cell.ping(bob, { seq: 4, point: at(0) })).toMatchObject({ t: 'problem', code: 'stale_ping' });
    expect(cell.ping(bob, { seq: 5, point: at(200) })).toMatchObject({ t: 'present' });
    expect(cell.resident(bob)?.point).toEqual(at(200));
    cell.ping(bob, { seq: 1, session: 'other', point: at(0) });
    expect(cell.resident(bob)).toMatchObject({ point: at(0), session: 'other', seq: 1 });
  });

  it('a lease is never longer than the policy allows', () => {
    const cell = cellHarness({ policy: { presence: { ttlMaxMs: 200_000 } } });
    cell.ping(bob, { ttlMs: 900_000 });
    expect(cell.resident(bob)?.leaseUntil).toBe(cell.now() + 200_000);
  });

  it('LEAVE1 leaving makes unmatchable at once; leaving twice is leaving once', () => {
    const cell = cellHarness();
    cell.ping(bob);
    const leaves = { t: 'recall', user: bob, epoch: 1, order: 2, leave: {} } as const;
    expect(cell.request(leaves)).toMatchObject({ t: 'record' });
    expect(cell.state().roster.size()).toBe(0);
    cell.request({ t: 'forget', user: bob, epoch: 1, left: true });
    expect(cell.request(leaves)).toEqual({ t: 'no_row' });
    expect(cell.state().users.size).toBe(0);
    expect(cell.journal().map(({ t }) => t)).toEqual(['user.entered', 'user.left']);
    cell.restart();
    expect(cell.state().users.size).toBe(0);
  });

  it('LEAVE1 a ping of a higher number in the session keeps its user, and no other does', () => {
    const cell = cellHarness();
    cell.ping(bob, { seq: 5 });
    const leaves = (order: number, leave: { session?: string; seq?: number }) =>
      cell.request({ t: 'recall', user: bob, epoch: 1, order, leave });
    expect(leaves(2, { session: 's', seq: 4 })).toMatchObject({ t: 'kept', session: 's', seq: 5 });
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(leaves(3, { session: 's', seq: 5 })).toMatchObject({ t: 'record', session: 's', seq: 5 });
    expect(cell.resident(bob)?.phase).toBe('frozen');
  });

  it('LEAVE1 a ping whose claim was on its way is dropped, its caller told', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    const waits = cell.lastToken();
    cell.answer('claim', { t: 'refused' });
    expect(cell.replies.get(waits)).toMatchObject({ code: 'stale_ping' });
    expect(cell.open).toEqual([]);
    expect(cell.state().claims.size).toBe(0);
  });
});
