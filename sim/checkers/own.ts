// OWN1: a user is matchable in at most one cell. OWN3: a record lies in one place that may change it. OWN2: a question is in at most one cell, and an acknowledged one in one.
import { decides } from '../../src/cell/resharding/phases.ts';
import type { CellId, QuestionId, UserId } from '../../src/protocol/ids.ts';
import { isHome } from '../../src/user/workspace.ts';
import type { MakeChecker } from './checker.ts';

export const ownChecker: MakeChecker = ({ ledger, report }) => {
  const holders = new Map<UserId, Set<CellId>>();
  /** Who may change a user's record: cells by their rows, and the UserObject while no cell holds the user. */
  const custodians = new Map<UserId, Set<string>>();
  const owners = new Map<QuestionId, CellId>();
  /** Cells that hand over what they have. */
  const frozen = new Set<CellId>();
  const noteCustodian = (user: UserId, place: string, isCustodian: boolean): void => {
    const places = custodians.get(user) ?? new Set();
    custodians.set(user, places);
    if (isCustodian) places.add(place);
    else places.delete(place);
    if (places.size > 1) report('OWN3', `the record of ${user} may be changed in ${[...places].join(' and ')}`);
  };
  return {
    lost: (node) => {
      for (const places of custodians.values()) places.delete(node.id);
      for (const cells of holders.values()) cells.delete(node.id as CellId);
      for (const [id, owner] of owners) if (owner === node.id && ledger.lost.questions.has(id)) owners.delete(id);
      frozen.delete(node.id as CellId);
    },
    committed: (node, { rows }) => {
      if (node.state === undefined) return;
      if (node.kind === 'user') {
        if (rows.some(({ table }) => table === 'meta')) noteCustodian(node.id, 'home', isHome(node.state));
        return;
      }
      if (decides(node.state)) frozen.delete(node.id);
      for (const { table, key, value } of rows) {
        if (table === 'users') {
          const user = key as UserId;
          const cells = holders.get(user) ?? new Set();
          holders.set(user, cells);
          const { phase = 'gone' } = node.state.users.get(user) ?? {};
          if (phase === 'live') cells.add(node.id);
          else cells.delete(node.id);
          noteCustodian(user, node.id, phase === 'live' || phase === 'lapsed');
          if (cells.size > 1) report('OWN1', `${user} is matchable in ${[...cells].join(' and ')}`);
        }
        if (table === 'questions') {
          const id = key as QuestionId;
          const owner = owners.get(id);
          if (value === null) {
            if (owner === node.id) owners.delete(id);
            continue;
          }
          // The step that freezes a question may still have decided about it; from the next on nothing here does.
          if (frozen.has(node.id)) report('OWN2', `${node.id} has handed ${id} over and writes it`);
          const isFrozen = owner !== undefined && frozen.has(owner);
          if (owner !== undefined && owner !== node.id && !isFrozen)
            report('OWN2', `${id} is in ${owner} and ${node.id}`);
          owners.set(id, node.id);
        }
      }
      if (!decides(node.state)) frozen.add(node.id);
    },
  };
};
