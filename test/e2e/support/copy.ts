// A fresh copy of the project, as a clone has it, beside the dependencies that are installed here.
import { cpSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PROJECT_DIR } from './command.ts';

const NOT_COPIED = ['node_modules', '.git', '.vicinal', '.wrangler', '.dev.vars', '.env'];

export function copyProject(to: string): void {
  cpSync(PROJECT_DIR, to, { recursive: true, filter: (path) => !NOT_COPIED.includes(relative(PROJECT_DIR, path)) });
  symlinkSync(join(PROJECT_DIR, 'node_modules'), join(to, 'node_modules'));
}
