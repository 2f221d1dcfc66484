/**
 * Says what is wrong with a consumer's answer.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../scripts/steps.mjs";
import { PART_NAMES } from "../smoke.mjs";
import { command, PRINT, printedAnswer } from "./command.mjs";
import { moduleSource } from "./sources.mjs";

/** What every answer must be like: that of the packed package in this Node.js. */
export async function referenceOf(folder) {
  const file = await folder.write("main.mjs", moduleSource({ give: PRINT }));
  const answer = printedAnswer(await command(folder.path, process.execPath, [file]));
  if (answer.error !== undefined || !isDeepStrictEqual(answer.parts, PART_NAMES)) {
    throw new Failure(`the suite fails already in this Node.js: ${faultOf(answer)}`);
  }
  return answer;
}

function faultOf({ error, ...answer }) {
  if (error === undefined) {
    return JSON.stringify(answer);
  }
  const { stack, message, code, because } = error;
  // Not all engines begin the stack with the message.
  return [message, code, because, stack].filter((text) => text !== undefined).join("\n");
}

/** Returns what is wrong with an answer; undefined when it is as it has to be. */
export function judge(answer, { strict = false, sync = "gate" }, reference) {
  if (answer?.error !== undefined) {
    return faultOf(answer);
  }
  const { parts, assertions, digest } = reference;
  const expected = { parts, assertions, digest, sync, canEvaluate: !strict };
  for (const [name, value] of Object.entries(expected)) {
    if (!isDeepStrictEqual(answer?.[name], value)) {
      return `${name} is ${JSON.stringify(answer?.[name])}, and should be ${JSON.stringify(value)}`;
    }
  }
  return undefined;
}
