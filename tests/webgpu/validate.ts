import type { ArtifactFiles } from '../../runtime/api.ts';
import type { Manifest } from '../../runtime/manifest.ts';
import { kernelTexts } from '../../runtime/webgpu/features.ts';
import { validatingDevice } from './dawn.ts';

const known = new Set<string>();

/** Validates what requires optional features. */
let featured: Promise<GPUDevice> | undefined;

/**
 * What Dawn says of an artifact's shaders: errors and warnings of each module, and why no pipeline can be made of one.
 * `device` has no optional features; kernels that require some are looked at as well. A text that was valid before is
 * not looked at again.
 */
export async function validateShaders(device: GPUDevice, files: ArtifactFiles): Promise<readonly string[]> {
  const { webgpu: program } = JSON.parse(new TextDecoder().decode(files['manifest.json'])) as Manifest;
  if (program === undefined) return ['the artifact has no program for WebGPU'];
  const problems = program.shaders.map(async (shaders) => {
    const isPortable = shaders.requires.length === 0;
    featured ??= validatingDevice('subgroups', 'shader-f16');
    const gpu = isPortable ? device : await featured;
    const texts = kernelTexts([shaders], (file) => new TextDecoder().decode(files[file]));
    const found = [...texts].map(async ([name, { code }]) => {
      if (known.has(code)) return [];
      const said = await problemsOf(gpu, name, code);
      if (isPortable && /(dot4|pack4x)[IUiu]/.test(code))
        said.push(`${name}: a feature of the language that not all have`);
      if (said.length === 0) known.add(code);
      return said;
    });
    return (await Promise.all(found)).flat();
  });
  return (await Promise.all(problems)).flat();
}

async function problemsOf(device: GPUDevice, entryPoint: string, code: string): Promise<string[]> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const said = messages.map(({ type, message, lineNum }) => `${entryPoint}: ${type} in line ${lineNum}: ${message}`);
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint } });
  } catch (error) {
    said.push(`${entryPoint}: ${(error as Error).message}`);
  }
  const error = await device.popErrorScope();
  return error === null || said.length > 0 ? said : [`${entryPoint}: ${error.message}`];
}
