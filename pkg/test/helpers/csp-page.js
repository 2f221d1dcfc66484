/**
 * A page that opens gates and says what came of it.
 * @module
 */
import { Gate, isOncewardError, ready } from "onceward";

async function outcomeOf(action) {
  try {
    return await action();
  } catch (error) {
    return isOncewardError(error) ? `${error.code}: ${error.cause?.name}` : String(error);
  }
}

globalThis.outcomes = Promise.all([
  outcomeOf(async () => (await Gate.open()).check({ id: "a", content: { b: 1 } })),
  outcomeOf(() => Gate.openSync().check({ id: "a" })),
  outcomeOf(() => ready()),
]);
