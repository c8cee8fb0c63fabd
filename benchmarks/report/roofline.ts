import { drawChart } from './charts.ts';

export interface RooflinePoint {
  readonly id: string;
  readonly line: string;
  /** Flops a byte. */
  readonly intensity: number;
  readonly gflops: number;
}

/** A limit: `peak` GFLOP/s, and where a memory bounds it, GB/s. */
export interface Roof {
  readonly name: string;
  readonly peak: number;
  readonly bandwidth?: number;
}

/** Flops a byte against GFLOP/s, both logarithmic, with the limits as roofs (Williams et al., 2009). */
export function drawRoofline(points: readonly RooflinePoint[], roofs: readonly Roof[]): Promise<string> {
  const reach = points.map(({ intensity }) => intensity);
  const [least, most] = [Math.min(...reach) / 2, Math.max(...reach) * 2];
  const ends = roofs.flatMap((roof) => roofLine(roof, least, most));
  const x = { field: 'intensity', type: 'quantitative', scale: { type: 'log' }, title: 'flops a byte' } as const;
  const y = { field: 'gflops', type: 'quantitative', scale: { type: 'log' }, title: 'GFLOP/s' } as const;
  return drawChart({
    title: 'Kernels under the roofs of arithmetic and memory',
    width: 720,
    height: 460,
    layer: [
      {
        data: { values: ends },
        mark: { type: 'line', color: '#888' },
        encoding: { x, y, strokeDash: { field: 'roof', type: 'nominal', title: 'limit' } },
      },
      {
        data: { values: [...points] },
        mark: { type: 'point', filled: true, size: 45 },
        encoding: { x, y, color: { field: 'line', type: 'nominal', title: null }, tooltip: { field: 'id' } },
      },
    ],
  });
}

function roofLine({ name, peak, bandwidth }: Roof, least: number, most: number) {
  const knee = bandwidth === undefined ? least : peak / bandwidth;
  const at = (intensity: number) => Math.min(peak, (bandwidth ?? Number.POSITIVE_INFINITY) * intensity);
  const places = bandwidth === undefined ? [least, most] : [least, Math.min(knee, most)];
  return places.map((intensity) => ({ roof: name, intensity, gflops: at(intensity) }));
}
