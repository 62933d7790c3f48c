// What users can do, once for HTTP and for sockets: from checked input to the one object that decides, and back.
import { minDistanceToBoundsM } from '../geo/distance.ts';
import { decode, encode, MAX_LENGTH } from '../geo/geohash.ts';
import type { Point } from '../geo/point.ts';
import { snap, snapRadius } from '../geo/snap.ts';
import { mapBounded } from '../lib/bounded.ts';
import type { CellCalls, QuestionReply, RecordCalls, UserCalls } from '../messages/calls.ts';
import type { NewQuestion, Ping } from '../messages/records.ts';
import { adjusted, saying } from '../protocol/adjusted.ts';
import {
  type CellId,
  type HomeKey,
  homeOf,
  type OfferId,
  type QuestionId,
  questionId,
  type UserId,
} from '../protocol/ids.ts';
import { EVENTS_PAGE_MAX, MARGIN_M, QUESTIONS_PAGE } from '../protocol/limits.ts';
import { isProblem, type Problem, type ProblemCode, problem } from '../protocol/problems.ts';
import type { Profile } from '../protocol/profile.ts';
import type { LeaveQuery, PresenceInput, QuestionHereInput } from '../protocol/wire.ts';
import { unreadable } from './call.ts';
import { hashOf, randomToken, tokensOfKey } from './digest.ts';
import type { Leaf } from './map-cache.ts';
import { callRecord } from './record-calls.ts';
import { type CellRequestOf, type Router, settled } from './router.ts';

/** Who is calling, and with which rights. */
export type Caller = {
  /** Whose presence, questions, offers and events are meant. */
  readonly user: UserId;
  /** May act on anybody's question or offer by its id: a service that did not say for whom it acts. */
  readonly anybody: boolean;
  readonly trace?: string;
  /** The cell that is thought to hold the user. */
  readonly cell?: CellId;
};

/** A point on the grid of its city, and the cell that is to hold whoever is there. */
export type Place = { readonly cell: CellId; readonly city: Leaf['city']; readonly point: Point; readonly key: string };

export type AskInput = QuestionHereInput & { readonly key?: string | undefined };

/** The diagonal of a square of the coarsest privacy grid, 5 letters. */
const GRID_M_MAX = 7000;

/** Sessions tell devices of one user apart; clients that do not care are all of this one. */
const SESSION_DEFAULT = 'http';

export type PageQuery = { readonly after?: string | undefined; readonly limit?: number | undefined };

export type QuestionList = {
  readonly items: readonly QuestionReply['view'][];
  /** Where the next page begins. */
  readonly next?: string;
  readonly unavailable?: readonly { readonly id: QuestionId; readonly code: ProblemCode }[];
};

type Reply<K extends keyof CellCalls> = Promise<CellCalls[K]['reply'] | Problem>;
type UserReply<K extends keyof UserCalls> = Promise<UserCalls[K]['reply'] | Problem>;
type RecordReply<K extends keyof RecordCalls> = Promise<RecordCalls[K]['reply'] | Problem>;

export class Verbs {
  readonly #router: Router;
  readonly #idSecrets: readonly string[];

  /** @param idSecrets by which keys become ids: today's first, then those of before. */
  constructor(router: Router, idSecrets: readonly string[]) {
    this.#router = router;
    this.#idSecrets = idSecrets;
  }

  /**
   * Where a point belongs. A user within the margin of the cell that holds them stays there. `out_of_coverage` outside of
   * every city. What others can see of the point decides, the snapped one, and not where in its square it is.
   */
  async place(point: Point, held?: CellId): Promise<Place | Problem> {
    const here = await this.#router.locate(point);
    const stays = here?.cell === held ? here : await this.#heldLeaf(point, held);
    const { city } = stays ?? here ?? {};
    if (city === undefined) return this.#router.outOfCoverage(point);
    const snapped = snap(point, city.policy.gridLength);
    const key = encode(snapped, MAX_LENGTH);
    if (stays !== undefined) return { cell: stays.cell, city, point: snapped, key };
    // A grid that was made coarser may have squares that are larger than cells of before.
    const leaf = here !== undefined && key.startsWith(here.cell) ? here : await this.#router.locate(snapped);
    if (leaf === undefined) return this.#router.outOfCoverage(point);
    return { cell: leaf.cell, city, point: snapped, key };
  }

