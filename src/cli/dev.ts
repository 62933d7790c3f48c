// `npm run dev`: wrangler's own development server, with the secret of the data directory (so that `npm run token` fits) and the
// migrations applied. Arguments are passed on. For working on the code, not for measuring.
import { spawn, spawnSync } from 'node:child_process';
import { DEFAULT_DATA_DIR, openDataDir } from './support/data-dir.ts';
import { readOrMakeSecret } from './support/secret.ts';

const secret = readOrMakeSecret(openDataDir(DEFAULT_DATA_DIR));
const migrated = spawnSync('wrangler', ['d1', 'migrations', 'apply', 'vicinal', '--local'], {
  env: { ...process.env, CI: '1' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (migrated.status !== 0) {
  console.error('The migrations could not be applied; see above.');
  process.exit(1);
}
const server = spawn('wrangler', ['dev', '--var', `JWT_SECRET:${secret}`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal));
server.on('exit', (code) => process.exit(code ?? 0));
