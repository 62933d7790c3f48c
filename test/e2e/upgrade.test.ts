// A start on a data directory that the release before made, when a user's inbox lay in their UserObject (fixtures/README.md): every
// question, inbox and key is there, and goes on. Its times are moved to now, so that what was open still is.
import { describe, expect, it } from 'vitest';
import type { VicinalClient } from '../../src/client/client.ts';
import type { Fetch } from '../../src/client/platform.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import { type Acknowledged, unpack } from './support/former-data.ts';
import { APART, HERE } from './support/former-town.ts';
import { expectNothingTwice, idOf, inbox, numbers } from './support/inbox.ts';
import { eventually, showLogsOnFailure, type TestService, useService } from './support/service.ts';

type ClientOf = (sub: string) => VicinalClient;

/** A service on a copy of its own. */
function useFormer(ageMs = 0) {
  let told: Acknowledged | undefined;
  const box = useService({
    prepare: (dataDir) => {
      told = unpack('data-0.1.0', dataDir, Date.now() - ageMs);
    },
  });
  return { box, former: () => told as Acknowledged };
}

const everybody = ({ users }: Acknowledged) => Object.entries(users);
const byId = (offers: readonly OfferView[]) => offers.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const later = (first: number, events: readonly UserEvent[]) => events.map((_, at) => first + at);

function questionOf({ users }: Acknowledged, text: string): QuestionView {
  const all = Object.values(users).flatMap(({ questions }) => questions);
  return all.find((question) => question.text === text) as QuestionView;
}

/** An offer that this user had then. */
function heldOffer({ users }: Acknowledged, sub: string, text: string): OfferView {
  return users[sub]?.offers.find((offer) => offer.text === text) as OfferView;
}

const offerOf = (client: VicinalClient, { id }: Pick<QuestionView, 'id'>): Promise<OfferView> =>
  eventually('an offer', async () => (await client.offers()).find(({ questionId }) => questionId === id));

async function takeAndAnswer(client: VicinalClient, { id }: OfferView): Promise<void> {
  await client.accept(id);
  await client.answer(id, 'Now.');
}

/** All that was under way goes on, at once. */
async function goOn(before: Acknowledged, clientOf: ClientOf): Promise<QuestionView> {
  const answers = (sub: string, text: string): Promise<void> =>
    takeAndAnswer(clientOf(sub), heldOffer(before, sub, text));
  const comes = async (sub: string, topic: string, text: string): Promise<void> => {
    await clientOf(sub).presence({ ...HERE, topics: [topic] });
    await takeAndAnswer(clientOf(sub), await offerOf(clientOf(sub), questionOf(before, text)));
  };
  const [asked] = await Promise.all([
    clientOf('ann').ask({ ...HERE, text: 'Tea, new?', topic: 'tea', expiresInS: 3600, key: 'key-new' }),
    answers('hal', 'Tea, pending?'),
    answers('pat', 'Tide, pending?'),
    answers('sue', 'Fish, pending?'),
    clientOf('hal').answer(heldOffer(before, 'hal', 'Tea, accepted?').id, 'Still here.'),
    // Their lease has ended, their word counts.
    clientOf('len').answer(heldOffer(before, 'len', 'Who is late?').id, 'It is me.'),
    comes('ray', 'rare', 'Anything rare?'),
    comes('lou', 'crowd', 'Crowd, declined?'),
    ...Object.entries(before.keyed).map(async ([key, { user, body, id }]) => {
      expect(await clientOf(user).ask({ ...body, key })).toMatchObject({ id });
      await expect(clientOf(user).ask({ ...body, key, text: 'Other?' })).rejects.toMatchObject({ status: 422 });
    }),
    ...everybody(before).map(async ([sub, { events }]) =>
      expect((await inbox(clientOf(sub))).slice(0, events.length), sub).toEqual(events),
    ),
  ]);
  return asked;
}

const ANSWERED = [
  ...['Tea, pending?', 'Tide, pending?', 'Fish, pending?', 'Tea, accepted?', 'Who is late?', 'Anything rare?'],
  'Crowd, declined?',
];

/** Nothing lost, nothing doubled; numbers go on without a gap. */
async function expectGoneOn(before: Acknowledged, asked: QuestionView, clientOf: ClientOf): Promise<void> {
  for (const text of ANSWERED) {
    const { id } = questionOf(before, text);
    const sub = text === 'Fish, pending?' ? 'hal' : 'ann';
    const question = await clientOf(sub).question(id);
    expect([text, question.state, question.answers.length, question.offersAccepted]).toEqual([text, 'answered', 1, 1]);
    const heard = await eventually(`${sub} hears of it`, async () => {
      const events = (await inbox(clientOf(sub))).filter(({ data }) => idOf(data) === id);
      return events.some(({ type }) => type === 'question.answered') && events;
    });
    expect(heard.filter(({ type }) => type === 'question.answered')).toHaveLength(1);
    const isRead = questionOf(before, text).id === questionOf(before, 'Who is late?').id;
    expect(heard.filter(({ type }) => type === 'question.matched')).toHaveLength(isRead ? 0 : 1);
  }
  await offerOf(clientOf('hal'), asked);
  await eventually('hal hears of the new one', async () =>
    (await inbox(clientOf('hal'))).some(({ data }) => 'questionId' in data && data.questionId === asked.id),
  );
  // Nobody has an offer any more but the one that has just been made.
  const offers = await Promise.all(['hal', 'sue', 'len', 'lou', 'pat', 'ray'].map((sub) => clientOf(sub).offers()));
  expect(offers.flat().map(({ questionId, state }) => [questionId, state])).toEqual([[asked.id, 'pending']]);
  for (const [sub, { acked, events, questions }] of everybody(before)) {
    const after = await inbox(clientOf(sub));
    expect(after.slice(0, events.length), sub).toEqual(events);
    expect(numbers(after), sub).toEqual(later(acked + 1, after));
    expectNothingTwice(after);
    const ids = (await clientOf(sub).allQuestions()).map(({ id }) => id);
    expect(ids, sub).toEqual([...(sub === 'ann' ? [asked.id] : []), ...questions.map(({ id }) => id)]);
  }
  // Nobody was told of anything else: 2 events of each answer, 1 of what was accepted before.
  const more = async (sub: string): Promise<number> =>
    (await inbox(clientOf(sub))).length - (before.users[sub]?.events.length ?? 0);
  const counts = await Promise.all(['ann', 'hal', 'sue', 'len', 'lou', 'pat', 'ray'].map(more));
  expect(counts).toEqual([10, 3, 0, 0, 1, 0, 1]);
}

