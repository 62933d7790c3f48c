// A cell that is custodian of a record, and all that is asked of whoever has one.
import type { RecordCalls } from '../../../src/messages/calls.ts';
import type { PackedInbox, StreamItem } from '../../../src/messages/records.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from './cell-harness.ts';
import { bob, EAST, qid, record } from './names.ts';
import { item } from './user-harness.ts';

export const DAY_MS = 86_400_000;
export const HELD_MS = 3_600_000;
export const NOTHING: PackedInbox = { seq: 0, events: [], known: [] };

export const items = (from: number, to: number): readonly StreamItem[] =>
  Array.from({ length: to - from + 1 }, (_, i) => item(from + i));

/** Of the n-th question next door, to Bob. */
export const news = (
  all: readonly StreamItem[],
  { n = 1, ...more }: { user?: UserId; epoch?: number; after?: number; n?: number } = {},
) =>
  ({
    t: 'deliver',
    user: bob,
    questionId: qid(n, EAST),
    incarnation: 1,
    keepMs: 2 * DAY_MS,
    items: all,
    ...more,
  }) as const;

export const read = { t: 'events', user: bob, after: 0, limit: 1000, waitMs: 0 } as const;

/** Everything that is asked of whoever has a record. */
export const ASKED: { readonly [K in keyof RecordCalls]: { readonly t: K } & RecordCalls[K]['ask'] } = {
  deliver: news(items(1, 2)),
  events: read,
  ack: { t: 'ack', user: bob, seq: 9 },
  questions: { t: 'questions', user: bob, limit: 10 },
  offers: { t: 'offers', user: bob },
};

/** Bob is held at epoch 4, and questions have told him this. */
export function custodianOf(...told: readonly ReturnType<typeof news>[]): CellHarness {
  const cell = cellHarness({ manual: ['claim', 'returnRecord'] });
  cell.ping(bob, { ttlMs: HELD_MS, seq: 2 });
  cell.answer('claim', { t: 'granted', epoch: 4, record: record({ inbox: NOTHING }) });
  for (const one of told) cell.request(one);
  return cell;
}
