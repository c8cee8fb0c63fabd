import {
  type Field,
  isObject,
  listOf,
  mistakesIn,
  nonNegativeNumber,
  oneOf,
  optional,
  positive,
  positiveNumber,
  record,
} from '../../../../schedules/fields.ts';
import type { DeviceProfile } from '../../device.ts';
import type { Answer, Lost } from '../ask.ts';

// What a page says is read as anything from outside is.

type Fields = Readonly<Record<string, Field>>;

const field = (expected: string, accepts: Field['accepts']): Field => ({ expected, accepts, optional: false });

/** What records keep and terminals print. */
const name = field(
  'up to 200 characters, none of control',
  (value) => typeof value === 'string' && /^\P{Cc}{1,200}$/u.test(value),
);
const message = field('a text', (value) => typeof value === 'string');
const candidate = field('a number or turns', (value) => value === 'turns' || positive.accepts(Number(value) + 1));

const profileFields: { readonly [F in keyof DeviceProfile]: Field } = {
  device: record({ class: name, fingerprint: name }),
  engine: record({ name, version: name }),
  features: listOf(oneOf(['simd128', 'relaxed-simd', 'webgpu', 'shader-f16', 'subgroups'])),
};

const timeFields: Fields = { kind: oneOf(['time']), ms: positiveNumber, spread: nonNegativeNumber, samples: positive };
const failureFields: Fields = { kind: oneOf(['wrong', 'trap']), message };
const outcome = field(
  'a time or a failure',
  (value) => isObject(value) && mistakesIn(value, value['kind'] === 'time' ? timeFields : failureFields).length === 0,
);

const lost: Omit<Fields, 'kind'> = { message, progress: optional(candidate) };

/** By their kinds. */
const answerFields: { readonly [K in Exclude<(Answer | Lost)['kind'], 'aborted'>]: Omit<Fields, 'kind'> } = {
  opened: { anchorMs: nonNegativeNumber },
  measured: { result: record({ outcomes: listOf(outcome), anchorMs: positiveNumber }) },
  failed: { message },
  timeout: lost,
  crash: lost,
};

/** Reads what a page says of its device. Throws an Error that names each mistake. */
export const parseProfile = (json: unknown): DeviceProfile => checked(json, profileFields) as unknown as DeviceProfile;

/** Reads an answer of a page. Throws an Error that names each mistake. */
export function parseAnswer(json: unknown): Answer | Lost {
  const kinds = Object.keys(answerFields);
  const kind = kinds.find((one) => isObject(json) && json['kind'] === one) as keyof typeof answerFields | undefined;
  return checked(json, { kind: oneOf(kinds), ...(kind && answerFields[kind]) }) as unknown as Answer | Lost;
}

function checked(json: unknown, fields: Fields): Readonly<Record<string, unknown>> {
  const mistakes = isObject(json) ? mistakesIn(json, fields) : ['should be an object'];
  if (mistakes.length > 0 || !isObject(json)) throw new Error(mistakes.join('; '));
  return json;
}
