import { scaleLinear, scaleLog } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { escapeText } from './html.ts';

export interface Axis {
  readonly label: string;
  /** The least and the greatest value. */
  readonly domain: readonly [number, number];
  readonly log?: boolean;
  readonly format: (value: number) => string;
}

/** Where a value lies in a drawing, in units of it. */
export type Place = (value: number) => number;

export interface Chart {
  /** What it shows, for those who do not see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  /** The SVG of what is drawn over the grid. */
  readonly marks: (x: Place, y: Place) => string;
}

const MARGIN = { left: 62, right: 16, top: 10, bottom: 42 };

/** A drawing with axes as SVG; its colours come from the page. */
export function printChart({ title, width, height, x, y, marks }: Chart): string {
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const [placeX, placeY] = [scaleOf(x, [left, right]), scaleOf(y, [bottom, top])];
  const ticksX = ticksOf(placeX, Math.floor((right - left) / 80)).map((value) => {
    const at = round(placeX(value));
    return `<path class="grid" d="M${at} ${top}V${bottom}"/>${textAt(at, bottom + 16, 'middle', x.format(value))}`;
  });
  const ticksY = ticksOf(placeY, Math.floor((bottom - top) / 40)).map((value) => {
    const at = round(placeY(value));
    return `<path class="grid" d="M${left} ${at}H${right}"/>${textAt(left - 6, at + 4, 'end', y.format(value))}`;
  });
  const middle = (top + bottom) / 2;
  return [
    svgOpen(title, width, height),
    ...ticksX,
    ...ticksY,
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>`,
    textAt((left + right) / 2, height - 6, 'middle', x.label),
    `<g transform="rotate(-90 12 ${middle})">${textAt(12, middle, 'middle', y.label)}</g>`,
    marks(placeX, placeY),
    '</svg>',
  ].join('\n');
}

export const svgOpen = (title: string, width: number, height: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escapeText(title)}">`;

export const textAt = (x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(text)}</text>`;

/** A value that holds until the next is known. */
export function stepLine(points: readonly (readonly [number, number])[]): string {
  const path = line().curve(curveStepAfter).digits(1);
  return `<path class="best" d="${path(points.map(([x, y]) => [x, y])) ?? ''}"/>`;
}

/** Points as one path of lines without a length, which the page gives round ends. */
export const dots = (points: readonly (readonly [number, number])[]): string =>
  `<path class="dots" d="${points.map(([x, y]) => `M${round(x)} ${round(y)}h0`).join('')}"/>`;

/** The least and the greatest of values, and so much more on both sides, as a part of what is between them. */
export function domainOf(values: readonly number[], more: number): readonly [number, number] {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const greatest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const margin = least === greatest ? Math.abs(least) / 10 || 1 : (greatest - least) * more;
  return [least - margin, greatest + margin];
}

/** The same for an axis of logarithms. */
export function logDomainOf(values: readonly number[], more: number): readonly [number, number] {
  const [least, greatest] = domainOf(values.map(Math.log), more);
  return [Math.exp(least), Math.exp(greatest)];
}

export const round = (value: number): number => Math.round(value * 10) / 10;

type Scale = ReturnType<typeof scaleOf>;

function scaleOf({ log, domain }: Axis, range: readonly [number, number]) {
  return (log ? scaleLog().base(2) : scaleLinear()).domain(domain).range(range);
}

const ticksOf = (scale: Scale, count: number): readonly number[] => scale.ticks(Math.max(count, 2));
