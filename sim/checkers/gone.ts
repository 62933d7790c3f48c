// GONE1, GONE2: a cell of a city that is being removed takes no new question, the city goes only when none is open, and it does go; one
// that is kept is asked as before.

import type { Phase } from '../../src/cell/tables/questions.ts';
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { QuestionId } from '../../src/protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

export const goneChecker: MakeChecker = ({ world, report }) => {
  const known = new Set<QuestionId>();
  let isGone = false;
  const lookAtAll = (): void => {
    for (const node of world.cells.values()) {
      for (const { table, key, value } of node.store.load()) {
        const { phase } = table === 'questions' ? (JSON.parse(value) as { phase: Phase }) : { phase: undefined };
        if (phase !== undefined && !hasEnded(phase))
          report('GONE1', `the city is gone, and ${key} is ${phase.t} in ${node.id}`);
      }
    }
  };
  return {
    committed: (node, { rows }) => {
      if (!isGone && world.map.cityState() === 'removed') {
        isGone = true;
        lookAtAll();
      }
      if (node.kind !== 'cell' || node.state === undefined) return;
      for (const { table, key } of rows) {
        const id = key as QuestionId;
        if (table !== 'questions' || known.has(id)) continue;
        known.add(id);
        // Of those that were taken before, each was seen before.
        if (node.state.mapRow?.draining === true) report('GONE1', `${id} is asked in ${node.id}, which is draining`);
      }
    },
    ended: () => {
      if (world.map.cityState() === 'draining') report('GONE1', 'the city is never gone');
      if (world.map.cityState() === 'live') {
        for (const [cell, version] of world.map.leaves()) {
          const { mapRow } = world.cells.get(cell)?.state ?? {};
          if (mapRow?.draining === true && mapRow.version >= version)
            report('GONE2', `${cell} drains, and its city does not`);
        }
      }
      if (!isGone) return;
      for (const leaf of world.map.cells) {
        const { mapRow, users } = world.cells.get(leaf)?.state ?? {};
        if (mapRow !== undefined && mapRow.removed !== true && (users?.size ?? 0) > 0)
          report('GONE1', `${leaf} holds people and has not heard that its city is gone`);
      }
    },
  };
};
