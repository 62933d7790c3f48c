// Rows of a cell: everything durable comes back as it was, and a row of the future is refused by name.
import { describe, expect, it } from 'vitest';
import { loadCell } from '../../../src/cell/restore.ts';
import { CELL_TABLES } from '../../../src/cell/tables/all.ts';
import { decodeBeacon, encodeBeacon } from '../../../src/cell/tables/beacons.ts';
import { decodeClaim, encodeClaim } from '../../../src/cell/tables/claims.ts';
import { decodeTransfer, encodeTransfer } from '../../../src/cell/tables/incoming.ts';
import { decodeJournal, encodeJournal, splitRecords, withRecords } from '../../../src/cell/tables/journal.ts';
import { decodeQuestion, encodeQuestion } from '../../../src/cell/tables/questions.ts';
import { decodeMapRow, decodeRole, encodeMapRow, encodeRole } from '../../../src/cell/tables/role.ts';
import { decodeUser, encodeUser } from '../../../src/cell/tables/users.ts';
import { present } from '../../../src/lib/assert.ts';
import { cellHarness } from '../support/cell-harness.ts';
import {
  bob,
  cellId,
  cem,
  dee,
  EAST,
  mapRow,
  need,
  newQuestion,
  oid,
  policyWith,
  qid,
  START,
} from '../support/names.ts';

/** A cell with a row in every table. */
function full() {
  const cell = cellHarness({
    uninitialised: true,
    respond: ({ request }) =>
      request.t === 'claim' && (request.user === cem || request.user === dee)
        ? { t: 'pending', retryMs: 500 }
        : undefined,
  });
  const op = { by: cellId('9q8y'), n: 1 };
  cell.request({ t: 'init', op, from: op.by, mapRow: mapRow() });
  cell.request({ t: 'take', op, from: op.by, users: [{ user: dee, epoch: 1 }] });
  cell.request({ t: 'filled', op, from: op.by, beacons: [] });
  cell.ping(bob, { profile: { topics: ['food'], languages: ['en'], capacity: 2 }, seq: 3 });
  cell.ping(cem);
  cell.request({ t: 'ask', question: newQuestion({ key: 'k', bodyHash: 'h', topic: 'food', languages: ['en'] }) });
  cell.request({ t: 'accept', offerId: oid(1), user: bob });
  cell.request({ t: 'answer', offerId: oid(1), user: bob, text: 'there' });
  cell.request({ t: 'scout', need: need(), policy: policyWith(), limit: 5, beaconMs: 60_000 });
  return cell;
}

describe('rows of a cell', () => {
  it('KEEP1 come back as they were', () => {
    const cell = full();
    const state = cell.state();
    const who = present(state.users.get(bob), 'bob');
    expect(encodeUser(decodeUser(encodeUser(who)))).toBe(encodeUser(who));
    expect({ ...decodeUser(encodeUser(who)), holdsQuestion: 0 }).toEqual({ ...who, holdsQuestion: 0 });
    const arriving = present(state.claims.get(cem), 'cem');
    expect(decodeClaim(encodeClaim(arriving))).toEqual({
      ...arriving,
      again: true,
      inFlight: undefined,
      tokens: [],
    });
    const question = present(state.questions.get(qid()), 'question');
    expect(decodeQuestion(encodeQuestion(question))).toEqual(question);
    const beacon = present(state.beacons.get(qid(1, EAST)), 'beacon');
    expect(decodeBeacon(encodeBeacon(beacon))).toEqual(beacon);
    const taking = present(state.transfers.get(dee), 'dee');
    expect(decodeTransfer(encodeTransfer(taking))).toEqual({ ...taking, retryAt: undefined });
    expect(decodeRole(encodeRole(state.role))).toEqual(state.role);
    expect(decodeMapRow(encodeMapRow(mapRow()))).toEqual(mapRow());
    const records = [{ n: 7, at: START, t: 'user.left', who: 'p' }] as const;
    expect(decodeJournal('7', encodeJournal(START, records))).toEqual({ at: START, records });
    // Of version 1: one number for all records of a transaction.
    const before = JSON.stringify({ v: 1, at: START, records: [{ t: 'user.left', who: 'p' }] });
    expect(decodeJournal('7', before)).toEqual({ at: START, records });
  });

  it('JRN1 rows carry what waits in them, and are read without it', () => {
    const row = JSON.stringify({ v: 1, text: ',"journal":[{"n":1}]' });
    const records = [{ n: 7, at: START, t: 'question.asked', q: qid(), topic: ',"journal":[' }] as const;
    expect(splitRecords(withRecords(row, records))).toEqual({ row, records });
    expect(withRecords(row, [])).toBe(row);
    expect(splitRecords(row)).toEqual({ row, records: [] });
  });

  it.each(CELL_TABLES.map(({ name }) => name))('ROW1 %s: an unknown version is refused by name', (table) => {
    const gathered = { table: 'journal', key: '7', value: encodeJournal(START, []) };
    const rows = [...full().store.load(), gathered];
    const row = present(
      rows.find((one) => one.table === table),
      table,
    );
    const version = (v: unknown) =>
      loadCell([rows[0] as (typeof rows)[0], { ...row, value: JSON.stringify({ ...JSON.parse(row.value), v }) }]);
    expect(() => version(1)).not.toThrow();
    const newest = { users: 4, questions: 2, journal: 2 }[table as string] ?? 1;
    for (let v = 2; v <= newest; v++) expect(() => version(v)).not.toThrow();
    expect(() => version(newest + 1)).toThrow(
      `row of table ${table} has version ${newest + 1}; this code reads version`,
    );
    expect(() => version(undefined)).toThrow(`table ${table} has version undefined`);
  });

  it('ROW1 an unknown table is refused by name', () => {
    expect(() => loadCell([{ table: 'stray', key: 'a', value: '{"v":1}' }])).toThrow('a cell has no table stray');
  });
});
