// Command-line arguments, told once as data: parsing, checks, defaults and the usage text all come from it.
// Every command of the project goes through `runCommand`, so that errors, `--help` and exit codes are alike.
import { parseArgs } from 'node:util';
import { STOPPED_CODE, StoppedError } from './stop.ts';

interface OptionBase {
  /** What the option is for, in a few words, for the usage text. */
  readonly help: string;
  /** How the value is called in the usage text, for example `PORT`. */
  readonly value?: string;
  readonly short?: string;
  readonly required?: boolean;
}
export interface TextOption extends OptionBase {
  readonly type: 'text';
  readonly default?: string;
  readonly oneOf?: readonly string[];
}
export interface NumberOption extends OptionBase {
  readonly type: 'integer' | 'number';
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}
export interface FlagOption extends OptionBase {
  readonly type: 'flag';
}
export type OptionSpec = TextOption | NumberOption | FlagOption;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface CommandSpec<Specs extends OptionSpecs> {
  /** As a user types it, for example `npm start --`. */
  readonly name: string;
  readonly summary: string;
  readonly options: Specs;
  /** A service goes on when nobody reads what it prints (`npm start | head -1`); any other command ends then. */
  readonly outlivesReader?: boolean;
  /** Names of positional arguments, in order; one that ends in `?` may be left out, in `...` may be repeated. */
  readonly positionals?: readonly string[];
}

type BareValue<Spec extends OptionSpec> = Spec extends FlagOption
  ? boolean
  : Spec extends NumberOption
    ? number
    : Spec extends { readonly oneOf: readonly (infer Choice)[] }
      ? Choice
      : string;
type OptionValue<Spec extends OptionSpec> = Spec extends FlagOption
  ? boolean
  : Spec extends { readonly required: true } | { readonly default: string | number }
    ? BareValue<Spec>
    : BareValue<Spec> | undefined;
export type OptionValues<Specs extends OptionSpecs> = { readonly [Name in keyof Specs]: OptionValue<Specs[Name]> };

export interface ParsedCommand<Specs extends OptionSpecs> {
  readonly options: OptionValues<Specs>;
  readonly positionals: readonly string[];
}

/** What the user typed cannot be understood: the command exits 2 with this message and its usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parses `argv` (without node and script). Throws UsageError; returns `help` when `--help` or `-h` was given. */
export function parseCommand<const Specs extends OptionSpecs>(
  spec: CommandSpec<Specs>,
  argv: readonly string[],
): ParsedCommand<Specs> | 'help' {
  const { values, positionals } = readTokens(spec, argv);
  if (values['help'] === true) return 'help';
  const options: Record<string, string | number | boolean | undefined> = {};
  for (const [name, option] of Object.entries(spec.options)) options[name] = readOption(name, option, values[name]);
  checkPositionals(spec.positionals ?? [], positionals);
  return { options: options as OptionValues<Specs>, positionals };
}

export function usageOf<const Specs extends OptionSpecs>(spec: CommandSpec<Specs>): string {
  const entries: readonly (readonly [string, OptionSpec])[] = Object.entries(spec.options);
  const required = entries
    .filter(([, option]) => option.required === true)
    .map(([name, option]) => flagOf(name, option));
  const positionals = (spec.positionals ?? []).map((name) =>
    name.endsWith('?') ? `[${name.slice(0, -1).toUpperCase()}]` : name.toUpperCase(),
  );
  const head = ['Usage:', spec.name, ...positionals, ...required, '[options]'].join(' ');
  const rows: readonly (readonly [string, string])[] = [
    ...entries.map(([name, option]) => [leadOf(name, option), option.help + noteOf(option)] as const),
    ['-h, --help', 'print this text'],
  ];
  const width = Math.max(...rows.map(([lead]) => lead.length));
  return [head, '', spec.summary, '', ...rows.map(([lead, help]) => `  ${lead.padEnd(width)}  ${help}`), ''].join('\n');
}

/**
 * Runs a command with the arguments of this process, or those of a sub-command, and sets its exit code: what `main` returns (0 if nothing),
 * 0 after `--help`, 2 for a UsageError, 130 for a StoppedError, 1 for any other error, whose message goes to stderr. A reader that
 * closes its pipe ends the command, silently.
 */
