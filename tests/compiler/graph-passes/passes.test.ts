import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphPasses, optimizeGraph } from '../../../compiler/graph-passes/index.ts';
import { interpretGraph } from '../../../ir/graph/interpret.ts';
import { verifyGraph } from '../../../ir/graph/verify.ts';
import { arbitraryGraph } from '../../generators/graph.ts';

describe('graph passes on random programs', () => {
  const passes = new Map(graphPasses.map((pass) => [pass.name, pass]));

  test.each([...passes.keys()])('%s alone keeps the meaning', (name) => {
    const pass = passes.get(name);
    fc.assert(
      fc.property(arbitraryGraph(), ({ graph, inputs }) => {
        const before = interpretGraph(graph, inputs);
        const after = pass?.run(graph) ?? graph;
        verifyGraph(after);
        expect(interpretGraph(after, inputs)).toEqual(before);
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 60) },
    );
  });

  test('all of them in order keep the meaning, and are deterministic', () => {
    fc.assert(
      fc.property(arbitraryGraph({ maxSteps: 16 }), ({ graph, inputs }) => {
        const before = interpretGraph(graph, inputs);
        const after = optimizeGraph(graph, (_, stage) => verifyGraph(stage));
        expect(interpretGraph(after, inputs)).toEqual(before);
        expect(after.nodes.every((node) => node.op === 'fused')).toBe(true);
        expect(optimizeGraph(graph)).toEqual(after);
      }),
      { numRuns: Number(process.env['TILEWRIGHT_RUNS'] ?? 100) },
    );
  });
});
