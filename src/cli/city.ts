// `npm run city`: plans, adds, changes, draws and lists cities; each command is a file of city/.
import { add } from './city/add.ts';
import { merge, split } from './city/divide.ts';
import { audit, list } from './city/list.ts';
import { CITY_COMMAND } from './city/options.ts';
import { plan } from './city/plan.ts';
import { remove } from './city/remove.ts';
import { set } from './city/set.ts';
import { show } from './city/show.ts';
import { runCommand, UsageError } from './support/args.ts';

await runCommand(CITY_COMMAND, async (options, [command, ...subjects]) => {
  const [subject, extra] = subjects;
  if (command !== 'add' && command !== 'plan' && extra !== undefined) {
    throw new UsageError(`unexpected argument "${extra}"`);
  }
  switch (command) {
    case 'add':
      return add(options, subjects);
    case 'plan':
      return plan(options, subjects);
    case 'set':
      return set(options, subject ?? options.id);
    case 'show':
      return show(options, subject ?? options.id);
    case 'remove':
      return remove(options, subject ?? options.id);
    case 'split':
      return split(options, subject);
    case 'merge':
      return merge(options, subject);
    case 'list':
      return list(options);
    case 'audit':
      return audit(options, subject ?? options.id);
    default:
      throw new UsageError(
        `unknown command "${command}": use add, plan, set, show, remove, split, merge, list or audit`,
      );
  }
});
