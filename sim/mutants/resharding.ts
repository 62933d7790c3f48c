// Faults in splits and merges.
import { type Mutant, one } from './mutant.ts';

export const RESHARDING_MUTANTS: readonly Mutant[] = [
  one(
    'frozen-decides',
    'a cell that hands over goes on answering for its questions',
    'src/cell/resharding/gate.ts',
    "return isForLeaf(request) && !stays ? { t: 'moved', to: phase.to } : undefined;",
    'return isForLeaf(request) && stays ? undefined : undefined;',
  ),
  one(
    'dropped-unadopted',
    'a question is dropped when it is sent, not when its successor has it',
    'src/cell/resharding/handover.ts',
    'questions }, address, request);',
    'questions }, address, request);\n        adopted(step, cell, questions);',
  ),
  one(
    'fill-ungated',
    'a cell that is being filled answers for questions that it has not got yet',
    'src/cell/resharding/gate.ts',
    'return id === undefined || state.questions.has(id) ? undefined :',
    'return id === undefined || id !== undefined ? undefined :',
  ),
  {
    name: 'swap-guessed',
    what: 'a swap whose outcome is unknown is taken to have happened',
    edits: [
      {
        file: 'src/cell/resharding/carry-on.ts',
        find: "import { isSameOp } from './phases.ts';",
        replace: "import { isSameOp, opText } from './phases.ts';",
      },
      {
        file: 'src/cell/resharding/carry-on.ts',
        find: 'if (!back(step, lane, callId, heard) || !heard) return;',
        replace: "if (!back(step, lane, callId, heard) || (!heard && task.what !== 'swap')) return;",
      },
      {
        file: 'src/cell/resharding/carry-on.ts',
        find: "else if (answer.t === 'rows' && mapSaidOfSplit(",
        replace:
          "else if (what === 'swap') mapSaidOfSplit(step, phase, { t: 'rows', rows: [{ cell: phase.op.by, state: 'split', version: 0, op: opText(phase.op) }] });\n    else if (answer.t === 'rows' && mapSaidOfSplit(",
      },
    ],
  },
  one(
    'transfer-no-recall',
    'a user who is handed over is granted without asking the holder',
    'src/user/holder.ts',
    'handed: true };\n  recallFor(step, meta, holding.cell, claimant, token);',
    'handed: true };\n  step.state.claims.push({ token, order: meta.order });\n  grant(step, meta, cell, true);',
  ),
  one(
    'born-anew',
    'a question that was handed over counts as another one',
    'src/cell/resharding/carry.ts',
    'createdAt: at(question.createdAt),',
    'incarnation: question.createdAt + ms,\n    createdAt: at(question.createdAt),',
  ),
  one(
    'joined-anew',
    'a user who was handed over is granted to a ping once more, without the holds that they took meanwhile',
    'src/cell/resharding/takeover.ts',
    'wakeFor(step, resident);\n  joined(step, resident);',
    'wakeFor(step, resident);',
  ),
];
