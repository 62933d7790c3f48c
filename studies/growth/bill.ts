// What the platform would bill, counted step by step: rows, calls, messages, time awake. Each step is on somebody's account:
// a question's, wherever it is worked on, or the presence of people in a cell.

import type { Node, NodeEvent } from '../../sim/node.ts';
import type { Effects } from '../../src/engine/effects.ts';
import { questionIn } from '../../src/messages/call-table.ts';
import type { CellRequest, UserRequest } from '../../src/messages/calls.ts';
import type { CellId, QuestionId } from '../../src/protocol/ids.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

/** An object's handler runs this long, on the platform's wall clock; with a write it waits for the disk as well. */
export const HANDLER_MS = 1;
export const WRITE_MS = 5;

/** Where a step belongs: the question that caused it, if one did, and else the cell. */
export type Account = { readonly question?: QuestionId; readonly cell?: CellId };
export type Book = (account: Account) => Usage | undefined;

type Life = { rows: Map<string, Set<string>>; busyFrom: number | undefined; readonly causes: Map<number, Account> };

export type Bill = ReturnType<typeof bill>;

/** @param book the account to charge, or undefined for steps that are not counted. */
export function bill(book: Book, nowMs: () => number) {
  const lives = new Map<Node, Life>();
  const lifeOf = (node: Node): Life => {
    const known = lives.get(node);
    if (known !== undefined) return known;
    const made: Life = { rows: new Map(), busyFrom: undefined, causes: new Map() };
    lives.set(node, made);
    return made;
  };
  const accountOf = (node: Node, life: Life, effects: Effects, event: NodeEvent): Account => {
    const cell = node.kind === 'cell' ? node.id : undefined;
    if (event.t === 'reply') {
      const known = life.causes.get(event.call);
      life.causes.delete(event.call);
      if (known !== undefined) return known;
    }
    if (event.t === 'request') {
      const request: CellRequest | UserRequest = 'envelope' in event ? event.envelope.request : event.request;
      const question = questionIn(request);
      if (question !== undefined) return { question };
      if (cell === undefined) return request.t === 'claim' ? { cell: request.cell } : holderOf(node);
      return { cell };
    }
    const question = rowQuestion(effects);
    if (question !== undefined) return { question };
    return cell === undefined ? holderOf(node) : { cell };
  };
  const committed = (node: Node, effects: Effects, event: NodeEvent): void => {
    const life = lifeOf(node);
    const account = accountOf(node, life, effects, event);
    for (const { call, request } of effects.sends) {
      const question = questionIn(request);
      life.causes.set(call, question === undefined ? account : { question });
    }
    const written = writeRows(life, effects);
    const now = nowMs();
    const awaited = life.busyFrom === undefined ? 0 : now - life.busyFrom;
    // What is answered in this step is still on the list: it is published after this.
    const waits = node.callers.size > effects.replies.length || (node.state?.calls.size ?? 0) > 0;
    life.busyFrom = waits ? now : undefined;
    const usage = book(account);
    if (usage === undefined) return;
    usage.rows += written;
    usage.awakeMs += awaited + (waits ? 0 : HANDLER_MS) + (written > 0 && !waits ? WRITE_MS : 0);
    if (event.t === 'boot') {
      for (const keys of life.rows.values()) usage.reads += keys.size;
      return;
    }
    usage.events++;
    if (event.t === 'alarm') usage.calls++;
    if (event.t === 'request') {
      if ('socket' in event && event.socket === true) usage.messages++;
      else usage.calls++;
    }
    if (event.t === 'socket_open') {
      // The upgrade is a call, and carries the first point, which is no message.
      usage.calls++;
      usage.messages--;
      usage.connections++;
    }
  };
  return {
    committed,
    /** A frame of somebody's socket that is not a ping: it is passed on by the cell, and no step of it. */
    message: (account: Account): void => {
      const usage = book(account);
      if (usage !== undefined) usage.messages++;
    },
    worker: (account: Account): void => {
      const usage = book(account);
      if (usage !== undefined) usage.workerRequests++;
    },
    /** Everything that was booked since. */
    total: (parts: Iterable<Usage>): Usage => {
      const sum = noUsage();
      for (const part of parts) addUsage(sum, part);
      return sum;
    },
  };
}

/** A row of the map in D1, with its indices. */
export const ROWS_A_MAP_ROW = 4;

/** Rows as the platform bills them: a delete of what is not there is none, an alarm is one, so is a mark in the sweep's list. */
function writeRows(life: Life, effects: Effects): number {
  // One each in D1: the list of the sweep, and what the cell tells ops.
  let written = (effects.alarmAt === undefined ? 0 : 1) + (effects.busyUntil === undefined ? 0 : 1);
  if (effects.load !== undefined) written++;
  for (const { address, request } of effects.sends)
    if (address.to === 'map' && request.t === 'swap')
      written += ROWS_A_MAP_ROW * (request.from.length + request.to.length);
  for (const { table, key, value } of effects.rows) {
    const keys = life.rows.get(table) ?? new Set<string>();
    life.rows.set(table, keys);
    if (value !== null) {
      // Of a log only the last row is ever read again.
      if (table === 'journal') keys.clear();
      keys.add(key);
      written++;
    } else if (keys.delete(key)) written++;
  }
  return written;
}

const OF_QUESTIONS: ReadonlySet<string> = new Set(['questions', 'beacons']);

function rowQuestion({ rows }: Effects): QuestionId | undefined {
  return rows.find(({ table }) => OF_QUESTIONS.has(table))?.key as QuestionId | undefined;
}

function holderOf(node: Node): Account {
  if (node.kind === 'cell') return { cell: node.id };
  const holding = node.state?.meta?.holding;
  return holding === undefined || holding.t === 'free' ? {} : { cell: holding.cell };
}