/** Over a socket: all that was not acknowledged, in order, and what happens now. */
async function expectPushed(box: TestService): Promise<void> {
  const waiting = await inbox(box.clientOf('hal'));
  const heard: UserEvent[] = [];
  const onEvent = (event: UserEvent) => void heard.push(event);
  const connection = box.clientOf('hal').connect({ point: HERE, topics: ['tea'], capacity: 50, onEvent });
  await eventually('all have come', () => heard.length === waiting.length);
  const { id } = await box.clientOf('ann').ask({ ...HERE, text: 'Over the socket?', topic: 'tea' });
  await eventually('the offer', () => heard.some(({ data }) => 'questionId' in data && data.questionId === id));
  await takeAndAnswer(box.clientOf('hal'), await offerOf(box.clientOf('hal'), { id }));
  connection.close();
  expect(heard.slice(0, waiting.length)).toEqual(waiting);
  expect(numbers(heard)).toEqual(later(waiting[0]?.seq ?? 1, heard));
}

describe('a data directory of the release before', () => {
  const { box, former } = useFormer();
  const { clientOf } = box;

  it('OWN3: every offer is shown, though nobody has called its cell yet', async () => {
    for (const [sub, { offers }] of everybody(former())) {
      expect(byId(await clientOf(sub).offers()), sub).toEqual(byId(offers));
    }
  });

  it('KEEP1, OWN3: every question, inbox, offer and key is as it was acknowledged', async () => {
    showLogsOnFailure(box);
    for (const [sub, { events, questions, offers }] of everybody(former())) {
      expect(await inbox(clientOf(sub)), sub).toEqual(events);
      expect(await clientOf(sub).allQuestions(), sub).toEqual(questions);
      expect(byId(await clientOf(sub).offers()), sub).toEqual(byId(offers));
    }
    expect(numbers(former().users['ann']?.events ?? [])).toEqual(Array.from({ length: 20 }, (_, at) => at + 4));
  });

  it('KEEP2, ONCE1: what was under way goes on, and everybody hears of it once', async () => {
    showLogsOnFailure(box);
    await expectGoneOn(former(), await goOn(former(), clientOf), clientOf);
    await expectPushed(box);
    // Who has moved is held elsewhere with all that they had.
    const had = await inbox(clientOf('sue'));
    await clientOf('sue').presence({ ...APART, topics: ['fish'] });
    expect(await inbox(clientOf('sue'))).toEqual(had);
    expect(box.logs().filter((line) => /unreadable|"level":"error"/.test(line))).toEqual([]);
  });

  it('KEEP1 is this release’s from then on', async () => {
    const all = async () =>
      Promise.all(everybody(former()).map(async ([sub]) => [sub, await inbox(clientOf(sub))] as const));
    const now = await all();
    await box.crash(0);
    expect(await all()).toEqual(now);
  });
});

describe.each([0, 1, 4, 9, 16])('the same, killed after %i answers', (answers) => {
  const { box, former } = useFormer();

  it('KEEP1, KEEP2, ONCE1, OWN3: nothing is lost, nothing doubled', async () => {
    showLogsOnFailure(box);
    let heard = 0;
    let killed: Promise<void> | undefined;
    const kill = (): void => {
      if (heard >= answers) killed ??= box.crash(0);
    };
    const counting: Fetch = async (url, init) => {
      kill();
      const reply = await globalThis.fetch(url, init);
      heard++;
      return reply;
    };
    const asked = await goOn(former(), (sub) => box.clientOf(sub, { fetch: counting })).finally(() => killed);
    expect(killed).toBeDefined();
    await expectGoneOn(former(), asked, box.clientOf);
    await expectPushed(box);
  });
});

describe('the same, after a month', () => {
  const { box, former } = useFormer(30 * 24 * 3_600_000);
  const { clientOf } = box;
  const isOpen = ({ state }: QuestionView) => ['open', 'dormant', 'matched'].includes(state);

  it('KEEP1, KEEP2: what nobody has read is still there, and each question that was open ends once', async () => {
    showLogsOnFailure(box);
    for (const [sub, { acked, events, questions }] of everybody(former())) {
      const open = questions.filter(isOpen).map(({ id }) => id);
      const ends = async () =>
        (await inbox(clientOf(sub))).filter(
          ({ type, seq }) => type === 'question.expired' && seq > acked + events.length,
        );
      await eventually(`questions of ${sub} have ended`, async () => (await ends()).length >= open.length);
      expect((await ends()).map(({ data }) => idOf(data)).toSorted(), sub).toEqual(open.toSorted());
      for (const id of open) expect(await clientOf(sub).question(id)).toMatchObject({ state: 'expired' });
      const after = await inbox(clientOf(sub));
      expect(after.slice(0, events.length), sub).toEqual(events);
      expect(numbers(after), sub).toEqual(later(acked + 1, after));
    }
  });
});
