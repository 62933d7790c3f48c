// `npm run city`: plans, adds, changes, draws and lists cities; each command is a file of city/.
import { add } from './city/add.ts';
import { merge, split } from './city/divide.ts';
import { audit, list } from './city/list.ts';
import { CITY_COMMAND, type CityOptions, subjectOf } from './city/options.ts';
import { plan } from './city/plan.ts';
import { keep, remove } from './city/remove.ts';
import { set } from './city/set.ts';
import { show } from './city/show.ts';
import { runCommand } from './support/args.ts';
import { UnreachableError } from './support/http.ts';

await runCommand(CITY_COMMAND, async (options, [command = '', ...subjects]) => {
  try {
    return await run(options, command, subjects);
  } catch (error) {
    if (error instanceof UnreachableError) {
      error.message += '\nnothing is half done: once the service answers again, the same command goes on';
    }
    throw error;
  }
});

function run(options: CityOptions, name: string, subjects: readonly string[]): Promise<number> {
  const { command, subject } = subjectOf(options, name, subjects);
  switch (command) {
    case 'add':
      return add(options, subjects);
    case 'plan':
      return plan(options, subjects);
    case 'set':
      return set(options, subject);
    case 'show':
      return show(options, subject);
    case 'remove':
      return remove(options, subject);
    case 'keep':
      return keep(options, subject);
    case 'split':
      return split(options, subject);
    case 'merge':
      return merge(options, subject);
    case 'list':
      return list(options);
    case 'audit':
      return audit(options, subject);
  }
}
