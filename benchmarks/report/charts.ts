import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Draws a chart of Vega-Lite as SVG, without a browser. */
export async function drawChart(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

export interface Bar {
  readonly group: string;
  readonly line: string;
  readonly value: number;
}

/** Horizontal bars of several lines in each group, in the order of their first mention. */
export function drawBars(bars: readonly Bar[], title: string, axis: string): Promise<string> {
  const lines = [...new Set(bars.map(({ line }) => line))];
  return drawChart({
    title,
    width: 640,
    height: { step: 9 },
    data: { values: [...bars] },
    encoding: {
      y: { field: 'group', type: 'nominal', sort: null, title: null, axis: { labelLimit: 260 } },
      yOffset: { field: 'line', type: 'nominal', sort: lines },
      x: { field: 'value', type: 'quantitative', title: axis, axis: { orient: 'top' } },
    },
    layer: [
      {
        mark: 'bar',
        encoding: { color: { field: 'line', type: 'nominal', sort: lines, title: null, legend: { orient: 'top' } } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 3, fontSize: 8, color: '#555' },
        encoding: { text: { field: 'value', type: 'quantitative', format: '.2f' } },
      },
    ],
  });
}
