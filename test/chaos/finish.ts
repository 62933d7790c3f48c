// After the faults: looks at everything through the public interface, until nothing is late any more or the time is up.
import { VicinalClient } from '../../src/client/client.ts';
import { mapBounded } from '../../src/lib/bounded.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import { violationsOf } from './checks.ts';
import type { Final, History, Member } from './history.ts';
import { CENTRE } from './town.ts';
import type { Violation } from './violation.ts';

export type Inspector = {
  /** Reads how everything stands. `held` takes users over from their own clients, so that it is for the very end. */
  readonly look: (asked: ReadonlyMap<QuestionId, UserId>, held: boolean) => Promise<Final>;
  readonly clientOf: (user: UserId) => VicinalClient;
};

/** Straight to the service, not through the bad network. */
export function inspector(
  url: string,
  members: readonly Member[],
  tokenOf: (user: UserId) => Promise<string>,
): Inspector {
  const clients = new Map(
    members.map(({ user }) => [user, new VicinalClient({ url, token: () => tokenOf(user) })] as const),
  );
  const clientOf = (user: UserId): VicinalClient => {
    const client = clients.get(user);
    if (client === undefined) throw new Error(`${user} is nobody here`);
    return client;
  };
  const byUser = async <T>(read: (member: Member) => Promise<T>): Promise<ReadonlyMap<UserId, T>> =>
    new Map(await mapBounded(members, async (member) => [member.user, await read(member)] as const));
  return {
    clientOf,
    look: async (asked, held) => {
      const listed = await byUser(({ user }) => clientOf(user).allQuestions());
      return {
        listed,
        questions: new Map(
          await mapBounded([...asked], async ([id, user]) => [id, await questionOf(clientOf(user), id)] as const),
        ),
        inbox: await byUser(({ user }) => wholeInbox(clientOf(user))),
        offers: await byUser(({ user }) => clientOf(user).offers()),
        held: held ? await byUser((member) => heldOf(clientOf(member.user), member)) : new Map(),
      };
    },
  };
}

export type Judged = { readonly history: History; readonly violations: readonly Violation[] };

/** Looks again and again while something is late, at most until the time is up. Returns the last look and what is wrong in it. */
export async function whenSettled(
  look: () => Promise<History>,
  withinMs: number,
  onLate: (late: number) => void,
): Promise<Judged> {
  const deadlineMs = Date.now() + withinMs;
  let told = -1;
  for (;;) {
    const history = await look();
    const violations = violationsOf(history);
    const late = violations.filter((one) => one.late === true).length;
    if (late !== told) onLate(late);
    told = late;
    if (late === 0 || Date.now() > deadlineMs) return { history, violations };
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function questionOf(client: VicinalClient, id: QuestionId): Promise<QuestionView | undefined> {
  try {
    return await client.question(id);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'unknown_question') return undefined;
    throw error;
  }
}

async function wholeInbox(client: VicinalClient): Promise<readonly UserEvent[]> {
  const events: UserEvent[] = [];
  for (let after = 0; ; ) {
    const { items } = await client.events({ after });
    if (items.length === 0) return events;
    events.push(...items);
    after = items.at(-1)?.seq ?? after;
  }
}

async function heldOf(client: VicinalClient, { capacity }: Member): Promise<readonly OfferView[]> {
  return (await client.presence({ ...CENTRE, capacity, ttlS: 60 })).offers;
}
