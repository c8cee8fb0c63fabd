import type { Profile, ProfiledStep } from './profile.ts';

/**
 * The run of each device that is shown, in the JSON of Chrome's trace event format, which Perfetto opens: a track a
 * device, in which a run holds its kernels, whose arguments say what is known of them.
 */
export const chromeTrace = (model: string, profiles: readonly Profile[]): string =>
  `${JSON.stringify({
    displayTimeUnit: 'ms',
    traceEvents: [{ ph: 'M', pid: PROCESS, name: 'process_name', args: { name: model } }, ...profiles.flatMap(trackOf)],
  })}\n`;

const PROCESS = 1;

function trackOf(profile: Profile, index: number): readonly object[] {
  const { device, name, method, limits, runs, runMs, steps } = profile;
  const place = { pid: PROCESS, tid: index + 1 };
  const end = Math.max(0, ...steps.map(({ shown }) => shown.startMs + shown.ms));
  return [
    { ph: 'M', ...place, name: 'thread_name', args: { name: `${device}: ${name}` } },
    { ph: 'M', ...place, name: 'thread_sort_index', args: { sort_index: index } },
    { ...slice('run', 0, end), ...place, args: { method, runs, median_ms: runMs, limits } },
    ...steps.map((step) => ({
      ...slice(step.kernel, step.shown.startMs, step.shown.ms),
      ...place,
      args: argsOf(step),
    })),
  ];
}

/** A complete event, in microseconds. */
const slice = (name: string, startMs: number, ms: number): object => ({
  ph: 'X',
  name,
  cat: 'kernel',
  ts: 1000 * startMs,
  dur: 1000 * ms,
});

function argsOf({ node, ms, known }: ProfiledStep): object {
  if (known === undefined) return { node, median_ms: ms };
  const { work, operators, inputs, outputs } = known;
  return {
    node,
    operators: operators.join(' '),
    inputs: inputs.join(' '),
    outputs: outputs.join(' '),
    flops: work.flops,
    bytes: work.bytes,
    median_ms: ms,
    'GFLOP/s': work.flops / ms / 1e6,
    'GB/s': work.bytes / ms / 1e6,
  };
}
