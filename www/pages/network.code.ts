/**
 * What the page of the network shows of its code; this comment is left out there.
 * @module
 */

const gate = await Gate.open({ retention: "7d" });

for (const event of delivered) {
  const verdict = gate.check(
    event.kind === "transfer"
      ? { scope: "bank", id: event.id }
      : { scope: "prices", entity: event.symbol, revision: event.revision },
  );
  if (verdict === "fresh") apply(event);
}
