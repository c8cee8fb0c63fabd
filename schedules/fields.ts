/** What a field of a step, or of a record in a tuning database, may hold as JSON. */
export interface Field {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly optional: boolean;
}

const field = (expected: string, accepts: (value: unknown) => boolean): Field => ({
  expected,
  accepts,
  optional: false,
});

export const optional = (of: Field): Field => ({ ...of, optional: true });

export const text: Field = field('a non-empty string', (value) => typeof value === 'string' && value !== '');
export const integer: Field = field('an integer', Number.isSafeInteger);
export const positive: Field = field('a positive integer', (value) => Number.isSafeInteger(value) && Number(value) > 0);
export const nonNegative: Field = field(
  'an integer that is not negative',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const number: Field = field('a finite number', Number.isFinite);
export const positiveNumber: Field = field('a positive number', (value) => Number.isFinite(value) && Number(value) > 0);
export const nonNegativeNumber: Field = field(
  'a number that is not negative',
  (value) => Number.isFinite(value) && Number(value) >= 0,
);
/** A moment as `Date.toISOString` writes it, so that texts are in the order of time. */
export const moment: Field = field('a time as 2026-11-28T09:30:00.000Z', isMoment);
export const sha256: Field = field(
  'a SHA-256 in hexadecimal',
  (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
);
export const scalar: Field = field(
  'a string, a finite number or a boolean',
  (value) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value),
);

export const oneOf = (values: readonly string[]): Field =>
  field(`one of ${values.join(', ')}`, (value) => values.some((one) => one === value));

export const nullable = (of: Field): Field =>
  field(`${of.expected} or null`, (value) => value === null || of.accepts(value));

export const list: Field = field('a list', Array.isArray);
export const listOf = (of: Field): Field =>
  field(`a list, each item ${of.expected}`, (value) => Array.isArray(value) && value.every(of.accepts));

export const dictionaryOf = (of: Field): Field =>
  field(`an object, each value ${of.expected}`, (value) => isObject(value) && Object.values(value).every(of.accepts));

export const record = (fields: Readonly<Record<string, Field>>): Field => {
  const parts = Object.entries(fields).map(
    ([name, { expected, optional }]) => `${name}${optional ? '?' : ''}: ${expected}`,
  );
  return field(
    `an object { ${parts.join(', ')} }`,
    (value) => isObject(value) && mistakesIn(value, fields).length === 0,
  );
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isMoment(value: unknown): boolean {
  const time = new Date(typeof value === 'string' ? value : Number.NaN);
  return !Number.isNaN(time.getTime()) && time.toISOString() === value;
}

/** What is wrong with an object that should have these fields and no others. */
export function mistakesIn(
  value: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Field>>,
): readonly string[] {
  const unknown = Object.keys(value)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => `has no field '${name}' (there are ${Object.keys(fields).join(', ')})`);
  const wrong = Object.entries(fields)
    .filter(([name, { accepts, optional }]) =>
      Object.hasOwn(value, name) && value[name] !== undefined ? !accepts(value[name]) : !optional,
    )
    .map(([name, { expected }]) => `'${name}' should be ${expected}, is ${JSON.stringify(value[name]) ?? 'missing'}`);
  return [...unknown, ...wrong];
}
