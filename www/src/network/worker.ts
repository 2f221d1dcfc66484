/**
 * Runs the simulation, and the gate in it, beside the page.
 * @module
 */

import { openGate } from "../shared/onceward.js";
import { errorOf, Simulation } from "../sim/index.js";
import type { Answer, Frame, Request, Side } from "./protocol.js";
import { Recorder } from "./recorder.js";

let simulation: Simulation | undefined;
let recorder = new Recorder();

/** What was asked comes one after the other, since a crash takes a moment. */
let turn: Promise<void> = Promise.resolve();

async function handle(request: Request): Promise<Frame> {
  if (request.does === "start") {
    await simulation?.guard.close();
    recorder = new Recorder();
    simulation = await Simulation.start(request.seed, request.settings, openGate);
    await simulation.advance(request.until, recorder);
    return frameOf(simulation);
  }
  if (simulation === undefined) {
    throw new Error("nothing was started");
  }
  if (request.does === "advance") {
    await simulation.advance(request.until, recorder);
  } else if (request.does === "step") {
    await simulation.advance(simulation.now + request.by, recorder);
  } else if (request.does === "set") {
    Object.assign(simulation.settings, request.settings);
  } else if (request.does === "crash") {
    simulation.crash();
  } else {
    simulation.isEnding = true;
  }
  return frameOf(simulation);
}

function frameOf(run: Simulation): Frame {
  const { now, isDown, isOver, totals, truth, gated, guard, settings } = run;
  const side = ({ values }: { values: Frame["truth"] }): Side => ({
    ...values,
    ...errorOf(values, truth.values),
  });
  return {
    now,
    isDown,
    isOver,
    totals,
    truth: truth.values,
    naive: side(settings.naive === "all" ? run.naive : run.usual),
    gated: side(gated),
    bytes: guard.bytes,
    lastTransfer: recorder.lastTransfer,
    lastPrice: recorder.lastPrice,
    ...recorder.take(now),
  };
}

function answer(message: Answer, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  turn = turn.then(async () => {
    try {
      const frame = await handle(data);
      answer({ is: "frame", frame }, [frame.flights.buffer, frame.landings.buffer]);
    } catch (error) {
      answer({ is: "failure", message: String(error) });
    }
  });
});
