import type { ArtifactFiles } from '../../runtime/api.ts';
import type { Manifest } from '../../runtime/manifest.ts';

const known = new Set<string>();

/**
 * What Dawn says of an artifact's shaders: errors and warnings of each module, and why no pipeline can be made of one.
 * A text that was valid before is not looked at again.
 */
export async function validateShaders(device: GPUDevice, files: ArtifactFiles): Promise<readonly string[]> {
  const { webgpu: program } = JSON.parse(new TextDecoder().decode(files['manifest.json'])) as Manifest;
  if (program === undefined) return ['the artifact has no program for WebGPU'];
  const code = new TextDecoder().decode(files[program.shaders]);
  const functions = code.slice(0, program.functionsEnd);
  const problems = await Promise.all(
    program.kernels.map(async ({ name, end }, i) => {
      const text = functions + code.slice(program.kernels[i - 1]?.end ?? program.functionsEnd, end);
      if (known.has(text)) return [];
      const found = await problemsOf(device, name, text);
      if (found.length === 0) known.add(text);
      return found;
    }),
  );
  return problems.flat();
}

async function problemsOf(device: GPUDevice, entryPoint: string, code: string): Promise<readonly string[]> {
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
