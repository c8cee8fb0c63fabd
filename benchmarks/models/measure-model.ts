import { importOnnx } from '../../compiler/index.ts';
import { checkSession } from '../check.ts';
import { type Cost, costOf } from '../cost.ts';
import type { Engine, Session } from '../engines/engine.ts';
import { measureInTurns, type Timing } from '../measure.ts';
import type { ModelCase } from './model-case.ts';

/** One model: a timing for each engine in their order, or why there is none. */
export interface ModelResult {
  readonly id: string;
  readonly cost: Cost | undefined;
  readonly timings: readonly Timing[];
  readonly problem: string | undefined;
}

/**
 * Opens a model in every engine and checks its answer before a single time is taken. Undefined where the model is
 * smaller than `leastFlops`.
 */
export async function measureModel(
  { id, load }: ModelCase,
  engines: readonly Engine[],
  leastFlops = 0,
): Promise<ModelResult | undefined> {
  const { outputs, ...workload } = await load();
  const shapes = Object.fromEntries(Object.entries(workload.inputs).map(([name, { shape }]) => [name, shape]));
  const sessions: Session[] = [];
  try {
    const cost = costOf(importOnnx(workload.model, { shapes }));
    if (cost.flops < leastFlops) return undefined;
    for (const engine of engines) {
      const session = await atEngine(engine, () => engine.open(workload));
      sessions.push(session);
      await atEngine(engine, () => checkSession(session, outputs));
    }
    return { id, cost, timings: await measureInTurns(sessions), problem: undefined };
  } catch (error) {
    return { id, cost: undefined, timings: [], problem: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const session of sessions) await session.dispose();
  }
}

async function atEngine<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${engine.name}: ${reason}`, { cause: error });
  }
}
