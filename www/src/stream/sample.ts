/**
 * A stream to try it with: readings of sensors, as a lossy network delivers them.
 * @module
 */

import { Network } from "../sim/network.js";
import { below, seeded } from "../sim/random.js";
import { DEFAULTS } from "../sim/settings.js";
import type { Issued } from "../sim/world.js";

const SENSORS = 12;
const EVERY_MS = 10;

/** Makes lines of JSON. The same count gives the same lines. */
export function makeSample(count: number): string {
  const random = seeded(count, "sample");
  const network = new Network(count);
  const settings = { ...DEFAULTS, duplicates: 4, loss: 5, reorder: 4, delay: 150 };
  const lines: string[] = [];
  const write = (events: readonly Issued[]): void => {
    for (const { index, which, revision, cents } of events) {
      const sensor = `sensor-${String(which + 1).padStart(2, "0")}`;
      lines.push(JSON.stringify({ id: `m-${index}`, sensor, revision, celsius: cents / 100 }));
    }
  };
  const ignore = (): void => {};
  for (let index = 0; index < count; index += 1) {
    const now = index * EVERY_MS;
    const which = index % SENSORS;
    const revision = Math.floor(index / SENSORS) + 1;
    const cents = 1800 + below(random, 900);
    const event: Issued = { index, kind: "price", which, cents, revision, stamp: now };
    network.send(event, now, settings, ignore);
    write(network.advance(now, settings, ignore));
  }
  for (let now = count * EVERY_MS; !network.isIdle; now += EVERY_MS) {
    write(network.advance(now, settings, ignore));
  }
  return `${lines.join("\n")}\n`;
}
