import { CompilerError } from '../ir/errors.ts';
import type { Step, Trace } from './step.ts';
import { parseTrace } from './trace.ts';

/** One line: `split loop=i factors=[null,8]`. What is not a plain word is JSON. */
export function printStep(step: Step): string {
  const { primitive, ...args } = step;
  const parts = Object.entries(args).filter(([, value]) => value !== undefined);
  return [primitive, ...parts.map(([name, value]) => `${name}=${printValue(value)}`)].join(' ');
}

/** A step a line. */
export const printTrace = (trace: Trace): string => trace.map((step) => `${printStep(step)}\n`).join('');

const word = /^[^\s"[\]{}=]+$/;
const printValue = (value: unknown): string =>
  typeof value === 'string' && word.test(value) && !isJson(value) ? value : JSON.stringify(value);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads a step as `printStep` writes it. Throws a CompilerError that says what is wrong. */
export function parseStep(line: string): Step {
  const [step] = parseTrace([readStep(line, '')]);
  if (step === undefined) throw new CompilerError('there is no step');
  return step;
}

/** Reads a trace as `printTrace` writes it; empty lines count not. Throws a CompilerError that names the line or step. */
export function parseTraceText(text: string): Trace {
  const lines = text.split('\n').map((line, i) => ({ line, place: `line ${i + 1}: ` }));
  return parseTrace(lines.filter(({ line }) => line.trim() !== '').map(({ line, place }) => readStep(line, place)));
}

/** The fields of a step, not checked yet. */
function readStep(line: string, place: string): Readonly<Record<string, unknown>> {
  const refuse = (found: string, expected: string): never => {
    throw new CompilerError(`${place}expected ${expected}, found '${found}'`);
  };
  const [, primitive = '', args = ''] = /^\s*(\S*)(.*)$/s.exec(line) ?? [];
  const fields: [string, unknown][] = [['primitive', primitive]];
  for (let rest = args.trim(); rest !== ''; ) {
    const [assigned, name] = /^([^\s"[\]{}=]+)=/.exec(rest) ?? refuse(rest, 'a field as name=value');
    if (name === undefined || assigned === undefined) return refuse(rest, 'a field as name=value');
    if (fields.some(([known]) => known === name)) return refuse(name, 'each field once');
    const value = valueAt(rest.slice(assigned.length));
    if (value === '') return refuse(rest, `a value for '${name}'`);
    fields.push([name, word.test(value) && !isJson(value) ? value : readJson(value, refuse)]);
    const after = rest.slice(assigned.length + value.length);
    if (after !== '' && !/^\s/.test(after)) return refuse(after, `a space after the value of '${name}'`);
    rest = after.trim();
  }
  return Object.fromEntries(fields);
}

function readJson(text: string, refuse: (found: string, expected: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse(text, 'a word or JSON');
  }
}

/** The text up to the end of the value at its start: of a word, or of JSON with its brackets and quotes closed. */
function valueAt(text: string): string {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    else if (depth === 0 && /\s/.test(char)) return text.slice(0, at);
  }
  return text;
}
