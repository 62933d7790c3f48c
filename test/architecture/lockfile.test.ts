// npm ci must pass on every system: the lockfile stands for every optional package, served here or not.
import { describe, expect, it } from 'vitest';
import { missingStubs } from '../../scripts/lockfile.ts';
import { read } from './tree.ts';

type Manifest = Readonly<Record<string, Readonly<Record<string, string>>>>;

describe('package-lock.json', () => {
  const lockfile = JSON.parse(read('package-lock.json'));

  it('has an entry for every optional dependency (npm run lockfile adds them)', () => {
    expect(missingStubs(lockfile).map(([path]) => path)).toEqual([]);
  });

  it('would be mended if one were missing', () => {
    const { 'node_modules/@biomejs/cli-win32-x64': dropped, ...packages } = lockfile.packages;
    expect(dropped).toBeDefined();
    expect(missingStubs({ packages })).toEqual([
      ['node_modules/@biomejs/cli-win32-x64', expect.objectContaining(dropped)],
    ]);
  });

  it('agrees with package.json, where every version is exact', () => {
    const manifest: Manifest = JSON.parse(read('package.json'));
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
      expect(lockfile.packages[''][kind]).toEqual(manifest[kind]);
      for (const version of Object.values(manifest[kind] ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+(-beta)?$/);
    }
  });

  it('names no registry but the public one', () => {
    const resolved = [...read('package-lock.json').matchAll(/"resolved": "([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(resolved.filter((url) => !url.startsWith('https://registry.npmjs.org/'))).toEqual([]);
  });
});
