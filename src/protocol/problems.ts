// Every way to be refused: stable code, HTTP status, and what the reader should do next (RFC 9457).

type Kind = { readonly status: number; readonly title: string; readonly advice: string };

export const PROBLEMS = {
  bad_json: { status: 400, title: 'The body is not JSON', advice: 'Send a JSON object, encoded as UTF-8.' },
  bad_content_type: {
    status: 415,
    title: 'The content type is not accepted',
    advice: 'Send Content-Type: application/json.',
  },
  body_broken: {
    status: 400,
    title: 'The body is incomplete',
    advice: 'Send as many bytes as Content-Length says, or well-formed chunks.',
  },
  bad_content_encoding: {
    status: 415,
    title: 'The content encoding is not accepted',
    advice: 'Send the body as it is, without Content-Encoding.',
  },
  body_too_large: { status: 413, title: 'The body is too large', advice: 'Send at most 64 KiB.' },
  bad_latitude: { status: 422, title: 'lat is not a latitude', advice: 'Send lat as a number from -90 to 90.' },
  bad_longitude: { status: 422, title: 'lng is not a longitude', advice: 'Send lng as a number from -180 to 180.' },
  bad_field: {
    status: 422,
    title: 'A field has an invalid value',
    advice: 'See errors for the field and the values it accepts.',
  },
  missing_field: { status: 422, title: 'A field is missing', advice: 'See errors for the field; add it.' },
  unknown_field: {
    status: 422,
    title: 'A field is unknown',
    advice: 'See errors for the field; remove it or fix its name.',
  },
  text_too_long: { status: 422, title: 'The text is too long', advice: 'Send at most 2,000 characters.' },
  too_large: {
    status: 422,
    title: 'The question and its answers are too large to be stored together',
    advice: 'Use fewer words, or ask a separate question.',
  },
  bad_query: {
    status: 422,
    title: 'A query parameter has an invalid value',
    advice: 'See errors for the parameter and the values it accepts.',
  },
  bad_header: {
    status: 400,
    title: 'A header has an invalid value',
    advice: 'See detail for the header and the values it accepts.',
  },
  unauthorized: { status: 401, title: 'A token is required', advice: 'Send Authorization: Bearer <token>.' },
  token_malformed: { status: 401, title: 'The token is not a signed JWT', advice: 'Ask your issuer for a new token.' },
  token_expired: { status: 401, title: 'The token has expired', advice: 'Ask your issuer for a new token.' },
  token_no_expiry: {
    status: 401,
    title: 'The token has no expiry',
    advice: 'Ask your issuer for tokens that carry exp.',
  },
  token_other: {
    status: 403,
    title: 'The token is for somebody else, or for another scope',
    advice: 'Send a token of the same subject and scope, or open a socket of its own.',
  },
  too_many_sockets: {
    status: 409,
    title: 'This user has opened too many sockets',
    advice: 'Keep one for each device; the oldest is closed for the newest.',
  },
  token_signature: {
    status: 401,
    title: 'The token was not signed with the key of this service',
    advice: 'Use a token from the issuer that this service trusts.',
  },
  token_algorithm: {
    status: 401,
    title: 'The token was signed with an algorithm that is not accepted',
    advice: 'Sign with the algorithm that this service is set up for.',
  },
  token_not_yet_valid: {
    status: 401,
    title: 'The token is not valid yet',
    advice: 'Wait until its nbf and iat have come, or set the clock of your issuer.',
  },
  token_claims: {
    status: 401,
    title: 'A time in the token is not a number',
    advice: 'exp, nbf and iat must be numbers of seconds since 1970.',
  },
  token_subject: {
    status: 401,
    title: 'The token has no valid subject',
    advice: 'sub must be a string of 1 to 255 characters.',
  },
  token_scope: {
    status: 401,
    title: 'The token lacks a valid scope',
    advice: 'scope must name one of user, service, ops.',
  },
  forbidden_scope: {
    status: 403,
    title: 'The token has the wrong scope',
    advice: 'Use a token with the scope that detail names.',
  },
  forbidden_origin: {
    status: 403,
    title: 'This origin is not allowed to connect',
    advice: 'Ask the operator to add the origin to CORS_ORIGINS.',
  },
  not_found: { status: 404, title: 'Unknown path', advice: 'See detail for the paths.' },
  method_not_allowed: {
    status: 405,
    title: 'The path does not support this method',
    advice: 'See the Allow header for the methods it supports.',
  },
  unknown_question: {
    status: 404,
    title: 'You have no such question',
    advice: 'Check the id and the token; ended questions are kept for a day.',
  },
  question_lost: {
    status: 410,
    title: 'The stored question can no longer be read',
    advice: 'Ask it again. The operator can see what is left with npm run cell -- inspect ID.',
  },
  unknown_offer: {
    status: 404,
    title: 'You have no such offer',
    advice: 'See GET /v1/offers for your live offers.',
  },
  unknown_city: { status: 404, title: 'Unknown city', advice: 'See GET /v1/ops/cities for the cities.' },
  unknown_cell: { status: 404, title: 'Unknown cell', advice: 'See GET /v1/ops/cells?city= for the cells.' },
  out_of_coverage: {
    status: 404,
    title: 'The point is outside every city',
    advice: 'See nearestCity for the nearest city that is covered.',
  },
  cell_changing: {
    status: 409,
    title: 'The cell is being filled, split or merged',
    advice: 'See GET /v1/ops/cells?city= for its state; try again when it is a leaf.',
  },
  cell_smallest: {
    status: 422,
    title: 'The cell cannot be split any further',
    advice: 'See detail; a cell is never smaller than the privacy grid or than 7 characters.',
  },
  not_mergeable: {
    status: 409,
    title: 'These cells cannot be merged',
    advice: 'See detail; name the parent of 32 leaves of one city.',
  },
  siblings_hot: {
    status: 409,
    title: 'Merged, these cells would carry too much',
    advice: 'Wait until together they carry less than one cell may; see used in GET /v1/ops/cells?city=.',
  },
  no_presence: {
    status: 409,
    title: 'You are not present anywhere',
    advice: 'Send PUT /v1/presence first, or give lat and lng.',
  },
  offer_gone: {
    status: 409,
    title: 'The offer is gone',
    advice: 'It expired, was withdrawn, or enough others accepted; wait for the next one.',
  },
  offer_declined: {
    status: 409,
    title: 'You have declined this offer',
    advice: 'A decline is final. Wait for the next offer.',
  },
  offer_accepted: { status: 409, title: 'You have accepted this offer', advice: 'An accept is final. Answer it.' },
  offer_answered: { status: 409, title: 'You have answered this offer', advice: 'There is nothing more to do.' },
  offer_not_accepted: {
    status: 409,
    title: 'The offer was not accepted',
    advice: 'Accept the offer before you answer it.',
  },
  question_ended: { status: 409, title: 'The question has ended', advice: 'Ask a new one.' },
  key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used with another body',
    advice: 'Use a new key for a new question.',
  },
  stale_ping: {
    status: 409,
    title: 'A newer ping or leave has already been processed',
    advice: 'It changed nothing. Send pings with a rising seq.',
  },
  erased: { status: 410, title: 'This user was erased', advice: 'Nothing about this user is stored any more.' },
  bad_frame: {
    status: 400,
    title: 'The frame is not a JSON object',
    advice: 'Send text frames, each one a JSON object with a known t.',
  },
  binary_frame: { status: 400, title: 'Binary frames are not accepted', advice: 'Send text frames.' },
  upgrade_required: {
    status: 426,
    title: 'This path speaks WebSocket',
    advice: 'Connect with a WebSocket and the subprotocol vicinal.v1.',
  },
  too_many_questions: {
    status: 429,
    title: 'You have too many open questions',
    advice: 'Cancel one or wait until one ends; limit and most name the limit.',
  },
  inbox_full: {
    status: 429,
    title: 'Your inbox is full',
    advice: 'Acknowledge your events (POST /v1/events/ack), then ask again.',
  },
  unknown_call: {
    status: 400,
    title: 'The object does not support this call',
    advice: 'Caller and object run different versions. Try again when the deployment has finished.',
  },
  bad_boundary: {
    status: 422,
    title: 'The boundary cannot be used',
    advice:
      'See detail; send a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection in WGS 84, longitude first.',
  },
  too_many_cells: {
    status: 422,
    title: 'The boundary needs too many cells',
    advice: 'Use a smaller precision or a smaller boundary.',
  },
  no_cell_left: {
    status: 409,
    title: 'All of this area belongs to other cities',
    advice:
      'See detail for their cells; cells belong to the city that had them first. Send another boundary, or remove the other city.',
  },
  city_draining: {
    status: 409,
    title: 'The city is being removed',
    advice: 'Wait until it is gone (GET it to check), then add it again.',
  },
  changed_meanwhile: {
    status: 409,
    title: 'The city was changed in the meantime',
    advice: 'Read the city again and send the change with its current version.',
  },
  bad_policy: {
    status: 422,
    title: 'The policy cannot be used',
    advice: 'See errors for the field and the values it accepts.',
  },
  busy: { status: 503, title: 'The service is overloaded here', advice: 'Try again after Retry-After seconds.' },
  storage_full: {
    status: 503,
    title: 'The disk of this service is full',
    advice: 'Reads still work. Try again after Retry-After seconds.',
  },
  unreadable: {
    status: 503,
    title: 'The stored data cannot be read',
    advice: 'The operator can inspect it with npm run cell -- inspect ID.',
  },
  internal: { status: 500, title: 'Internal error', advice: 'Try again. If it happens again, report the trace id.' },
} as const satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof PROBLEMS;

export type FieldError = { readonly field: string; readonly message: string };

/** A refusal as it passes between objects and the edge; the edge turns it into problem+json. */
export type Problem = {
  readonly t: 'problem';
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly retryAfterS?: number;
  readonly errors?: readonly FieldError[];
  /** Extension members of the problem document. */
  readonly more?: Readonly<Record<string, unknown>>;
};

export const problem = (code: ProblemCode, detail?: string): Problem =>
  detail === undefined ? { t: 'problem', code } : { t: 'problem', code, detail };

/** The end of an exhaustive switch over calls: a newer caller may know more of them, and must not bring the object down. */
export function unknownCall(request: never): Problem {
  const { t } = request as { readonly t?: unknown };
  return problem('unknown_call', `there is no call ${String(t)}`);
}

/** For a moment: the same again, a second later, will do. */
export const busy = (detail: string): Problem => ({ ...problem('busy', detail), retryAfterS: 1 });

export function isProblem(value: object): value is Problem {
  return 't' in value && value.t === 'problem';
}
