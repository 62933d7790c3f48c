// A question on its way to other cells.
import type { Point } from '../geo/point.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';

/** What a question needs, as other cells see it. */
export type Need = {
  readonly questionId: QuestionId;
  /** Rises whenever the question needs something else: of two needs of one question the older loses. */
  readonly version?: number;
  readonly asker: UserId;
  readonly point: Point;
  readonly radiusM: number;
  readonly topic?: string;
  readonly languages: readonly string[];
  /** Users who are not to be tried: offered before, or just refused. */
  readonly excluded: readonly UserId[];
};
