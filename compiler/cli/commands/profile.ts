import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ArtifactSource } from '../../../runtime/api.ts';
import { readManifest } from '../../../runtime/load.ts';
import type { Manifest } from '../../../runtime/manifest.ts';
import { openSource } from '../../../runtime/source.ts';
import { wasmSimd, webgpu } from '../../../schedules/target/target.ts';
import { onNodeWebgpu } from '../../devices/node-webgpu.ts';
import { compile, type TargetName, targets } from '../../pipeline.ts';
import { chromeTrace } from '../../profile/chrome-trace.ts';
import type { Profile, StepFacts } from '../../profile/profile.ts';
import { factsOf } from '../../profile/step-facts.ts';
import { profileWasm } from '../../profile/wasm.ts';
import { profileWebgpu } from '../../profile/webgpu.ts';
import { readInputs } from '../inputs.ts';
import { isArtifact, readModel } from '../model-file.ts';
import {
  dimOption,
  type ModelOptions,
  parallelOption,
  parseCount,
  type RelaxedSimd,
  relaxedSimdLoad,
  relaxedSimdOption,
  shapeOption,
  threadsOption,
} from '../options.ts';
import { printProfile } from '../profile-table.ts';
import { writeWhole } from '../write-whole.ts';

interface ProfileArguments extends ModelOptions {
  readonly device: readonly TargetName[];
  readonly threads: number;
  readonly trace?: string;
  readonly runs?: number;
  readonly inputs?: string;
  readonly relaxedSimd: RelaxedSimd;
}

export const profileCommand = (): Command =>
  new Command('profile')
    .description(
      'time each kernel of a model in its runs, and tell what part of the measured limits of the device it reaches',
    )
    .argument('<MODEL|DIR>', 'a model file, or the folder of a compiled one, of which only times are known')
    .addOption(devicesOption())
    .addOption(threadsOption())
    .option('--trace <FILE>', "write a run in Chrome's trace event format, to open in Perfetto (ui.perfetto.dev)")
    .option('--runs <N>', 'runs in which kernels are timed; by default as many as take two seconds', parseCount)
    .option('--inputs <DIR>', 'a folder with inputs, as for run')
    .addOption(dimOption())
    .addOption(shapeOption())
    .addOption(parallelOption())
    .addOption(relaxedSimdOption())
    .action(run);

const devicesOption = (): Option =>
  new Option('--device <DEVICES>', `what runs it, one or several of ${targets.join(',')}`)
    .argParser(parseDevices)
    .default(['wasm'], 'wasm');

function parseDevices(text: string): readonly TargetName[] {
  return [...new Set(text.split(','))].map((name) => {
    const found = targets.find((target) => target === name);
    if (found === undefined) throw new InvalidArgumentError(`Expected some of ${targets.join(', ')}.`);
    return found;
  });
}

async function run(path: string, options: ProfileArguments): Promise<void> {
  const profiled = await open(path, options);
  const inputs = await readInputs(profiled.manifest.inputs, options.inputs);
  const profiles: Profile[] = [];
  for (const device of options.device) {
    const facts = profiled.facts[device];
    const how = { inputs, ...(options.runs !== undefined && { runs: options.runs }), ...(facts && { facts }) };
    const profile =
      device === 'webgpu'
        ? await onNodeWebgpu((gpu) => profileWebgpu(profiled.source, gpu, how))
        : await profileWasm(profiled.source, {
            ...how,
            threads: options.threads,
            ...relaxedSimdLoad(options.relaxedSimd),
          });
    process.stdout.write(`${profiles.length > 0 ? '\n' : ''}${printProfile(profile)}`);
    profiles.push(profile);
  }
  const { trace } = options;
  if (trace === undefined) return;
  await writeWhole(trace, (file) => writeFile(file, chromeTrace(profiled.manifest.name, profiles)));
}

interface Profiled {
  readonly source: ArtifactSource;
  readonly manifest: Manifest;
  readonly facts: Partial<Readonly<Record<TargetName, readonly StepFacts[]>>>;
}

/** An artifact as it is, or a model that is compiled in memory, of whose kernels more is known. */
async function open(path: string, options: ProfileArguments): Promise<Profiled> {
  if (await isArtifact(path)) {
    const source = resolve(path);
    return { source, manifest: await readManifest(openSource(source)), facts: {} };
  }
  const { device, parallel } = options;
  const { files, calls, webgpu: onGpu } = await compile(await readModel(path, options), { targets: device, parallel });
  const facts = { wasm: factsOf(calls, wasmSimd), ...(onGpu && { webgpu: factsOf(onGpu.calls, webgpu) }) };
  return { source: files, manifest: await readManifest(openSource(files)), facts };
}
