import { drawChart } from './charts.ts';

export interface RooflinePoint {
  readonly id: string;
  readonly kind: string;
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

/** Pixels. */
const [WIDTH, HEIGHT] = [760, 480];

/** Flops a byte against GFLOP/s, both logarithmic, with the limits as roofs (Williams et al., 2009). */
export function drawRoofline(points: readonly RooflinePoint[], roofs: readonly Roof[]): Promise<string> {
  const reach = points.map(({ intensity }) => intensity);
  const [least, most] = [Math.min(...reach) / 5, Math.max(...reach) * 5];
  const floor = Math.min(...points.map(({ gflops }) => gflops)) / 1.5;
  const top = Math.max(...roofs.map((roof) => roof.peak)) * 1.6;
  const slope = HEIGHT / Math.log(top / floor) / (WIDTH / Math.log(most / least));
  const angle = (-180 / Math.PI) * Math.atan(slope);
  const scale = (...domain: number[]) => ({ type: 'log' as const, domain, nice: false });
  const x = { field: 'intensity', type: 'quantitative', scale: scale(least, most), title: 'flops a byte' } as const;
  const y = { field: 'gflops', type: 'quantitative', scale: scale(floor, top), title: 'GFLOP/s' } as const;
  return drawChart({
    title: 'Kernels under the roofs of arithmetic and memory, one thread',
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: roofs.flatMap((roof) => roofLine(roof, least, most)) },
        mark: { type: 'line', color: '#333', strokeWidth: 1.5 },
        encoding: { x, y, detail: { field: 'roof' } },
      },
      {
        data: { values: roofs.map((roof) => roofLabel(roof, least, most, angle)) },
        mark: {
          type: 'text',
          align: { expr: 'datum.align' },
          baseline: 'bottom',
          dx: { expr: 'datum.dx' },
          dy: -3,
          angle: { expr: 'datum.angle' },
        },
        encoding: { x, y, text: { field: 'roof' } },
      },
      {
        data: { values: [...points] },
        mark: { type: 'point', filled: true, size: 60, opacity: 0.8 },
        encoding: {
          x,
          y,
          color: { field: 'kind', type: 'nominal', title: 'kernel', sort: null },
          shape: { field: 'line', type: 'nominal', title: null, sort: null, legend: { labelLimit: 200 } },
          tooltip: { field: 'id' },
        },
      },
    ],
  });
}

const heightAt = ({ peak, bandwidth }: Roof, intensity: number): number =>
  Math.min(peak, (bandwidth ?? Number.POSITIVE_INFINITY) * intensity);

function roofLine(roof: Roof, least: number, most: number) {
  const knee = roof.bandwidth === undefined ? most : roof.peak / roof.bandwidth;
  return [least, Math.min(knee, most)].map((intensity) => ({
    roof: roof.name,
    intensity,
    gflops: heightAt(roof, intensity),
  }));
}

/** Above the right end of a flat roof, and along the left end of a steep one. */
function roofLabel(roof: Roof, least: number, most: number, angle: number) {
  const isFlat = roof.bandwidth === undefined;
  const intensity = isFlat ? most : least;
  const speed = roof.bandwidth === undefined ? `${roof.peak.toFixed(1)} GFLOP/s` : `${roof.bandwidth.toFixed(0)} GB/s`;
  return {
    roof: `${roof.name}: ${speed}`,
    intensity,
    gflops: heightAt(roof, intensity),
    align: isFlat ? 'right' : 'left',
    dx: isFlat ? -4 : 12,
    angle: isFlat ? 0 : angle,
  };
}
