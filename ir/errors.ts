/** Where in a source text something stands. Lines and columns count from 1, offsets from 0. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** The base of every error that a user can cause: a message that says where, what was found and what was expected. */
export class CompilerError extends Error {
  override readonly name: string = 'CompilerError';
}

export interface Diagnostic {
  readonly message: string;
  readonly location: SourceLocation;
}

/** An IR text that does not parse. Carries every mistake that the parser found in one run. */
export class IrSyntaxError extends CompilerError {
  override readonly name = 'IrSyntaxError';
  readonly diagnostics: readonly Diagnostic[];
  constructor(message: string, diagnostics: readonly Diagnostic[]) {
    super(message);
    this.diagnostics = diagnostics;
  }
}

/** A graph or function that parses but is not well-formed. `place` names the function and the node, loop or block. */
export class VerifyError extends CompilerError {
  override readonly name = 'VerifyError';
  readonly place: string;
  constructor(place: string, message: string) {
    super(`${place}: ${message}`);
    this.place = place;
  }
}

/** A file that is not a valid ONNX model, or one that contradicts itself. */
export class OnnxImportError extends CompilerError {
  override readonly name = 'OnnxImportError';
}

/** A schedule step that is not legal on the function it was applied to. */
export class ScheduleError extends CompilerError {
  override readonly name = 'ScheduleError';
  readonly func: string;
  readonly place: string;
  constructor(func: string, place: string, reason: string) {
    super(`${func}, ${place}: ${reason}`);
    this.func = func;
    this.place = place;
  }
}

/** What the compiler does not support, each item naming operator, node, opset and what is missing. */
export class UnsupportedError extends CompilerError {
  override readonly name = 'UnsupportedError';
  readonly items: readonly string[];
  constructor(items: readonly string[]) {
    super(
      items.length === 1
        ? `unsupported: ${items[0]}`
        : `unsupported:\n${items.map((item) => `  - ${item}`).join('\n')}`,
    );
    this.items = items;
  }
}

/** Holds what the compiler itself promises. A failure is a bug of ours, not of the user. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}. This is a bug in Tilewright; please report it.`);
}

export function assertNever(value: never): never {
  throw new Error(
    `internal error: unexpected ${JSON.stringify(value)}. This is a bug in Tilewright; please report it.`,
  );
}
