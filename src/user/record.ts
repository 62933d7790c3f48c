// The record as it lies here: what it keeps as durations grows older, and what has ended goes.
import { NOWHERE, type UserRecord } from '../messages/records.ts';
import { packInbox, unpackInbox } from '../record/packed.ts';
import type { Meta } from './state.ts';
import type { Step } from './workspace.ts';

const NEWCOMER: UserRecord = {
  v: 1,
  profile: { topics: [], languages: [], capacity: 1 },
  point: NOWHERE,
  pointAgeMs: 0,
  leaseLeftMs: 0,
  idleMs: 24 * 3_600_000,
  coolLeftMs: 0,
  reputation: 0.5,
  pseudonym: '',
  blocked: [],
  holds: [],
};

/** Stores what a cell said of the user. Without a lease nobody needs to know where they were: the point goes with it. */
export function keepRecord(step: Step, meta: Meta, sent: UserRecord, keepsLease: boolean): void {
  const { inbox, ...record } = sent;
  // A cell that was granted none, before inboxes went with their users, says none: it lies here.
  if (inbox !== undefined) step.state.inbox = unpackInbox(inbox, step.now);
  delete meta.apart;
  meta.record = keepsLease ? record : withoutLease(record);
  meta.recordAt = step.now;
  step.meta = true;
}

/** The lease has ended, whatever the copy says: only a ping gives another. */
export function endLease(meta: Meta): void {
  if (meta.record !== null) meta.record = withoutLease(meta.record);
}

/** The record as of now, with this user's pseudonym. */
export function currentRecord({ state, now }: Step, meta: Meta): UserRecord {
  const record =
    meta.record === null ? NEWCOMER : aged(meta.record, meta.recordAt === undefined ? 0 : now - meta.recordAt);
  return { ...record, pseudonym: meta.pseudonym, inbox: packInbox(state.inbox, now) };
}

function aged(record: UserRecord, ms: number): UserRecord {
  const left = (before: number): number => Math.max(0, before - ms);
  return {
    ...record,
    pointAgeMs: record.pointAgeMs + ms,
    leaseLeftMs: left(record.leaseLeftMs),
    idleMs: record.idleMs + ms,
    coolLeftMs: left(record.coolLeftMs),
    holds: record.holds.map((hold) => ({ ...hold, leftMs: left(hold.leftMs) })),
  };
}

const withoutLease = ({ veil: _, ...record }: UserRecord): UserRecord => ({
  ...record,
  leaseLeftMs: 0,
  point: NOWHERE,
});
