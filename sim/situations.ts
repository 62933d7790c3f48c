// Which situations a run has been in, counted from its commits: what was asked and how it was answered, and what the journals say. A rule
// whose situation never occurred was not tested, however many seeds were clean.
import type { Effects } from '../src/engine/effects.ts';
import type { Node, NodeEvent } from './node.ts';
import { recordsIn } from './recorded.ts';

export type Situations = Record<string, number>;

export function situations(): {
  readonly seen: Situations;
  readonly note: (node: Node, effects: Effects, event: NodeEvent) => void;
  /** Its records are numbered anew. */
  readonly forget: (node: Node) => void;
  /** One that no commit shows. */
  readonly add: (name: string) => void;
  readonly shed: (kind: string) => void;
  readonly closed: (why: string) => void;
} {
  const seen: Situations = {};
  const add = (name: string): void => {
    seen[name] = (seen[name] ?? 0) + 1;
  };
  const told = new Map<string, number>();
  const note = (node: Node, effects: Effects, event: NodeEvent): void => {
    for (const { value } of effects.replies) add(`${askedBy(event)} → ${toldBy(value)}`);
    if (node.kind === 'cell')
      for (const { n, t } of recordsIn(effects.rows)) {
        if (n <= (told.get(node.id) ?? 0)) continue;
        told.set(node.id, n);
        add(t);
      }
    if (event.t === 'reply') add(`heard ${toldBy(event.reply)}`);
  };
  return {
    seen,
    note,
    add,
    forget: ({ id }) => told.delete(id),
    shed: (kind) => add(`shed ${kind}`),
    closed: (why) => add(`closed ${why}`),
  };
}

function askedBy(event: NodeEvent): string {
  if (event.t !== 'request') return 'later';
  const { request } = 'envelope' in event ? event.envelope : event;
  return request.t;
}

type Told = {
  readonly t: string;
  readonly code?: string;
  readonly reason?: string;
  readonly refused?: string;
};

function toldBy(value: unknown): string {
  const { t, code, reason, refused } = value as Told;
  return [t, code, reason, refused].filter((part) => part !== undefined).join(' ');
}

/** What of each rule must have occurred, any of it, for the rule to have been tested. */
export const RULES_WATCHED: Readonly<Record<string, readonly string[]>> = {
  OWN1: ['recall → record'],
  OWN2: ['adopt → done'],
  KEEP1: ['question.expired', 'question.answered', 'question.cancelled'],
  KEEP2: ['deliver → stored'],
  ONE1: ['accept → problem offer_gone'],
  ONE2: ['reserve → refused capacity'],
  RULE1: [
    'reserve → refused capacity',
    'reserve → refused cooling',
    'reserve → refused far',
    'reserve → refused topic',
    'reserve → refused language',
  ],
  WAKE1: ['question.woken'],
  SPLIT6: ['lost leaf', 'lost asleep', 'lost handing'],
  FX1: ['ghost → fenced'],
  ALARM2: ['sweep → lost alarm'],
  WAKE2: ['nudge → tried'],
  ONCE1: ['ask → problem key_reused'],
  LIVE1: ['question.dormant'],
  PROF1: ['returnRecord → returned'],
  PROF2: ['claim → stranger'],
  LEAVE1: ['leave → done'],
  CLAIM1: ['presence → problem stale_ping'],
  CLAIM2: ['claim → granted'],
  CLAIM3: ['recall → no_row'],
  CLAIM4: ['claim → pending'],
  CLAIM6: ['recall → kept'],
  AGE1: ['returnRecord → returned', 'recall → record'],
  HOLD1: ['state → state'],
  HOLD2: ['reserve → held'],
  VOID1: ['release → done'],
  OFFER1: ['answer → problem offer_answered', 'accept → problem offer_declined'],
  PRIV2: ['accept → problem unknown_offer', 'question → problem unknown_question'],
  REST1: ['offer.declined', 'offer.expired', 'offer.withdrawn'],
  BOUND3: ['later → problem too_large'],
  OPEN1: ['ask → problem too_many_questions', 'deliver → stored too_many_questions'],
  OWN3: ['recall → record', 'returnRecord → returned'],
  SOCK1: ['closed token_expired'],
  SOCK2: ['closed too_many_sockets'],
  LIST2: ['question → question'],
  SLEEP2: ['scout → scouted'],
  SPLIT1: ['cell.split'],
  SPLIT2: ['presence → moved'],
  SPLIT3: ['adopt → done'],
  SPLIT4: ['take → done'],
  SPLIT5: ['cell.filled'],
  MERGE1: ['cell.merged'],
  LOAD4: ['presence → problem busy'],
  LOAD5: ['ask → problem busy'],
  LOAD7: ['shed scout', 'shed presence', 'shed ask'],
  GONE1: ['dissolve → done'],
  EDGE2: ['replica → behind', 'replica → older than known'],
};

const LEAST = 100;
/** So many seeds must have shown each situation that often; of fewer nothing is expected. */
export const TELLING_SEEDS = 300;

/** Rules whose situation was too rare in so many seeds to have been tested. */
export function tooRare(seen: Situations, seeds: number): readonly string[] {
  if (seeds < TELLING_SEEDS) return [];
  const least = (LEAST * seeds) / TELLING_SEEDS;
  return Object.entries(RULES_WATCHED).flatMap(([rule, names]) => {
    const times = names.reduce((sum, name) => sum + (seen[name] ?? 0), 0);
    return times < least ? [`${rule}: ${names.join(', ')}: ${times} times in ${seeds} seeds`] : [];
  });
}

export function addUp(into: Situations, more: Situations): void {
  for (const [name, times] of Object.entries(more)) into[name] = (into[name] ?? 0) + times;
}
