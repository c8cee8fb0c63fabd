import { expect, test } from 'vitest';
import { chooseDefinitions } from '../../compiler/choose-definitions.ts';
import type { TensorFunc } from '../../ir/tensor/tensor-func.ts';
import type { Workload } from '../../schedules/space/search-space.ts';

const func: TensorFunc = { name: 'f', sizes: [], inputs: [], outputs: [], temps: [], body: { kind: 'seq', stmts: [] } };

/** Definitions by name, each with its cycles and bytes; the first is the preferred one. */
const workload = (definitions: Readonly<Record<string, readonly [cycles: number, bytes: number]>>): Workload => ({
  definitions: Object.entries(definitions).map(([name, [cycles, bytes]]) => ({ name, func, cost: { cycles, bytes } })),
  preferred: Object.keys(definitions)[0] ?? '',
});

const chosen = (workloads: readonly Workload[], budget: number): readonly string[] =>
  chooseDefinitions(workloads, budget).map(({ preferred }) => preferred);

const conv = workload({ plain: [100, 10], small: [60, 18], large: [40, 40] });

test('without a budget the preferred definitions stay', () => {
  expect(chosen([conv, conv], 0)).toEqual(['plain', 'plain']);
});

test('the budget goes to what saves most for a byte, step by step', () => {
  expect(chosen([conv, conv], 8)).toEqual(['small', 'plain']);
  expect(chosen([conv, conv], 16)).toEqual(['small', 'small']);
  expect(chosen([conv, conv], 40)).toEqual(['large', 'small']);
  expect(chosen([conv, workload({ plain: [1000, 10], small: [600, 18] })], 8)).toEqual(['plain', 'small']);
});

test('what saves little is not worth it, nor is what has no known cost', () => {
  expect(chosen([workload({ plain: [100, 10], other: [90, 11] })], 100)).toEqual(['plain']);
  const { definitions, preferred } = conv;
  const unknown = { definitions: definitions.map(({ name }) => ({ name, func })), preferred };
  expect(chosen([unknown], 100)).toEqual(['plain']);
});

test('what is left allows is kept, so that it can be tuned; what it does not is not a definition any more', () => {
  const kept = (workloads: readonly Workload[], budget: number): readonly (readonly string[])[] =>
    chooseDefinitions(workloads, budget).map(({ definitions }) => definitions.map(({ name }) => name));
  expect(kept([conv, conv], 8)).toEqual([['plain', 'small'], ['plain']]);
  expect(kept([conv, conv], 40)).toEqual([
    ['plain', 'small', 'large'],
    ['plain', 'small'],
  ]);
  const slow = workload({ plain: [100, 10], other: [90, 11] });
  expect(kept([slow], 0)).toEqual([['plain']]);
  expect(kept([slow], 1)).toEqual([['plain', 'other']]);
});
