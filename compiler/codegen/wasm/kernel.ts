import type { TensorFunc } from '../../../ir/tensor/tensor-func.ts';
import { variablesOf } from '../variables.ts';
import { baseName } from './access.ts';
import { planAddresses } from './address-plan.ts';
import { elementTypes, parameterBuffers } from './buffers.ts';
import { kernelFunction } from './helper.ts';
import { bindLocal, type ModuleContext, newKernelContext } from './kernel-context.ts';
import { newScope } from './scope.ts';
import { emitStmts } from './statements.ts';

/**
 * Adds a kernel to the module, exported under its name. Its parameters are i32: the byte addresses of the inputs, the
 * outputs and the temps, each a multiple of 16, then the sizes. It has no result.
 */
export function addKernel(module: ModuleContext, func: TensorFunc): void {
  const { m, b } = module;
  const names = [...parameterBuffers(func).map(({ name }) => baseName(name)), ...func.sizes];
  const variables = withBases(variablesOf(func), names);
  const plan = planAddresses(func, variables);
  const k = newKernelContext(module, { func, types: elementTypes(func), variables, plan }, names.length);
  for (const [local, name] of names.entries()) bindLocal(k, name, local, 'i32');
  const scope = newScope('function', '');
  k.scopes.push(scope);
  const body = emitStmts(k, func.body);
  const constants = [...k.vectorConstants.values()].map(({ local, bytes }) => m.local.set(local, m.v128.const(bytes)));
  m.addFunction(
    kernelFunction(func.name),
    b.createType(names.map(() => b.i32)),
    b.none,
    k.localTypes.map((type) => b[type]),
    m.block(null, [...constants, ...scope.head, ...body]),
  );
  m.addFunctionExport(kernelFunction(func.name), func.name);
}

const withBases = (variables: ReturnType<typeof variablesOf>, names: readonly string[]) => ({
  ...variables,
  depths: new Map([...variables.depths, ...names.map((name) => [name, 0] as const)]),
});
