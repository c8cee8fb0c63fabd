import { Command, CommanderError } from 'commander';
import { CompilerError } from '../../ir/errors.ts';
import { ArtifactError, ModelInputError } from '../../runtime/errors.ts';
import { GpuError } from '../../runtime/webgpu/errors.ts';
import { version } from '../version.ts';
import { benchCommand } from './commands/bench.ts';
import { compileCommand } from './commands/compile.ts';
import { conformanceCommand } from './commands/conformance.ts';
import { dbCommand } from './commands/db.ts';
import { diffCommand } from './commands/diff.ts';
import { inspectCommand } from './commands/inspect.ts';
import { optCommand } from './commands/opt.ts';
import { profileCommand } from './commands/profile.ts';
import { runCommand } from './commands/run.ts';
import { tuneCommand } from './commands/tune.ts';

/** Exit codes: 0 done, 1 the job failed (or a check did), 2 the command line is wrong. */
export async function main(): Promise<number> {
  const program = new Command('tilewright')
    .description('Compiles trained models to static WebAssembly SIMD files.')
    .version(version)
    .exitOverride()
    .showHelpAfterError();
  for (const command of commands) program.addCommand(inheriting(command(), program));
  try {
    await program.parseAsync();
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    return report(error);
  }
}

/** All commands, in the order in which help and documents list them. */
export const commands = [
  compileCommand,
  runCommand,
  benchCommand,
  profileCommand,
  diffCommand,
  inspectCommand,
  optCommand,
  tuneCommand,
  dbCommand,
  conformanceCommand,
] as const;

function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const subcommand of command.commands) inheriting(subcommand, command);
  return command;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (isUsersError(error)) {
    process.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  throw error;
}

/** A mistake in what the user gave, which needs a message and no stack. All else is a bug of ours. */
function isUsersError(error: unknown): error is Error {
  const kinds = [CompilerError, ArtifactError, GpuError, ModelInputError];
  const fromSystem = error instanceof Error && 'syscall' in error;
  return fromSystem || kinds.some((kind) => error instanceof kind);
}
