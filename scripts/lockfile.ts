// Adds to package-lock.json the optional packages of other systems that the registry at hand did not
// serve, so that `npm ci` passes on every system. Run after each `npm install`. Writes only if needed.
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dev?: boolean;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
  [other: string]: unknown;
}

interface Lockfile {
  packages: Record<string, LockEntry>;
}

const OSES = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const ALIASES: Readonly<Record<string, string>> = { windows: 'win32', win: 'win32', '64': 'x64', linuxmusl: 'linux' };

/** Every optional dependency that no entry of the lockfile stands for, as `[path, stub]`. Pure. */
export function missingStubs(lockfile: Lockfile): readonly (readonly [string, LockEntry])[] {
  const stubs: (readonly [string, LockEntry])[] = [];
  for (const [parent, entry] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolves(lockfile, parent, name)) continue;
      stubs.push([`node_modules/${name}`, stubFor(name, version, parent === '' ? false : entry.dev === true)]);
    }
  }
  return stubs;
}

function resolves(lockfile: Lockfile, parent: string, name: string): boolean {
  // The way Node looks: beside the parent's own modules first, then one node_modules further out.
  for (let at = parent; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lockfile.packages[path] !== undefined) return true;
    if (at === '') return false;
  }
}

function stubFor(name: string, version: string, dev: boolean): LockEntry {
  const words = name.split(/[/@-]/).map((word) => ALIASES[word] ?? word);
  const os = words.filter((word) => OSES.includes(word));
  const cpu = words.filter((word) => CPUS.includes(word));
  const stub: LockEntry = { version: version.replace(/^[~^]/, '') };
  if (cpu.length > 0) stub.cpu = cpu;
  if (dev) stub.dev = true;
  if (name.endsWith('musl') || name.includes('linuxmusl')) stub.libc = ['musl'];
  stub.optional = true;
  if (os.length > 0) stub.os = os;
  return stub;
}

if (import.meta.main) {
  const path = new URL('../package-lock.json', import.meta.url);
  const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
  const stubs = missingStubs(lockfile);
  for (const [at, stub] of stubs) lockfile.packages[at] = stub;
  lockfile.packages = Object.fromEntries(
    Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  if (stubs.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.log(stubs.length === 0 ? 'nothing missing' : stubs.map(([at]) => `added ${at}`).join('\n'));
}
