// The worker as workerd runs it: bundled by wrangler (what is deployed is what runs here) and cached by content.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Plan } from './plan.ts';

export const PROJECT_DIR = resolve(import.meta.dirname, '../..');

export interface Bundle {
  readonly plan: Plan;
  /** Absolute path of the entry module inside `folder`. */
  readonly main: string;
}

const CACHE_DIR = join(PROJECT_DIR, 'node_modules/.cache/vicinal');
const CACHE_KEEP = 6;
const WRANGLER_TOML = join(PROJECT_DIR, 'wrangler.toml');
/** Folders of src/ that no worker contains; a change there needs no new bundle. */
const NOT_BUNDLED = new Set(['client']);

/** The folder of the sources as they are now: bundled unless the cache has it. Throws with wrangler's words when it fails. */
export async function cachedBundle(onProgress: (line: string) => void): Promise<string> {
  const cached = join(CACHE_DIR, contentKey());
  if (!existsSync(join(cached, 'plan.json'))) {
    onProgress('building the worker (cached until the sources change)');
    await build(cached);
  }
  return cached;
}

/** Copies the bundle to `folder`. */
export async function bundleInto(folder: string, onProgress: (line: string) => void): Promise<Bundle> {
  const cached = await cachedBundle(onProgress);
  rmSync(folder, { recursive: true, force: true });
  cpSync(cached, folder, { recursive: true });
  const plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as Plan;
  const main = readdirSync(join(folder, 'out')).find((file) => /^[^.]+\.m?js$/.test(file));
  if (main === undefined) throw new Error('wrangler wrote no entry module');
  return { plan, main: join(folder, 'out', main) };
}

/** Built aside and renamed into place, so that two starts at once both find a whole bundle. */
async function build(target: string): Promise<void> {
  const draft = join(CACHE_DIR, `.draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(draft, { recursive: true });
  const wrangler = join(createRequire(import.meta.url).resolve('wrangler/package.json'), '../bin/wrangler.js');
  const out = join(draft, 'out');
  try {
    await Promise.all([
      runNode([wrangler, 'deploy', '--dry-run', '--outdir', out, '--config', WRANGLER_TOML], draft),
      runNode([join(import.meta.dirname, 'plan.ts'), WRANGLER_TOML, join(draft, 'plan.json')], draft),
    ]);
    rmSync(join(draft, 'log'), { recursive: true, force: true });
    if (!existsSync(join(target, 'plan.json'))) renameSync(draft, target);
  } catch (error) {
    if (!existsSync(join(target, 'plan.json'))) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  prune();
}

function runNode(args: readonly string[], draft: string): Promise<void> {
  const env = {
    ...withoutDeployment(process.env),
    NO_COLOR: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_LOG_PATH: join(draft, 'log'),
  };
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: PROJECT_DIR, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done();
      else fail(new Error(`building the worker failed (${basename(args[0] ?? '')}):\n${complaint(said.join(''))}`));
    });
  });
}

/** Wrangler's own variables are for deploys: `CLOUDFLARE_ENV`, say, would choose another part of the configuration. */
function withoutDeployment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(CLOUDFLARE|WRANGLER)_/.test(name)));
}

/** Without the line that names a log file in the draft, which is gone by the time that anybody reads it. */
function complaint(said: string): string {
  return stripVTControlCharacters(said)
    .replace(/^.*Logs were written to.*$/gm, '')
    .replace(/\s*\n\s*\n/g, '\n')
    .trim();
}

/** A hash over everything that goes into the bundle and its configuration. */
function contentKey(): string {
  const hash = createHash('sha256');
  const sources = listFiles(join(PROJECT_DIR, 'src'), (path) => NOT_BUNDLED.has(path));
  const others = ['wrangler.toml', 'package-lock.json', 'tsconfig.base.json', 'tools/support/plan.ts'];
  const migrations = listFiles(join(PROJECT_DIR, 'migrations'), () => false);
  for (const path of [...sources, ...migrations, ...others.map((name) => join(PROJECT_DIR, name))]) {
    if (existsSync(path)) hash.update(`${path}\0${statSync(path).size}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 24);
}

function listFiles(folder: string, skip: (path: string) => boolean, below = ''): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (skip(path)) return [];
      const full = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(full, skip, path) : [full];
    });
}

function prune(): void {
  const entries = readdirSync(CACHE_DIR)
    .filter((name) => !name.startsWith('.'))
    .map((name) => ({ path: join(CACHE_DIR, name), changedMs: statSync(join(CACHE_DIR, name)).mtimeMs }))
    .sort((a, b) => b.changedMs - a.changedMs);
  for (const { path } of entries.slice(CACHE_KEEP)) rmSync(path, { recursive: true, force: true });
}
