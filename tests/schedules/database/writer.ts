import { writeSync } from 'node:fs';
import { openStore } from '../../../schedules/database/open-store.ts';
import { record, workload } from './rows.ts';

/** Adds records to a database until it is killed, and prints the name of each when it has been added. */
const [place = '', name = ''] = process.argv.slice(2);
const store = await openStore(place);
const of = workload(name);
for (let i = 1; ; i++) {
  const id = `${name}-${i}`;
  await store.add([of], [record(of, i, { device: { class: 'x64', fingerprint: id } })]);
  writeSync(1, `${id}\n`);
}
