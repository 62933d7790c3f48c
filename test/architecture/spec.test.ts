// Every rule of docs/spec/rules.md is held by a test that quotes it, and no test quotes a rule that is not there.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quotedBy, rulesNamed, rulesOf } from './rules.ts';
import { projectFiles, ROOT, read } from './tree.ts';

const SPEC = 'docs/spec/rules.md';
const LINES_MAX = 150;
const SELF = 'test/architecture/spec.test.ts';
const isThere = existsSync(join(ROOT, SPEC));

describe.skipIf(!isThere)('docs/spec', () => {
  const rules = isThere ? rulesOf(read(SPEC)) : [];
  const tests = projectFiles().filter((path) => /^test\/.*\.test\.ts$/.test(path) && path !== SELF);
  const quotes = tests.flatMap((path) => quotedBy(read(path)).map((id) => ({ id, path })));

  it('has rules, each defined once', () => {
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter((id, at) => rules.indexOf(id) !== at)).toEqual([]);
  });

  it('has a test for every rule', () => {
    const quoted = new Set(quotes.map(({ id }) => id));
    expect(rules.filter((id) => !quoted.has(id))).toEqual([]);
  });

  it('defines every rule that a test quotes', () => {
    expect(quotes.filter(({ id }) => !rules.includes(id))).toEqual([]);
  });

  it('quotes no rule that is not defined, and no page is longer than 150 lines', () => {
    const pages = readdirSync(join(ROOT, 'docs/spec')).map((name) => ({ name, text: read(`docs/spec/${name}`) }));
    const unknown = pages.flatMap(({ text }) => text.match(/^Rules: .*$/gm) ?? []).flatMap(rulesNamed);
    expect(unknown.filter((id) => !rules.includes(id))).toEqual([]);
    expect(pages.filter(({ text }) => text.trimEnd().split('\n').length > LINES_MAX).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('is indexed whole', () => {
    const index = read('docs/spec/README.md');
    const pages = readdirSync(join(ROOT, 'docs/spec')).filter((name) => name !== 'README.md');
    expect(pages.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });
});

describe('reading rules', () => {
  it('finds definitions in table rows alone', () => {
    const spec = '| id | rule |\n| --- | --- |\n| OWN1 | A user … see KEEP1 |\n| `KEEP2` | x |\nWAKE1 | no\n';
    expect(rulesOf(spec)).toEqual(['OWN1', 'KEEP2']);
  });

  it.each([
    ["it('OWN1 moves', f)", ['OWN1']],
    ["it.each([[1, f(2)]])('KEEP1, KEEP2: %s', f)", ['KEEP1', 'KEEP2']],
    ['describe(`RULE1 at once`, f)', ['RULE1']],
    ['it(\n  "wakes, as WAKE2 says",\n  f)', ['WAKE2']],
    ["describe.skipIf(no)('ONE1 of real data', f)", ['ONE1']],
    ["it('speaks UTF8 and RFC9457', f) // ONE1", []],
    ["it.todo('OWN1 some day')", []],
    ["it.skip('OWN1 some day', f)", []],
    ["log('OWN1')", []],
  ])('finds quotations in %j', (test, ids) => {
    expect(quotedBy(test)).toEqual(ids);
  });
});
