// OPEN1: nobody has more questions open than they may, those on their way to their cells included; once all is well nobody is refused who
// has fewer; and what a cell knows it answers, whatever it was told of the limit.
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { Effects } from '../../src/engine/effects.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { CellNode, Node, NodeEvent, UserNode } from '../node.ts';
import type { MakeChecker } from './checker.ts';

/** By then a question is registered, or was never asked. */
const PLACE_MS = 30_000;
/** That one has ended has come to its asker's object by then. */
const NEWS_MS = 60_000;

type Place = { readonly memory: number; readonly at: number; readonly seenAt: number };

export const openChecker: MakeChecker = ({ world, ledger, report }) => {
  const { openMax } = world.map.policy.question;
  /** By asker; of those that have ended, when. */
  const stored = new Map<UserId, Map<QuestionId, number | undefined>>();
  const registered = new Map<UserId, Set<QuestionId>>();
  const places = new Map<UserId, Map<QuestionId, Place>>();
  /** Places are held in memory alone: how often an object has begun a new one. */
  const memories = new Map<UserId, number>();
  /** Whose object an older instance has lived of: what that let through from memory nobody saw. The limit is not worth a row. */
  const doubled = new Set<UserId>();
  let wellSince: number | undefined;
  const of = <T>(all: Map<UserId, T>, user: UserId, make: () => T): T => {
    const mine = all.get(user) ?? make();
    all.set(user, mine);
    return mine;
  };
  const storedBy = (user: UserId) => of(stored, user, () => new Map<QuestionId, number | undefined>());
  const placesOf = (user: UserId) => of(places, user, () => new Map<QuestionId, Place>());
  const registeredBy = (user: UserId) => of(registered, user, () => new Set<QuestionId>());

  const isHeld = (user: UserId, place: Place | undefined, now: number): boolean =>
    place !== undefined && place.memory === memories.get(user) && now < place.at + PLACE_MS;
  /** What its user's object cannot but count, at the least. */
  const leastOpen = (user: UserId, now: number): number => {
    const known = registeredBy(user);
    const open = [...storedBy(user)].filter(([id, endedAt]) => known.has(id) && endedAt === undefined);
    const held = [...placesOf(user)].filter(([id, place]) => !known.has(id) && isHeld(user, place, now));
    return open.length + held.length;
  };
  /** What it may count at the most. */
  const mostOpen = (user: UserId): number => {
    // The end of one that was lost was not told, and never will be: it is counted until it is forgotten.
    const open = [...storedBy(user)].filter(
      ([id, endedAt]) => endedAt === undefined || world.now < endedAt + NEWS_MS || ledger.lost.questions.has(id),
    );
    const held = [...placesOf(user)].filter(
      ([id, { seenAt }]) => !storedBy(user).has(id) && world.now < seenAt + NEWS_MS,
    );
    return open.length + held.length;
  };
  const judgeAdmission = (node: UserNode, { replies }: Effects, event: NodeEvent): void => {
    if (event.t !== 'request' || 'envelope' in event || event.request.t !== 'admit') return;
    const { id } = event.request;
    const answer = replies.find(({ token }) => token === event.token)?.value as
      | { t: string; code?: string }
      | undefined;
    const now = node.state?.clock ?? 0;
    if (answer?.t === 'admitted') {
      const place = placesOf(node.id).get(id);
      const isRetry = registeredBy(node.id).has(id) || isHeld(node.id, place, now);
      if (isRetry) return;
      const open = leastOpen(node.id, now);
      if (open >= openMax) report('OPEN1', `${node.id} has ${open} open of ${openMax}, and may ask ${id}`);
      placesOf(node.id).set(id, { memory: memories.get(node.id) ?? 0, at: now, seenAt: world.now });
    } else if (answer?.code === 'too_many_questions' && wellSince !== undefined && world.now > wellSince + NEWS_MS) {
      const open = mostOpen(node.id);
      if (open < openMax) report('OPEN1', `${node.id} has ${open} open of ${openMax}, and may not ask ${id}`);
    }
  };
  const judgeAsk = (node: CellNode, { replies }: Effects, event: NodeEvent): void => {
    if (event.t !== 'request' || !('envelope' in event) || event.envelope.request.t !== 'ask') return;
    const { question, refused } = event.envelope.request;
    const { id, asker } = question;
    const { code } = (replies.find(({ token }) => token === event.token)?.value ?? {}) as { code?: string };
    const known = node.state?.questions.get(id);
    // Where people ask past the edge, nobody is let through.
    const isDoubled = doubled.has(asker);
    const isNew = !storedBy(asker).has(id);
    const isUnasked = isNew && placesOf(asker).size > 0 && !placesOf(asker).has(id) && !isDoubled;
    if (known !== undefined && isUnasked) report('OPEN1', `${id} was let through by nobody and is asked`);
    if (known?.asker === asker && refused !== undefined && code === refused.code)
      report('OPEN1', `${id} is known to ${node.id} and refused: ${code}`);
  };
  return {
    cutOff: (node) => {
      if (node.kind === 'user') doubled.add(node.id);
    },
    committed: (node: Node, effects, event) => {
      if (node.state === undefined) return;
      if (node.kind === 'user' && event.t === 'boot') memories.set(node.id, (memories.get(node.id) ?? 0) + 1);
      // Before its rows are noted: what was asked before is answered.
      if (node.kind === 'cell') judgeAsk(node, effects, event);
      for (const { table, key } of effects.rows) {
        const id = key as QuestionId;
        if (node.kind === 'user' && table === 'known' && node.state.known.get(id)?.question !== undefined)
          registeredBy(node.id).add(id);
        const question = node.kind === 'cell' && table === 'questions' ? node.state.questions.get(id) : undefined;
        if (question === undefined) continue;
        const before = storedBy(question.asker).get(id);
        storedBy(question.asker).set(id, hasEnded(question.phase) ? (before ?? world.now) : undefined);
      }
      if (node.kind === 'user') judgeAdmission(node, effects, event);
    },
    healed: () => {
      wellSince ??= world.now;
    },
  };
};
