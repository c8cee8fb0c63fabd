import { invariant } from '../../../ir/errors.ts';
import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import type { AddressContext } from './addresses.ts';
import type { Binaryen, Module, Ref } from './binaryen.ts';
import type { ElementTypes } from './buffers.ts';
import type { HelperName } from './helper.ts';
import { callHelper } from './helpers.ts';
import type { Scope } from './scope.ts';
import type { WasmType } from './value-type.ts';
import type { VectorEmitter } from './vector-emitter.ts';

/** The module that is being made. */
export interface ModuleContext {
  readonly b: Binaryen;
  readonly m: Module;
  readonly helpers: Set<HelperName>;
  /** Whether relaxed SIMD may be used, which not every engine has. */
  readonly relaxedSimd: boolean;
}

/** What a name of the IR stands for in the code. */
export interface Binding {
  readonly read: () => Ref;
  /** Set where the binding is read: one that is not need not be computed. */
  isRead: boolean;
  readonly local?: number;
}

/** The kernel whose code is being made. */
export interface KernelContext extends VectorEmitter, Pick<AddressContext, 'variables' | 'plan'> {
  readonly func: TensorFunc;
  readonly relaxedSimd: boolean;
  readonly types: ElementTypes;
  readonly bindings: Map<string, Binding>;
  readonly scopes: Scope[];
  readonly vectorConstants: ReadonlyMap<string, VectorConstant>;
  /** The types of the locals after the parameters. */
  readonly localTypes: readonly WasmType[];
}

export interface VectorConstant {
  readonly local: number;
  readonly bytes: Uint8Array;
}

type Parts = Pick<KernelContext, 'func' | 'types' | 'variables' | 'plan'>;

export function newKernelContext(module: ModuleContext, parts: Parts, parameterCount: number): KernelContext {
  const { b, m, relaxedSimd } = module;
  const localTypes: WasmType[] = [];
  const scopes: Scope[] = [];
  const vectorConstants = new Map<string, VectorConstant>();
  const newLocal = (type: WasmType): number => parameterCount + localTypes.push(type) - 1;
  const vectorConst = (bytes: Uint8Array): Ref => {
    const isInLoop = scopes.some((scope) => scope.kind === 'loop');
    if (!isInLoop || isUniform(bytes)) return m.v128.const(bytes);
    const key = bytes.join();
    const known = vectorConstants.get(key) ?? { local: newLocal('v128'), bytes };
    vectorConstants.set(key, known);
    return m.local.get(known.local, b.v128);
  };
  const call = (name: HelperName, operands: readonly Ref[]) => callHelper(m, b, module.helpers, name, operands);
  return {
    ...parts,
    b,
    m,
    relaxedSimd,
    newLocal,
    call,
    vectorConst,
    localTypes,
    scopes,
    vectorConstants,
    bindings: new Map(),
  };
}

/** All zeros and all ones are made by one instruction from nothing. */
const isUniform = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0) || bytes.every((byte) => byte === 0xff);

export function readVariable(k: KernelContext, name: string): Ref {
  const binding = k.bindings.get(name);
  invariant(binding !== undefined, `${k.func.name}: ${name} is not defined where it is read`);
  binding.isRead = true;
  return binding.read();
}

export function bindLocal(k: KernelContext, name: string, local: number, type: WasmType): Binding {
  const binding = { local, isRead: false, read: () => k.m.local.get(local, k.b[type]) };
  k.bindings.set(name, binding);
  return binding;
}