export async function runCommand<const Specs extends OptionSpecs>(
  spec: CommandSpec<Specs>,
  main: (
    options: OptionValues<Specs>,
    positionals: readonly string[],
  ) => Promise<number | undefined> | number | undefined,
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', spec.outlivesReader ? () => {} : endUnread);
  try {
    const parsed = parseCommand(spec, argv);
    if (parsed === 'help') {
      process.stdout.write(usageOf(spec));
      return;
    }
    process.exitCode = (await main(parsed.options, parsed.positionals)) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usageOf(spec)}`);
      process.exitCode = 2;
      return;
    }
    const trace = process.env['VICINAL_DEBUG'] !== undefined && error instanceof Error ? error.stack : undefined;
    process.stderr.write(`${trace ?? messageOf(error)}\n`);
    process.exitCode = error instanceof StoppedError ? STOPPED_CODE : 1;
  }
}

let isUnread = false;

function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (isUnread) return;
  isUnread = true;
  // Whoever has something to end in order is asked to.
  if (process.listenerCount('SIGTERM') === 0) process.exit();
  process.emit('SIGTERM', 'SIGTERM');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readTokens<Specs extends OptionSpecs>(spec: CommandSpec<Specs>, argv: readonly string[]) {
  const entries: readonly (readonly [string, OptionSpec])[] = Object.entries(spec.options);
  const options = Object.fromEntries(
    entries.map(([name, option]) => [
      name,
      {
        type: option.type === 'flag' ? ('boolean' as const) : ('string' as const),
        ...(option.short === undefined ? {} : { short: option.short }),
      },
    ]),
  );
  try {
    return parseArgs({
      args: joinNegativeNumbers(argv, spec.options),
      options: { ...options, help: { type: 'boolean' as const, short: 'h' } },
      allowPositionals: (spec.positionals ?? []).length > 0,
      strict: true,
    }) as { readonly values: Readonly<Record<string, string | boolean | undefined>>; readonly positionals: string[] };
  } catch (error) {
    throw new UsageError(firstSentence(messageOf(error)));
  }
}

/** parseArgs takes `--lng -122` for two options; we know which options are numbers, so we join them. */
function joinNegativeNumbers(argv: readonly string[], specs: OptionSpecs): string[] {
  const joined: string[] = [];
  for (const word of argv) {
    const before = joined.at(-1);
    const spec = before?.startsWith('--') === true ? specs[before.slice(2)] : undefined;
    const numeric = spec?.type === 'integer' || spec?.type === 'number';
    if (numeric && /^-[\d.]/.test(word)) joined[joined.length - 1] = `${before}=${word}`;
    else joined.push(word);
  }
  return joined;
}

function readOption(
  name: string,
  option: OptionSpec,
  raw: string | boolean | undefined,
): string | number | boolean | undefined {
  if (option.type === 'flag') return raw === true;
  if (raw === undefined) {
    if (option.required === true) throw new UsageError(`--${name} is required`);
    return option.default;
  }
  const text = String(raw);
  if (option.type === 'text') {
    if (text === '') throw new UsageError(`--${name} must not be empty`);
    if (option.oneOf !== undefined && !option.oneOf.includes(text))
      throw new UsageError(`--${name} must be one of ${option.oneOf.join(', ')}, not "${text}"`);
    return text;
  }
  const number = numberOf(text);
  const whole = option.type === 'integer';
  if (!Number.isFinite(number) || (whole && !Number.isSafeInteger(number)))
    throw new UsageError(`--${name} must be ${whole ? 'a whole number' : 'a number'}, not "${text}"`);
  if (number < (option.min ?? -Infinity) || number > (option.max ?? Infinity))
    throw new UsageError(`--${name} must be ${rangeOf(option)}, not ${text}`);
  return number;
}

/** Decimal; `Number` alone would take `0x10` and an empty text. NaN for anything else. */
export function numberOf(text: string): number {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
}

function checkPositionals(names: readonly string[], given: readonly string[]): void {
  const required = names.filter((name) => !name.endsWith('?') && !name.endsWith('...'));
  const missing = required[given.length];
  if (missing !== undefined) throw new UsageError(`${missing.toUpperCase()} is required`);
  const open = names.some((name) => name.endsWith('...'));
  const extra = given[names.length];
  if (extra !== undefined && !open) throw new UsageError(`unexpected argument "${extra}"`);
}

function flagOf(name: string, option: OptionSpec): string {
  return option.type === 'flag' ? `--${name}` : `--${name} ${option.value ?? name.toUpperCase()}`;
}

function leadOf(name: string, option: OptionSpec): string {
  return option.short === undefined ? `    ${flagOf(name, option)}` : `-${option.short}, ${flagOf(name, option)}`;
}

function noteOf(option: OptionSpec): string {
  const notes: string[] = [];
  if (option.type === 'text' && option.oneOf !== undefined) notes.push(`one of ${option.oneOf.join(', ')}`);
  if (option.required === true) notes.push('required');
  if (option.type !== 'flag' && option.default !== undefined) notes.push(`default ${option.default}`);
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

function rangeOf(option: NumberOption): string {
  if (option.min === undefined) return `at most ${option.max}`;
  if (option.max === undefined) return `at least ${option.min}`;
  return `from ${option.min} to ${option.max}`;
}

function firstSentence(message: string): string {
  return message.split(/\.\s|\n/)[0] ?? message;
}