  async presence({ user, trace }: Caller, input: PresenceInput): Reply<'presence'> {
    const at = { lat: input.lat, lng: input.lng };
    const place = await this.place(at, input.cell);
    if (isProblem(place)) return place;
    const ping = pingOf(input, place.point);
    return this.#inCoverage(
      place,
      settled(await this.#router.callCell(place, { t: 'presence', user, ping, at }, trace)),
    );
  }

  /** Nobody who is not present is told off: leaving twice is leaving once. */
  leave({ user, trace }: Caller, { seq, session }: LeaveQuery = {}): UserReply<'leave'> {
    const numbers = seq === undefined ? {} : { session: session ?? SESSION_DEFAULT, seq };
    return this.#router.callUser(user, { t: 'leave', user, ...numbers }, trace);
  }

  /** @param here where the asker is, for a question without a point of its own. */
  async ask(caller: Caller, { key, ...input }: AskInput, here?: Point): Reply<'ask'> {
    const { user, trace } = caller;
    const point = pointOf(input) ?? here;
    if (point === undefined) return problem('no_presence');
    if (isProblem(point)) return point;
    const place = await this.place(point);
    if (isProblem(place)) return place;
    const { policy } = place.city;
    const home = encode(place.point, policy.gridLength) as HomeKey;
    const tokens = key === undefined ? [randomToken()] : await tokensOfKey(user, key, this.#idSecrets);
    const [id, ...formerIds] = tokens.map((token) => questionId(home, token)) as [QuestionId, ...QuestionId[]];
    const radiusM = snapRadius(input.radiusM ?? policy.radiusDefaultM, policy.radiusStepsM);
    const question: NewQuestion = {
      id,
      ...(formerIds.length === 0 ? {} : { formerIds }),
      asker: user,
      ...(key === undefined ? {} : { key, bodyHash: await hashOf(input) }),
      point: place.point,
      text: input.text,
      ...(input.topic === undefined ? {} : { topic: input.topic }),
      languages: input.languages ?? [],
      radiusM,
      ...saying(adjusted('radiusM', input.radiusM, radiusM)),
      answersWanted: input.answersWanted ?? 1,
      ...(input.expiresInS === undefined ? {} : { expiresInMs: Math.round(input.expiresInS * 1000) }),
    };
    return this.#inCoverage(place, settled(await this.#router.callCell(place, { t: 'ask', question }, trace)));
  }

  /** The map may have lost a cell since it was read: what the primary does not know is no coverage. */
  async #inCoverage<T extends object>({ point }: Place, reply: T | Problem): Promise<T | Problem> {
    return isProblem(reply) && reply.code === 'unknown_cell' ? this.#router.outOfCoverage(point) : reply;
  }

  question(caller: Caller, id: QuestionId): Reply<'question'> {
    return this.#ofQuestion(caller, { t: 'question', id, user: actor(caller) });
  }

