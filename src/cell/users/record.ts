// A user's record: what goes with them from cell to cell, and what it makes of them where they come.
import { type EpochMs, epochMs, plusMs } from '../../lib/brand.ts';
import type { UserRecord } from '../../messages/records.ts';
import type { Policy } from '../../protocol/policy.ts';
import { packInbox, unpackInbox } from '../../record/packed.ts';
import type { Hold, Resident } from '../tables/users.ts';
import { calmVeil } from './veil.ts';

/** Durations only: another machine's clock is nobody's business. */
export function recordOf(resident: Resident, now: EpochMs): UserRecord {
  const left = (until: number): number => Math.max(0, until - now);
  return {
    v: 1,
    profile: resident.profile,
    point: resident.point,
    ...(resident.veil === undefined ? {} : { veil: calmVeil(resident.veil) }),
    pointAgeMs: Math.max(0, now - resident.pointAt),
    leaseLeftMs: left(resident.leaseUntil),
    idleMs: Math.max(0, now - resident.idleSince),
    coolLeftMs: left(resident.coolUntil),
    reputation: resident.reputation,
    pseudonym: resident.pseudonym,
    blocked: resident.blocked,
    holds: [...resident.holds.values()].map(({ until, askAt: _, ...hold }) => ({ ...hold, leftMs: left(until) })),
    ...(resident.inbox === undefined ? {} : { inbox: packInbox(resident.inbox, now) }),
  };
}

type Fields = Pick<
  Resident,
  'profile' | 'idleSince' | 'coolUntil' | 'reputation' | 'pseudonym' | 'blocked' | 'inbox'
> & {
  readonly holds: readonly Hold[];
};

/** What does not depend on where they are; a newcomer has waited for as long as counts. */
export function fieldsOf(record: UserRecord | null, policy: Policy, now: EpochMs): Fields {
  return {
    profile: record?.profile ?? { topics: [], languages: [], capacity: 1 },
    idleSince: plusMs(now, -(record?.idleMs ?? policy.idleFullMs)),
    coolUntil: record === null || record.coolLeftMs === 0 ? epochMs(0) : plusMs(now, record.coolLeftMs),
    reputation: record?.reputation ?? 0.5,
    pseudonym: record?.pseudonym ?? '',
    blocked: record?.blocked ?? [],
    inbox: record?.inbox === undefined ? undefined : unpackInbox(record.inbox, now),
    holds: (record?.holds ?? []).map(({ leftMs, ...hold }) => ({ ...hold, until: plusMs(now, leftMs) })),
  };
}
