// The command-line parser: values, defaults, refusals and the usage text.
import { describe, expect, it } from 'vitest';
import {
  type CommandSpec,
  type OptionSpecs,
  parseCommand,
  UsageError,
  usageOf,
} from '../../../../tools/support/args.ts';

const SPEC = {
  name: 'npm run walk --',
  summary: 'Walks somewhere.',
  options: {
    lng: { type: 'number', value: 'DEGREES', help: 'where to', min: -180, max: 180, required: true },
    steps: { type: 'integer', help: 'how many', min: 1, default: 10 },
    gait: { type: 'text', help: 'how', oneOf: ['slow', 'fast'] },
    dry: { type: 'flag', short: 'n', help: 'only say it' },
  },
  positionals: ['from', 'to?'],
} as const satisfies CommandSpec<OptionSpecs>;

const parse = (...argv: readonly string[]) => parseCommand(SPEC, argv);

describe('parseCommand', () => {
  it('reads every kind, fills defaults and leaves out what was not said', () => {
    expect(parse('home', '--lng', '1.5', '-n')).toEqual({
      options: { lng: 1.5, steps: 10, gait: undefined, dry: true },
      positionals: ['home'],
    });
    expect(parse('--lng=2', 'home', 'work', '--gait', 'fast', '--steps', '3')).toMatchObject({
      options: { lng: 2, steps: 3, gait: 'fast', dry: false },
      positionals: ['home', 'work'],
    });
  });

  it('takes a negative number as a value, not as an option', () => {
    expect(parse('home', '--lng', '-122.4')).toMatchObject({ options: { lng: -122.4 } });
  });

  it.each(['--help', '-h'])('says help for %s even when something required is missing', (flag) => {
    expect(parse(flag)).toBe('help');
  });

  it.each([
    [['home'], '--lng is required'],
    [['home', '--lng', '181'], '--lng must be from -180 to 180, not 181'],
    [['home', '--lng', 'east'], '--lng must be a number, not "east"'],
    [['home', '--lng', ' '], '--lng must be a number, not " "'],
    [['home', '--lng', '1', '--steps', '1.5'], '--steps must be a whole number, not "1.5"'],
    [['home', '--lng', '1', '--steps', '0'], '--steps must be at least 1, not 0'],
    [['home', '--lng', '1', '--gait', 'odd'], '--gait must be one of slow, fast, not "odd"'],
    [['home', '--lng', '1', '--dry=yes'], "Option '-n, --dry' does not take an argument"],
    [['--lng', '1'], 'FROM is required'],
    [['a', 'b', 'c', '--lng', '1'], 'unexpected argument "c"'],
    [['home', '--lng', '1', '--wat'], "Unknown option '--wat'"],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(message);
  });
});

describe('usageOf', () => {
  it('shows the line to type, every option, its limits and its default', () => {
    expect(usageOf(SPEC)).toBe(
      [
        'Usage: npm run walk -- FROM [TO] --lng DEGREES [options]',
        '',
        'Walks somewhere.',
        '',
        '      --lng DEGREES  where to (required)',
        '      --steps STEPS  how many (default 10)',
        '      --gait GAIT    how (one of slow, fast)',
        '  -n, --dry          only say it',
        '  -h, --help         print this text',
        '',
      ].join('\n'),
    );
  });
});
