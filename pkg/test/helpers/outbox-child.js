/**
 * A process with an outbox in files: it enqueues what it is told to, and goes on until it is killed.
 *
 *   node outbox-child.js folder url body…
 * @module
 */
import { file } from "onceward/file";
import { Outbox } from "onceward/outbox";

const [folder, url, ...bodies] = process.argv.slice(2);
const outbox = await Outbox.open({ storage: file(folder), backoff: 20 });
for (const body of bodies) {
  const { key } = await outbox.enqueue(new Request(url, { method: "POST", body }), { note: body });
  process.stdout.write(`${key}\n`);
}
