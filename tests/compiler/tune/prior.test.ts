import { describe, expect, test } from 'vitest';
import { shippedPrior } from '../../../compiler/tune/prior.ts';
import { tasksOf } from '../../../compiler/tune/tasks.ts';
import type { Graph } from '../../../ir/graph/graph.ts';
import { predict } from '../../../schedules/cost-model/forest.ts';
import { spearman, topRegret } from '../../../schedules/cost-model/ranking.ts';
import type { Choice } from '../../../schedules/step.ts';
import { wasmRelaxedSimd } from '../../../schedules/target/target.ts';
import { convLayer, denseLayer } from './graphs.ts';
import heldOut from './held-out.json' with { type: 'json' };

/** What was measured of layers that the prior was not trained on, as `tune` does it, on an x64 machine. */
const layers: readonly { readonly name: keyof typeof heldOut; readonly graph: Graph }[] = [
  { name: 'dense', graph: denseLayer([100, 120, 200]) },
  { name: 'few rows', graph: denseLayer([3, 400, 300]) },
  { name: 'conv', graph: convLayer(20, 24, 40) },
];

function rowsOf(name: keyof typeof heldOut, graph: Graph) {
  const [task] = tasksOf(graph, wasmRelaxedSimd);
  return heldOut[name].flatMap(({ decisions, ms }) => {
    const candidate = task?.space.at(new Map<string, Choice>(Object.entries(decisions)));
    return candidate === undefined ? [] : [{ features: candidate.features, ms }];
  });
}

describe('the prior that is shipped', () => {
  // Fails where features have changed and the prior has not: `npm run bench -- prior` trains it again.
  test('is one for the features of today', async () => {
    expect((await shippedPrior()).trees.length).toBeGreaterThan(10);
  });

  test.each(layers)('ranks the schedules of a layer that it was not trained on: $name', async ({ name, graph }) => {
    const rows = rowsOf(name, graph);
    expect(rows.length).toBeGreaterThan(20);
    const times = rows.map(({ ms }) => ms);
    const scores = predict(
      await shippedPrior(),
      rows.map(({ features }) => features),
    );
    expect(-spearman(scores, times)).toBeGreaterThan(0.6);
    expect(topRegret(scores, times, 8)).toBeLessThan(0.05);
  });
});
