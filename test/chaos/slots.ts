// LIVE1 to the touch: at the end every user can take as much as they say they can, all at once, so no slot has leaked.
import { VicinalClient } from '../../src/client/client.ts';
import { mapBounded } from '../../src/lib/bounded.ts';
import type { OfferId, QuestionId } from '../../src/protocol/ids.ts';
import type { OfferView } from '../../src/protocol/views.ts';
import type { Inspector } from './finish.ts';
import type { Member } from './history.ts';
import { CENTRE } from './town.ts';
import type { Violation } from './violation.ts';

const WITHIN_MS = 45_000;
const EXPIRES_S = 90;
const PRESENT_S = 60;

/** Asks each user as many questions as they can take, for them alone, and accepts every one. */
export async function slotsLeaked(
  members: readonly Member[],
  eyes: Inspector,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<readonly Violation[]> {
  const asker = new VicinalClient({ url, token });
  const topicOf = ({ user }: Member): string => `only ${user}`;
  // All of them first: somebody without a topic of their own is asked anything.
  await mapBounded(members, async (member) => {
    const { user, capacity } = member;
    await eyes.clientOf(user).presence({ ...CENTRE, capacity, topics: [topicOf(member)], ttlS: PRESENT_S });
  });
  const asked: QuestionId[] = [];
  const found = await mapBounded(members, async (member): Promise<readonly Violation[]> => {
    const { user, capacity } = member;
    const deadlineMs = Date.now() + WITHIN_MS;
    const taken = await fill(eyes, member, deadlineMs, async () => {
      const question = { ...CENTRE, text: 'Are you there?', topic: topicOf(member), expiresInS: EXPIRES_S };
      const { id } = await asker.ask(question);
      asked.push(id);
      return id;
    });
    if (taken === capacity) return [];
    return [{ rule: 'LIVE1', text: `${user} can take ${capacity}, and at the end could take only ${taken}` }];
  });
  await mapBounded(asked, async (id) => void (await asker.cancel(id).catch(() => {})));
  return found.flat();
}

/** How many questions the user could accept, of as many as they can take. */
async function fill(
  { clientOf }: Inspector,
  member: Member,
  deadlineMs: number,
  ask: () => Promise<QuestionId>,
): Promise<number> {
  const { user, capacity } = member;
  const client = clientOf(user);
  let after = 0;
  for (let more = true; more; ) {
    const { items } = await client.events({ after });
    after = items.at(-1)?.seq ?? after;
    more = items.length > 0;
  }
  // Whose inbox is full is offered nothing, and some of them have acknowledged nothing for the whole run.
  if (after > 0) await client.acknowledge(after);
  let taken = 0;
  while (taken < capacity && Date.now() < deadlineMs) {
    const question = await ask();
    const offer = await offerOf(question);
    if (offer === undefined) return taken;
    const isTaken = await client.accept(offer).then(
      () => true,
      () => false,
    );
    // Too late, on a slow machine: the next question will do.
    if (isTaken) taken++;
  }
  return taken;

  async function offerOf(question: QuestionId): Promise<OfferId | undefined> {
    while (Date.now() < deadlineMs) {
      const { items } = await client.events({ after, waitS: 3 });
      for (const { seq, type, data } of items) {
        after = seq;
        if (type === 'offer.made' && (data as OfferView).questionId === question) return (data as OfferView).id;
      }
    }
    return undefined;
  }
}
