// A run says which rules it has not tested: those whose situation hardly occurred.
import { describe, expect, it } from 'vitest';
import { addUp, RULES_WATCHED, type Situations, tooRare } from '../../sim/situations.ts';
import { rulesOf } from '../architecture/rules.ts';
import { read } from '../architecture/tree.ts';

const plenty = (): Situations => {
  const seen: Situations = {};
  for (const names of Object.values(RULES_WATCHED)) for (const name of names) seen[name] = 100;
  return seen;
};

describe('situations', () => {
  it('are of rules that there are', () => {
    const rules = rulesOf(read('docs/spec/rules.md'));
    expect(Object.keys(RULES_WATCHED).filter((id) => !rules.includes(id))).toEqual([]);
  });

  it('that are too rare fail a run of 300 seeds, by rule and name, and a longer one in proportion', () => {
    const seen = plenty();
    expect(tooRare(seen, 300)).toEqual([]);
    seen['question.woken'] = 99;
    expect(tooRare(seen, 300)).toEqual(['WAKE1: question.woken: 99 times in 300 seeds']);
    addUp(seen, plenty());
    expect(tooRare(seen, 600)).toEqual(['WAKE1: question.woken: 199 times in 600 seeds']);
    expect(tooRare({}, 299), 'too few seeds to tell').toEqual([]);
  });
});
