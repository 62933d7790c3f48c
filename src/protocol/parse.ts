// Checks what came against a schema, and says what is wrong with it as a problem.
import * as v from 'valibot';
import { err, ok, type Result } from '../lib/result.ts';
import type { FieldError, Problem, ProblemCode } from './problems.ts';
import { type QuerySchema, TOO_LONG } from './wire.ts';

/** Checks a body or a frame. The problem's code is that of the first issue; `errors` has them all. */
export function parseBody<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): Result<v.InferOutput<Schema>, Problem> {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? ok(parsed.output) : err(problemOf(parsed.issues, bodyCode));
}

/**
 * Checks query parameters, given as texts. A bad one is `bad_query`, but for points, which have codes of their own. Unknown
 * ones (caches and trackers add theirs) are passed over unless `strict`.
 */
export function parseQuery<Schema extends QuerySchema>(
  schema: Schema,
  value: Readonly<Record<string, string>>,
  strict = false,
): Result<v.InferOutput<Schema>, Problem> {
  const known = Object.entries(value).filter(([name]) => strict || Object.hasOwn(schema.entries, name));
  const parsed = v.safeParse(schema, Object.fromEntries(known));
  return parsed.success ? ok(parsed.output) : err(problemOf(parsed.issues, queryCode));
}

type Issue = v.BaseIssue<unknown>;

function problemOf(issues: readonly [Issue, ...Issue[]], codeOf: (issue: Issue) => ProblemCode): Problem {
  const errors: readonly FieldError[] = issues
    .slice(0, 20)
    .map((issue) => ({ field: fieldOf(issue), message: issue.message }));
  const detail = errors.map(({ field, message }) => (field === '' ? message : `${field} ${message}`)).join('; ');
  return { t: 'problem', code: codeOf(issues[0]), detail, errors };
}

function bodyCode(issue: Issue): ProblemCode {
  const field = fieldOf(issue);
  if (field.startsWith('policy.')) return 'bad_policy';
  if (issue.type === 'strict_object' && issue.path !== undefined) {
    if (issue.expected === 'never') return 'unknown_field';
    // A field that holds something else than an object is wrong, not missing.
    if (issue.received === 'undefined') return 'missing_field';
  }
  if (field === 'lat') return 'bad_latitude';
  if (field === 'lng') return 'bad_longitude';
  if (field === 'boundary') return 'bad_boundary';
  if (field === 'policy') return 'bad_policy';
  return issue.message === TOO_LONG ? 'text_too_long' : 'bad_field';
}

function queryCode(issue: Issue): ProblemCode {
  const code = bodyCode(issue);
  return code === 'bad_latitude' || code === 'bad_longitude' ? code : 'bad_query';
}

function fieldOf(issue: Issue): string {
  return (issue.path ?? []).map((part) => String(part.key)).join('.');
}
