/**
 * A ledger: a file with a line for each order that was booked.
 * @module
 */
import { open, readFile } from "node:fs/promises";

export class Ledger {
  #path;
  #file;

  constructor(path, file) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path) {
    const file = await open(path, "a+");
    const bytes = await readFile(path);
    // The last line may be torn: then it was never confirmed.
    await file.truncate(bytes.lastIndexOf("\n") + 1);
    return new Ledger(path, file);
  }

  /** Whether an order was booked. It reads all lines, so it is for the rare case. */
  async has({ partition, offset }) {
    const lines = (await readFile(this.#path, "utf8")).split("\n").filter(Boolean);
    return lines
      .map((line) => JSON.parse(line))
      .some((booked) => booked.partition === partition && booked.offset === offset);
  }

  /** Books an order; it is on the disk afterwards. */
  async book({ partition, offset, order }) {
    await this.#file.appendFile(`${JSON.stringify({ partition, offset, ...order })}\n`);
    await this.#file.datasync();
  }

  async close() {
    await this.#file.close();
  }
}
