import { existsSync, readFileSync } from 'node:fs';
import { drawBars } from '../report/charts.ts';
import type { Report } from '../report/results.ts';
import { goalTables } from '../tuning/goal-tables.ts';
import { type Goal, type GoalOptions, goals, type TuningResults } from '../tuning/goals.ts';
import type { SearchTrials } from '../tuning/replay.ts';

const METHOD = [
  'Models, tuned: as `tilewright tune --time` does it, from an empty database, on all cores, until its time is over or no task has brought anything more for some rounds; then the artifacts by default schedules and by records, one thread each, in turns in one process after answers were checked, the median of three rounds of turns.',
  'Candidates a second: tuning of the kernels of MobileNetV2 that take less than 1 ms by default, from when all tasks have been opened and their default schedules measured until its end.',
  'Compiling: in turns in one process, the median of seven; the database is a SQLite file, which is opened and closed each time. Nothing is measured.',
  'Never tuned: the other model and the model itself are tuned for the same time, each from an empty database. Share: of the gain that its own tuning gives.',
  'Trials: every schedule of some layers that the prior was not trained on is measured once (but for what only threads are concerned with); then searches of 20 seeds get those times. Counted until one within 5 % of the best is measured. The default schedule, which is the first for every strategy, does not count; no search proposes a schedule twice.',
  'Rank 4: with a database that knows nothing, where each kernel gets what the prior takes for the best of 32 random schedules if that is predicted to be 1.2 times as fast as the default. `compile --db` does not do this.',
];

const page = new URL('../results/tuning.json', import.meta.url);

/** Goals of tuning, all or those named; results of the others are kept from the last time that they were measured. */
export async function measureTuning(names: readonly string[], options: GoalOptions): Promise<Report> {
  const all = Object.keys(goals) as readonly Goal[];
  const unknown = names.filter((name) => !all.includes(name as Goal));
  if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  const results: { -readonly [G in Goal]?: TuningResults[G] } = { ...readResults() };
  for (const goal of all.filter((name) => names.length === 0 || names.includes(name)))
    Object.assign(results, { [goal]: await goals[goal](options) });
  return {
    name: 'tuning',
    title: 'Tuning against its goals',
    method: METHOD,
    tables: goalTables(results),
    charts: results.search === undefined ? {} : { 'tuning.svg': await drawTrials(results.search) },
    data: results,
  };
}

function readResults(): Partial<TuningResults> {
  if (!existsSync(page)) return {};
  return (JSON.parse(readFileSync(page, 'utf8')) as { readonly data: Partial<TuningResults> }).data;
}

const drawTrials = (search: readonly SearchTrials[]): Promise<string> =>
  drawBars(
    search.flatMap(({ task, random, learned, prior }) => [
      { group: task, line: 'random', value: random },
      { group: task, line: 'cost model without prior', value: learned },
      { group: task, line: 'cost model with prior', value: prior },
    ]),
    'Trials to within 5 % of the best schedule',
    'trials, mean of 20 seeds',
  );
