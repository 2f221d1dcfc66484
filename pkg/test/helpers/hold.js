/**
 * A process that opens a name of a file store, says how that went, and holds it until it is killed.
 *
 *   node hold.js DIRECTORY
 * @module
 */
import { file } from "onceward/file";
import { bytes } from "./files.js";

const store = file(process.argv[2]);

try {
  const { version } = await store.load("a");
  await store.append("a", bytes(`process ${process.pid}`), version);
  process.stdout.write("holds\n");
} catch (error) {
  process.stdout.write(`${error.code}: ${error.message}\n`);
}

// It keeps the process alive, and the store with it.
setInterval(() => store, 1000);
