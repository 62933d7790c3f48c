// What a refusal of the service means at a command line: in words, and with the next step as a command.
import { type FieldError, PROBLEMS, type ProblemCode } from '../../src/protocol/problems.ts';
import { ApiError, type ApiResponse } from '../support/http.ts';
import { wordsOf } from './request.ts';

export type NextSteps = Partial<Readonly<Record<ProblemCode, string>>>;

const NEXT: NextSteps = {
  unknown_city: 'npm run city -- list says which cities there are',
  unknown_cell: 'npm run city -- show ID draws the cells of a city',
  cell_changing:
    'try again when that is done, which takes seconds; npm run city -- show ID draws the cells of its city',
  not_mergeable: 'name the cell above 32 leaves of one city; npm run city -- show ID draws the cells of a city',
  siblings_hot: 'wait until they carry less than one cell is to carry; npm run status says what each carries',
  no_cell_left: 'npm run city -- show ID draws the cells of one that has them',
  city_draining:
    'npm run city -- keep ID takes its removal back; or npm run city -- remove ID waits until it is gone, and then add it again',
  changed_meanwhile: 'others are changing it too: try again',
  forbidden_scope: 'give a token with the scope ops: --token',
};

/** An error that keeps the status and code, and prints every field that was refused. */
export function refusalOf(request: string, answer: ApiResponse, url: string): ApiError {
  const error = new ApiError(request, answer);
  if (error.code === undefined) return error;
  error.message = inWords(error);
  if (error.code === 'token_signature') {
    error.message = `${error.message}\nthe service at ${url} has another secret: name its directory with --data, or give a --token`;
  }
  return error;
}

/** `next` says what is to be done after a refusal of this command, where it is not what others do. */
export function inWords({ code, body }: ApiError, next: NextSteps = {}): string {
  const known = code as ProblemCode;
  const { detail, errors } = (body ?? {}) as { readonly detail?: string; readonly errors?: readonly FieldError[] };
  if (errors !== undefined) return wordsOf({ code: known, errors });
  const { title, advice } = PROBLEMS[known] ?? { title: undefined, advice: undefined };
  // The service advises clients of its API where it has nothing to say of the case.
  const what = detail === undefined || detail === advice ? (title ?? detail) : detail;
  const step = next[known] ?? NEXT[known];
  return `${code}: ${what}${step === undefined ? '' : `\n${step}`}`;
}
