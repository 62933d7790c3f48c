// One seeded user: wanders over borders, asks, and takes what others ask, all at once and whatever happens to the service.
import type { NewQuestion } from '../../src/client/calls.ts';
import type { FetchInit, Platform } from '../../src/client/platform.ts';
import { errorOfResponse, networkError } from '../../src/client/vicinal-error.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { OfferId, QuestionId } from '../../src/protocol/ids.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import type { Ask, Deed, Member } from './history.ts';
import type { Recorder } from './recorder.ts';
import type { Settling } from './settle.ts';
import { anywhere, nearby } from './town.ts';
import { httpVoice, socketVoice, type Voice } from './voice.ts';

export type PersonOptions = {
  readonly member: Member;
  readonly way: 'socket' | 'http';
  readonly url: string;
  readonly token: string;
  readonly random: Prng;
  readonly recorder: Recorder;
  readonly settling: Settling;
};

export type Person = {
  /** Asks nothing more; goes on moving, accepting and answering. */
  readonly quieten: () => void;
  /** Does nothing more at all. */
  readonly stop: () => void;
};

const HOARD_MAX = 150;
const PRESENCE_TTL_S = 20;
const MOVE_MS: readonly [min: number, max: number] = [500, 2000];
const ASK_MEAN_MS = 6000;
const DECIDE_MS: readonly [min: number, max: number] = [0, 1500];
const ANSWER_MS: readonly [min: number, max: number] = [0, 2500];
const EXPIRES_S: readonly [min: number, max: number] = [6, 14];

export function person(options: PersonOptions): Person {
  const { member, random, settling, recorder } = options;
  const { user } = member;
  const isHoarder = options.way === 'http' && random.chance(1, 4);
  const platform = recorder.platformOf(user, random.fork());
  let here = anywhere(random);
  let asking = true;
  let stopped = false;
  const later = (ms: number, work: () => void | Promise<void>): void => {
    setTimeout(() => {
      if (!stopped) void work();
    }, ms);
  };
  const onEvent = (event: UserEvent): void => {
    recorder.handled(user, event.seq);
    if (event.type === 'offer.made') decide(event.data as OfferView);
  };
  const voice: Voice = (options.way === 'socket' ? socketVoice : httpVoice)({
    url: options.url,
    token: options.token,
    platform,
    point: here,
    profile: { capacity: member.capacity, ttlS: PRESENCE_TTL_S },
    onEvent,
    // A hoarder makes room in time: whose inbox is full may not ask.
    acknowledges: (unread) => unread > HOARD_MAX || (!isHoarder && random.chance(1, 2)),
  });

  const act = async (verb: Deed['verb'], offer: OfferId, text?: string): Promise<boolean> => {
    const sentAt = Date.now();
    const call = (): Promise<unknown> =>
      text === undefined ? voice.verbs()[verb as 'accept' | 'decline'](offer) : voice.verbs().answer(offer, text);
    const outcome = await settling.settle(call);
    recorder.deed({ verb, user, offer, sentAt, ...(text === undefined ? {} : { text }), outcome });
    return outcome.t === 'done';
  };
  const decide = ({ id }: OfferView): void => {
    if (random.chance(1, 7)) return;
    later(between(DECIDE_MS, random), async () => {
      if (random.chance(1, 8)) {
        await act('decline', id);
        return;
      }
      // Now and then from two devices at once: both must be told the same.
      const twice = random.chance(1, 6) ? [act('accept', id)] : [];
      const taken = await act('accept', id);
      await Promise.all(twice);
      if (!taken || random.chance(1, 6)) return;
      later(between(ANSWER_MS, random), async () => void (await act('answer', id, `${user} answers ${id}`)));
    });
  };

  const wander = (): void => {
    here = random.chance(1, 12) ? anywhere(random) : nearby(here, random);
    voice.moveTo(here);
    if (random.chance(1, 60)) voice.restart();
    later(between(MOVE_MS, random), wander);
  };
  let asked = 0;
  const askOnce = async (): Promise<void> => {
    asked++;
    const question = {
      ...nearby(here, random),
      text: `${user} asks for the ${asked}. time`,
      answersWanted: 1 + random.below(3),
      expiresInS: between(EXPIRES_S, random),
      radiusM: random.pick([500, 1000, 2000]),
    };
    const key = random.chance(2, 3) ? `${user}-${asked}` : undefined;
    const id = await send(question, key, 'first');
    if (id === undefined) return;
    if (key !== undefined && random.chance(1, 4)) {
      later(between([0, 4000], random), async () => void (await send(question, key, 'again')));
      later(between([0, 4000], random), async () => {
        await send({ ...question, text: `${user} asks for something else` }, key, 'other');
      });
    }
    if (random.chance(1, 6)) {
      later(between([500, 8000], random), async () => {
        const outcome = await settling.settle(() => voice.verbs().cancel(id));
        recorder.cancel({ user, question: id, outcome });
      });
    }
  };
  const send = async (
    question: NewQuestion & { readonly answersWanted: number },
    key: string | undefined,
    kind: Ask['kind'],
  ): Promise<QuestionId | undefined> => {
    const call = (): Promise<QuestionView> =>
      key === undefined ? askWithoutKey(options, platform, question) : voice.verbs().ask({ ...question, key });
    const outcome = await settling.settle(call);
    const { text, answersWanted } = question;
    recorder.ask({ user, ...(key === undefined ? {} : { key }), text, answersWanted, kind, outcome });
    return outcome.t === 'done' ? outcome.value.id : undefined;
  };
  // The next when this one is answered: a service that is slow, or down, is not buried in questions.
  const keepAsking = async (): Promise<void> => {
    if (!asking) return;
    await askOnce();
    later(Math.min(random.exponential(ASK_MEAN_MS), 4 * ASK_MEAN_MS), keepAsking);
  };
  later(between(MOVE_MS, random), wander);
  later(between([0, ASK_MEAN_MS], random), keepAsking);
  return {
    quieten: () => {
      asking = false;
    },
    stop: () => {
      stopped = true;
      voice.close();
    },
  };
}

/** As plain clients ask, which know no key: each try may be a question of its own, and what was acknowledged is one. */
async function askWithoutKey(
  { url, token }: PersonOptions,
  { fetch }: Platform,
  question: NewQuestion,
): Promise<QuestionView> {
  const init: FetchInit = {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(15_000),
  };
  const reply = await fetch(`${url}/v1/questions`, init).catch((error: unknown) => {
    throw networkError(error);
  });
  const text = await reply.text();
  if (reply.status !== 201) throw errorOfResponse(reply, text);
  return JSON.parse(text) as QuestionView;
}

function between([min, max]: readonly [number, number], random: Prng): number {
  return min + random.unit() * (max - min);
}
