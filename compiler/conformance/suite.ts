import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { CompilerError } from '../../ir/errors.ts';

/** A test in the layout of ONNX's backend tests: a model and folders of inputs with the outputs that they give. */
export interface ConformanceTest {
  /** `<kind>/<test>`. */
  readonly name: string;
  readonly folder: string;
}

/** The tests under a root, `ROOT/<kind>/<test>/model.onnx`, in order of their names. */
export async function findTests(root: string): Promise<readonly ConformanceTest[]> {
  const tests: ConformanceTest[] = [];
  for (const kind of await folders(root)) {
    for (const test of await folders(join(root, kind))) {
      const folder = join(root, kind, test);
      if (await exists(join(folder, 'model.onnx'))) tests.push({ name: `${kind}/${test}`, folder });
    }
  }
  if (tests.length === 0) throw new CompilerError(`${root} holds no test: expected <kind>/<test>/model.onnx`);
  return tests;
}

async function folders(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch (error) {
    throw new CompilerError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Unpacks a .tar.gz into a new temporary folder, which the caller removes. */
export async function unpackSuite(archive: string): Promise<string> {
  const target = await mkdtemp(join(tmpdir(), 'tilewright-conformance-'));
  const entries = createReadStream(archive).pipe(createGunzip()).pipe(extract());
  try {
    for await (const entry of entries) {
      const path = join(target, normalize(entry.header.name));
      if (entry.header.type !== 'file' || !path.startsWith(join(target, '/'))) {
        entry.resume();
        continue;
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, Buffer.concat(chunks));
    }
  } catch (error) {
    throw new CompilerError(`cannot unpack ${archive}: ${(error as Error).message}`, { cause: error });
  }
  return target;
}
