import {
  asDecided,
  atRandom,
  byRule,
  type Decide,
  decisionsOf,
  openDecisionsOf,
  sampleCategorical,
} from '../../../schedules/decision.ts';
import type { Candidate, SearchSpace, Task } from '../../../schedules/search/search.ts';
import type { Choice, Step, Trace } from '../../../schedules/step.ts';

/** Asks for a decision as the rules of a space do; the first candidate is preferred where nothing else is said. */
export type Ask = <T extends Choice>(name: string, candidates: readonly T[], preferred?: T) => T;

/** What a schedule costs, and what is seen of it. */
export interface Synthetic {
  readonly ms: number;
  readonly features: readonly number[];
}

/** A space that is known through and through: a program that asks for decisions, and gives undefined for a discarded schedule. */
export interface SyntheticSpace extends SearchSpace {
  readonly msOf: (candidate: Candidate) => number;
}

export function syntheticSpace(schedule: (ask: Ask) => Synthetic | undefined): SyntheticSpace {
  const times = new Map<string, number>();
  const run = (decide: Decide): { readonly trace: Trace; readonly candidate?: Candidate } => {
    const trace: Step[] = [];
    const ask: Ask = (name, candidates, preferred) => {
      const [first] = candidates;
      if (first === undefined) throw new Error(`there is nothing to choose for ${name}`);
      const { value, steps } = sampleCategorical(name, candidates, preferred ?? first, decide);
      trace.push(...steps);
      return value;
    };
    const result = schedule(ask);
    if (result === undefined) return { trace };
    const decisions = decisionsOf(trace);
    const key = JSON.stringify([...decisions]);
    times.set(key, result.ms);
    return { trace, candidate: { key, decisions, trace, features: result.features } };
  };
  const preferred = run(byRule).candidate;
  if (preferred === undefined) throw new Error('the default schedule is legal');
  return {
    preferred,
    sample: (random) => run(atRandom(random)).candidate,
    at: (decisions) => run(asDecided(decisions)).candidate,
    openDecisions: (decisions) => openDecisionsOf(run(asDecided(decisions)).trace),
    msOf: ({ key }) => times.get(key) ?? Number.NaN,
  };
}

export const syntheticTask = (name: string, space: SearchSpace, calls = 1): Task => ({
  name,
  workload: name,
  calls,
  space,
});

/** What loads cost against arithmetic, and the bytes of the nearest cache. */
export interface Engine {
  readonly load: number;
  readonly cache: number;
}

/** A matrix product on an engine with 16 registers, as a rough machine model sees it: some 3000 legal schedules. */
export const productSpace = (
  m: number,
  n: number,
  k: number,
  engine: Engine = { load: 0.7, cache: 32768 },
): SyntheticSpace =>
  syntheticSpace((ask) => {
    const definition = ask('definition', ['direct', 'packed', 'transformed']);
    // What is asked for depends on what was decided before.
    if (definition === 'transformed') return transformed(ask, m, n, k, engine);
    const vectors = ask('vectors', [1, 2, 3, 4], 2);
    const rows = ask(
      'rows',
      [1, 2, 3, 4, 5, 6, 8].filter((rows) => rows <= m),
      Math.min(2, m),
    );
    if (vectors * rows + vectors > 16) return undefined;
    const panel = definition === 'packed' ? ask('panel', [16, 32, 64, 128], 16) : k;
    const unrolled = ask('unrolled', [1, 2, 4, 8]);
    const order = ask('order', ['rows', 'columns']);
    const threads = ask('parallel', ['rows', 'columns', '']);
    const lanes = 4 * vectors;
    const tiles = Math.ceil(m / rows) * Math.ceil(n / lanes);
    const loads = (rows + vectors) / (rows * vectors);
    const footprint = 4 * panel * (lanes + rows);
    const strided = definition === 'direct' ? 1.25 : 1;
    const cache = footprint > engine.cache ? 1.5 : footprint < 4096 ? 1.15 : 1;
    const bytes = order === 'rows' ? m * k + (m / rows) * n * k : n * k + (n / lanes) * m * k;
    const code = rows * vectors * unrolled;
    const stall = 1 + 0.9 / (rows * vectors) + 0.25 / unrolled + (code > 64 ? (code - 64) / 160 : 0);
    const imbalance = threads === '' ? 1.1 : 1 + 2 / Math.ceil(threads === 'rows' ? m / rows : n / lanes);
    const work = tiles * rows * vectors * k;
    const cycles =
      work * (0.5 + engine.load * loads) * stall * strided * cache +
      0.02 * bytes +
      (panel < k ? (tiles * 60 * k) / panel : 0);
    const features = [
      definition === 'packed' ? 1 : 0,
      0,
      rows,
      vectors,
      rows * vectors,
      loads,
      Math.log2(footprint),
      Math.log2(bytes),
      unrolled,
      code,
      Math.log2(work),
      Math.log2((4 * m * n) / work + 1),
      order === 'rows' ? 1 : 0,
      imbalance,
      Math.log2(tiles),
      Math.log2(panel),
    ];
    return { ms: (cycles * imbalance) / 2e6, features };
  });

function transformed(ask: Ask, m: number, n: number, k: number, engine: Engine): Synthetic {
  const size = ask('size', [2, 4]);
  const block = ask('block', [4, 8, 16, 32, 64], 8);
  const fused = ask('fused', ['yes', 'no']);
  const growth = size === 2 ? 2 : 1.25;
  const footprint = 4 * block * (size + 2) ** 2 * 16;
  const transforms = (m * k + m * n) * (size === 2 ? 4 : 7) * (fused === 'yes' ? 0.6 : 1);
  const work = ((m * n * k) / 4) * growth;
  const cycles = work * (0.4 + engine.load + 4 / block) * (footprint > engine.cache ? 1.3 : 1) + transforms;
  const features = [
    0,
    1,
    0,
    0,
    0,
    4 / block,
    Math.log2(footprint),
    Math.log2(transforms),
    1,
    size,
    Math.log2(work),
    0,
    fused === 'yes' ? 1 : 0,
    1,
    0,
    Math.log2(block),
  ];
  return { ms: (cycles * 1.1) / 2e6, features };
}

/** Every schedule of a space, by the definition of a space alone: all choices of everything that comes to be asked. */
export function everyKey(schedule: (ask: Ask) => Synthetic | undefined): ReadonlySet<string> {
  const keys = new Set<string>();
  const visit = (made: readonly number[]): void => {
    let depth = 0;
    let width = 0;
    const decisions: [string, Choice][] = [];
    const result = schedule((name, candidates) => {
      if (depth === made.length) width = candidates.length;
      const value = candidates[made[depth++] ?? 0] as (typeof candidates)[number];
      if (candidates.length > 1) decisions.push([name, value]);
      return value;
    });
    if (depth > made.length) for (let i = 0; i < width; i++) visit([...made, i]);
    else if (result !== undefined) keys.add(JSON.stringify(decisions));
  };
  visit([]);
  return keys;
}
