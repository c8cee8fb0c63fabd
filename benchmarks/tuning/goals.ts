import { type Builds, timeBuilds } from './builds.ts';
import { measurePredictedBuilds, type PredictedBuild } from './predicted-builds.ts';
import { measureRate, type Rate } from './rate.ts';
import { replaySearches, type SearchTrials } from './replay.ts';
import { measureTransfer, type Transfer } from './transfer.ts';
import { type TunedModel, tuneWholeModels } from './whole-models.ts';

/** What is measured of tuning; each part by itself, at a time of its own. */
export interface TuningResults {
  readonly models: readonly TunedModel[];
  readonly rate: Rate;
  readonly builds: readonly Builds[];
  readonly transfer: readonly Transfer[];
  readonly search: readonly SearchTrials[];
  readonly predicted: readonly PredictedBuild[];
}

export interface GoalOptions {
  /** For `models`: of the long run that the short one is compared with, none if 0. For `search`: of measuring. */
  readonly minutes: number;
  /** Of tuning a model. */
  readonly seconds: number;
}

export type Goal = keyof TuningResults;

export const goals: { readonly [G in Goal]: (options: GoalOptions) => Promise<TuningResults[G]> } = {
  models: ({ seconds, minutes }) => tuneWholeModels(seconds, minutes),
  rate: ({ seconds }) => measureRate(seconds),
  builds: ({ seconds }) => timeBuilds(seconds),
  transfer: ({ seconds }) => measureTransfer(seconds),
  search: ({ minutes }) => replaySearches(minutes),
  predicted: () => measurePredictedBuilds(),
};
