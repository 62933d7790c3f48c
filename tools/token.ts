// `npm run token`: prints a token for the local service, and nothing else.
import { runCommand, UsageError } from './support/args.ts';
import { DEFAULT_DATA_DIR, openDataDir } from './support/data-dir.ts';
import { readOrMakeSecret } from './support/secret.ts';
import { DEFAULT_TTL_S, SCOPES, signToken } from './support/token.ts';

const TTL_MAX_S = 366 * 24 * 3600;

await runCommand(
  {
    name: 'npm run --silent token --',
    summary: 'Prints a token for the local service, signed with the secret of its data directory.',
    options: {
      sub: { type: 'text', value: 'USER', help: 'the user id that the token speaks for', required: true },
      scope: { type: 'text', value: 'SCOPE', help: 'what it may do', oneOf: SCOPES, default: 'user' },
      ttl: {
        type: 'integer',
        value: 'SECONDS',
        help: 'how long it is good for',
        default: DEFAULT_TTL_S,
        min: 1,
        max: TTL_MAX_S,
      },
      data: { type: 'text', value: 'DIR', help: 'data directory of the service', default: DEFAULT_DATA_DIR },
    },
  },
  async ({ sub, scope, ttl, data }) => {
    if (sub.trim() !== sub) throw new UsageError('--sub must not begin or end with a space');
    const secret = readOrMakeSecret(openDataDir(data));
    process.stdout.write(`${await signToken({ sub, scope, secret, ttlS: ttl })}\n`);
    return 0;
  },
);
