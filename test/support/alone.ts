// After each test file: nothing in it has called a service that it did not start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';

const dataDir = process.env['VICINAL_DATA'];
if (dataDir === undefined) throw new Error('test/support/decoy.ts sets VICINAL_DATA for every test');

export const decoyCalls = (): string => readFileSync(join(dataDir, 'calls'), 'utf8');

const before = decoyCalls();
afterAll(() => expect(decoyCalls().slice(before.length), 'calls of a service that no test started').toBe(''));
