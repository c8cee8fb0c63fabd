// `npm run bench [-- MODEL …] [--all] [--models FOLDER]`: whole models, ours against onnxruntime-web.

import { parseArgs } from 'node:util';
import { findDifference } from './check.ts';
import type { Engine, Session } from './engines/engine.ts';
import { onnxruntimeWeb } from './engines/onnxruntime-web.ts';
import { tilewright } from './engines/tilewright.ts';
import { measureInTurns } from './measure.ts';
import { describeMethod, meanRatio, printTable, type Result, writeResults } from './report.ts';
import { type Case, modelsFolder, readCase, readIndex, SUITE } from './suite.ts';

const ENGINES: readonly Engine[] = [tilewright, onnxruntimeWeb];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false }, models: { type: 'string', default: modelsFolder() } },
});

const index = await readIndex(values.models);
const wanted = values.all ? index.map(({ id }) => id) : positionals.length > 0 ? positionals : SUITE;
const unknown = wanted.filter((id) => !index.some((entry) => entry.id === id));
if (unknown.length > 0) throw new Error(`${values.models} has no model ${unknown.join(', ')}`);

const results: Result[] = [];
for (const entry of index.filter(({ id }) => wanted.includes(id))) {
  process.stderr.write(`${entry.id} …\n`);
  results.push(await measure(await readCase(values.models, entry)));
}

const names = ENGINES.map(({ name }) => name);
const method = describeMethod();
console.log(printTable(names, results));
for (const [what, text] of Object.entries(method)) console.log(`${what}: ${text}`);
const file = await writeResults('models', { engines: names, geometricMean: meanRatio(results), results, ...method });
console.log(`written to ${file}`);
if (results.some(({ problem }) => problem !== undefined)) process.exitCode = 1;

/** Prepares every engine and checks its answer before a single time is taken. */
async function measure(given: Case): Promise<Result> {
  const { id, mmacs } = given;
  const sessions: Session[] = [];
  try {
    for (const engine of ENGINES) sessions.push(await prepare(engine, given));
    return { id, mmacs, timings: await measureInTurns(sessions), problem: undefined };
  } catch (error) {
    return { id, mmacs, timings: [], problem: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const session of sessions) await session.dispose();
  }
}

async function prepare(engine: Engine, given: Case): Promise<Session> {
  try {
    const session = await engine.prepare(given);
    const difference = findDifference(await session.run(), given.outputs);
    if (difference !== undefined) throw new Error(`wrong answer: ${difference}`);
    return session;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${engine.name}: ${reason}`, { cause: error });
  }
}
