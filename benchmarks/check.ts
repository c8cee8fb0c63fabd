import type { Output, Session } from './engines/engine.ts';

const ABSOLUTE = 1e-4;
const RELATIVE = 1e-3;

/** Runs a session once. Throws where its outputs are not those of the reference: |a − b| ≤ 1e-4 + 1e-3·|b|. */
export async function checkSession(session: Session, expected: readonly Output[]): Promise<void> {
  session.prepare?.();
  const difference = findDifference(await session.run(), expected);
  if (difference !== undefined) throw new Error(`wrong answer: ${difference}`);
}

function findDifference(actual: readonly Output[], expected: readonly Output[]): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} outputs instead of ${expected.length}`;
  const differences = expected.map((tensor, index) => differenceOf(actual[index], tensor, index));
  return differences.find((difference) => difference !== undefined);
}

function differenceOf(actual: Output | undefined, expected: Output, index: number): string | undefined {
  if (actual?.shape.join() !== expected.shape.join()) {
    return `output ${index} has shape [${actual?.shape}] instead of [${expected.shape}]`;
  }
  const at = expected.data.findIndex((value, i) => !isClose(Number(actual.data[i]), Number(value)));
  return at < 0 ? undefined : `output ${index} at ${at}: ${actual.data[at]} instead of ${expected.data[at]}`;
}

const isClose = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.abs(b);
