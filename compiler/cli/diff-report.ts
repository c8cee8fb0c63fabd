import { printShape } from '../../ir/dim.ts';
import type { KernelSource } from '../diff/device.ts';
import type { GroupDiff } from '../diff/diff.ts';
import type { DescribedTensor, Divergence } from '../diff/divergence.ts';
import type { Statistics } from '../diff/statistics.ts';
import type { ScaledTolerance, Verdict } from '../diff/tolerance.ts';
import { describeDifference } from '../io/compare.ts';

const LARGEST = 5;
const SOURCE_LINES = 40;

/** How a device did: how many groups agree, and where its errors are the largest. */
export function printAgreement(
  device: string,
  groups: readonly GroupDiff[],
  { tolerance, left }: { readonly tolerance: ScaledTolerance; readonly left: number },
): string {
  const agreeing = groups.filter(({ divergence }) => divergence === undefined).length;
  const allowed = `|a − b| ≤ ${tolerance.atol}·max(1, rms) + ${tolerance.rtol}·|b|`;
  const isAccumulated = groups.some(({ accumulated }) => accumulated !== undefined);
  const titles = isAccumulated ? ['error', 'accumulated', 'group'] : ['error', 'group'];
  const rows = groups
    .toSorted((a, b) => sortKey(b) - sortKey(a))
    .slice(0, LARGEST)
    .map((group) => [
      worstOf(group.verdicts),
      ...(isAccumulated ? [worstOf(group.accumulated ?? [])] : []),
      `${group.position} ${nameOf(group)}`,
    ]);
  return [
    `${device}: ${agreeing} of ${groups.length} groups agree, ${allowed}${left === 0 ? '' : `; the processor runs ${left} more`}`,
    ...(groups.length > 0
      ? [`largest errors, in parts of max(1, rms) of the result:`, ...columns([titles, ...rows])]
      : []),
    '',
  ].join('\n');
}

/** The first divergence of a device, with what helps to find its cause; then the names of the others. */
export function printDivergences(
  device: string,
  diverging: readonly (GroupDiff & { readonly divergence: Divergence })[],
  sources: readonly KernelSource[],
): string {
  const [first, ...others] = diverging;
  if (first === undefined) return '';
  const { divergence } = first;
  return [
    `${device} diverges from the interpreter at group ${first.position} of ${first.groups}, ${nameOf(first)}`,
    ...columns([
      ...divergence.operands.map((operand, i) => [
        i === 0 ? 'operands' : '',
        `%${operand.name}`,
        ...described(operand),
        operand.isConstant ? 'constant' : '',
      ]),
      ['expected', `%${divergence.value}`, ...described(divergence.expected)],
      [device, `%${divergence.value}`, ...described(divergence.actual)],
    ]),
    ...columns([
      ...differenceLines(divergence.verdict),
      ...regionLines(divergence),
      ['allowed', `|a − b| ≤ ${short(divergence.verdict.tolerance.atol)} + ${divergence.verdict.tolerance.rtol}·|b|`],
    ]),
    ...(divergence.inside.length > 1
      ? ['the group as the interpreter computes it:', ...columns(insideRows(divergence))]
      : []),
    ...sources.flatMap(sourceLines),
    ...(others.length > 0
      ? [`on the same terms, ${others.length} more diverge:`, ...columns(others.map(otherRow))]
      : []),
    '',
  ].join('\n');
}

const nameOf = ({ group }: GroupDiff): string => `${group.name}: ${operatorsOf(group).join(' → ')}`;

const operatorsOf = ({ attrs }: GroupDiff['group']): readonly string[] => attrs.body.nodes.map(({ op }) => op);

/** A NaN is the largest of all errors. */
const sortKey = ({ verdicts, accumulated }: GroupDiff): number =>
  Math.max(
    ...[...verdicts, ...(accumulated ?? [])].map(({ error }) =>
      Number.isNaN(error) ? Number.POSITIVE_INFINITY : error,
    ),
  );

const worstOf = (verdicts: readonly Verdict[]): string => short(Math.max(...verdicts.map(({ error }) => error)));

const described = ({ dtype, shape, statistics }: DescribedTensor): readonly string[] => [
  `${dtype}${printShape(shape)}`,
  printStatistics(statistics),
];

function printStatistics({ elements, min, max, rms, nans, infinities }: Statistics): string {
  const range = elements === nans + infinities ? 'nothing finite' : `${short(min)} … ${short(max)}, rms ${short(rms)}`;
  return [range, ...(nans > 0 ? [`${nans} NaN`] : []), ...(infinities > 0 ? [`${infinities} infinite`] : [])].join(
    ', ',
  );
}

function differenceLines({
  difference: { mismatch, wrong, elements, worst },
}: Verdict): readonly (readonly string[])[] {
  if (mismatch !== undefined) return [['wrong', mismatch]];
  if (worst === undefined) return [];
  const { index, actual, expected } = worst;
  const distance = short(Math.abs(actual - expected));
  return [
    ['wrong', `${wrong} of ${elements} elements`],
    ['worst', `[${index.join(', ')}]: ${actual} instead of ${expected}, |a − b| = ${distance}`],
  ];
}

const regionLines = ({ region }: Divergence): readonly (readonly string[])[] =>
  region === undefined
    ? []
    : [
        ['first', `[${region.first.join(', ')}]`],
        ['within', `[${region.from.map((from, dim) => span(from, region.to[dim] ?? from)).join(', ')}]`],
      ];

const span = (from: number, to: number): string => (from === to ? `${from}` : `${from}…${to}`);

const insideRows = ({ inside }: Divergence): readonly (readonly string[])[] =>
  inside.map((value) => [`%${value.name}`, value.operator, ...described(value)]);

const otherRow = (group: GroupDiff & { readonly divergence: Divergence }): readonly string[] => [
  `${group.position}`,
  nameOf(group),
  describeDifference(group.divergence.verdict.difference),
];

function sourceLines({ kernel, language, text, start }: KernelSource): readonly string[] {
  const lines = text.slice(start).trimEnd().split('\n');
  const isCut = lines.length > SOURCE_LINES;
  const shown = isCut ? `, the first ${SOURCE_LINES} of ${lines.length} lines; --save DIR keeps all` : '';
  return [`kernel ${kernel} (${language}${shown}):`, ...lines.slice(0, SOURCE_LINES).map((line) => `  ${line}`)];
}

/** Rows in columns, as wide as they need to be. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}

function short(value: number): string {
  const magnitude = Math.abs(value);
  const isPlain = value === 0 || !Number.isFinite(value) || (magnitude >= 1e-3 && magnitude < 1e6);
  return isPlain ? `${Number(value.toPrecision(4))}` : value.toExponential(2);
}
