import type { FunctionProto, OperatorSetIdProto } from 'onnx-buf';
import { UnsupportedError } from '../../ir/errors.ts';

/** The versions of ONNX's own operator set whose operators the rows know. */
export const oldestOpset = 6;
export const newestOpset = 26;

/** The version of each operator set that a model or function imports, by domain. */
export type Opsets = ReadonlyMap<string, number>;

/** ONNX's own domain has two spellings. */
export const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** Throws UnsupportedError where the version of ONNX's own operator set is not between the oldest and newest known. */
export function importedOpsets(imports: readonly OperatorSetIdProto[]): Opsets {
  const opsets = new Map(imports.map(({ domain, version }) => [domainOf(domain), Number(version)]));
  const version = opsets.get('');
  if (version !== undefined && (version < oldestOpset || version > newestOpset)) {
    throw new UnsupportedError([`opset ${version}: known are ${oldestOpset} to ${newestOpset}`]);
  }
  return opsets;
}

export const functionKey = (domain: string, name: string, overload: string): string =>
  JSON.stringify([domainOf(domain), name, overload]);

export const functionsByKey = (functions: readonly FunctionProto[]): ReadonlyMap<string, FunctionProto> =>
  new Map(functions.map((found) => [functionKey(found.domain, found.name, found.overload), found]));