  /**
   * A page of the user's questions, the newest first, ended ones for a day: one call for each. Those whose cell does not know them (any more) are left out, and those whose cell
   * does not answer are `unavailable`.
   */
  async questions(caller: Caller, { after, limit = QUESTIONS_PAGE }: PageQuery = {}): Promise<QuestionList | Problem> {
    const { user, trace, cell } = caller;
    const page = { limit, ...(after === undefined ? {} : { after }) };
    const index = await callRecord(this.#router, { t: 'questions', user, ...page }, trace, cell);
    if (isProblem(index)) return index;
    const replies = await mapBounded(index.ids, async (id) => ({
      id,
      reply: await this.#ofQuestion(caller, { t: 'question', id, user }).catch(unreadable),
    }));
    const unavailable = replies.flatMap(({ id, reply }) =>
      isProblem(reply) && reply.code !== 'unknown_question' ? [{ id, code: reply.code }] : [],
    );
    return {
      items: replies.flatMap(({ reply }) => (isProblem(reply) ? [] : [reply.view])),
      ...(index.next === undefined ? {} : { next: index.next }),
      ...(unavailable.length === 0 ? {} : { unavailable }),
    };
  }

  async patch(caller: Caller, id: QuestionId, to: Point): Reply<'patch'> {
    const place = await this.place(to);
    if (isProblem(place)) return place;
    return this.#ofQuestion(caller, { t: 'patch', id, user: actor(caller), point: place.point });
  }

  cancel(caller: Caller, id: QuestionId): Reply<'cancel'> {
    return this.#ofQuestion(caller, { t: 'cancel', id, user: actor(caller) });
  }

  offers({ user, trace, cell }: Caller): RecordReply<'offers'> {
    return callRecord(this.#router, { t: 'offers', user }, trace, cell);
  }

  accept(caller: Caller, offerId: OfferId): Reply<'accept'> {
    return this.#ofOffer(caller, { t: 'accept', offerId, user: actor(caller) });
  }

  decline(caller: Caller, offerId: OfferId): Reply<'decline'> {
    return this.#ofOffer(caller, { t: 'decline', offerId, user: actor(caller) });
  }

  answer(caller: Caller, offerId: OfferId, text: string): Reply<'answer'> {
    return this.#ofOffer(caller, { t: 'answer', offerId, user: actor(caller), text });
  }

  events({ user, trace, cell }: Caller, after: number, waitS: number): RecordReply<'events'> {
    const waitMs = Math.round(waitS * 1000);
    const request = { t: 'events', user, after, limit: EVENTS_PAGE_MAX, waitMs } as const;
    return callRecord(this.#router, request, trace, cell);
  }

  ack({ user, trace, cell }: Caller, seq: number): RecordReply<'ack'> {
    return callRecord(this.#router, { t: 'ack', user, seq }, trace, cell);
  }

  /** The cell that the user's client named, if the snapped point is within its margin and it is still a leaf. */
  async #heldLeaf(point: Point, held: CellId | undefined): Promise<Leaf | undefined> {
    // No snapped point is farther from its point than the coarsest square is wide: what is beyond need not be looked up.
    if (held === undefined || minDistanceToBoundsM(point, decode(held)) > MARGIN_M + GRID_M_MAX) return undefined;
    const leaf = await this.#router.leaf(held);
    if (leaf === undefined) return undefined;
    const snapped = snap(point, leaf.city.policy.gridLength);
    return minDistanceToBoundsM(snapped, decode(held)) > MARGIN_M ? undefined : leaf;
  }

  async #ofQuestion<K extends 'question' | 'patch' | 'cancel'>({ trace }: Caller, request: CellRequestOf<K>): Reply<K> {
    const reply = await this.#router.callHome(homeOf(request.id), request, trace);
    return known(reply, 'unknown_question');
  }

  async #ofOffer<K extends 'accept' | 'decline' | 'answer'>({ trace }: Caller, request: CellRequestOf<K>): Reply<K> {
    const reply = await this.#router.callHome(homeOf(request.offerId), request, trace);
    return known(reply, 'unknown_offer');
  }
}

/** One sign of life, for a cell: `point` is snapped. */
export function pingOf(input: PresenceInput, point: Point): Ping {
  const { ttlS, session = SESSION_DEFAULT, seq } = input;
  return {
    point,
    profile: profileOf(input),
    ...(ttlS === undefined ? {} : { ttlMs: Math.round(ttlS * 1000) }),
    session,
    ...(seq === undefined ? {} : { seq }),
  };
}

/** The words of the profile that were given. */
export function profileOf(given: Pick<PresenceInput, 'topics' | 'languages' | 'capacity'>): Partial<Profile> {
  const { topics, languages, capacity } = given;
  return {
    ...(topics === undefined ? {} : { topics }),
    ...(languages === undefined ? {} : { languages }),
    ...(capacity === undefined ? {} : { capacity }),
  };
}

const actor = ({ user, anybody }: Caller): UserId | null => (anybody ? null : user);

/** An id may be well-formed and name a place where no cell is. */
function known<T extends object>(reply: T | Problem, code: ProblemCode): T | Problem {
  return isProblem(reply) && reply.code === 'unknown_cell' ? problem(code) : reply;
}

/** A point, nothing, or the problem of half a point. */
function pointOf({ lat, lng }: QuestionHereInput): Point | Problem | undefined {
  if (lat !== undefined && lng !== undefined) return { lat, lng };
  if (lat === undefined && lng === undefined) return undefined;
  const field = lat === undefined ? 'lat' : 'lng';
  return { ...problem('missing_field', `${field} is required`), errors: [{ field, message: 'is required' }] };
}
