/**
 * The Retry-After header: a number of seconds, or a date (RFC 9110, sections 10.2.3 and 5.6.7).
 * @module
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const TIME = String.raw`(\d{2}):(\d{2}):(\d{2})`;
/** `Sun, 06 Nov 1994 08:49:37 GMT`. */
const IMF_FIXDATE = new RegExp(
  String.raw`^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) ${TIME} GMT$`,
);
/** `Sunday, 06-Nov-94 08:49:37 GMT`, which recipients must still accept. */
const RFC_850 = new RegExp(
  String.raw`^[A-Z][a-z]+day, (\d{2})-([A-Z][a-z]{2})-(\d{2}) ${TIME} GMT$`,
);
/** `Sun Nov  6 08:49:37 1994`, likewise. */
const ASCTIME = new RegExp(String.raw`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([\d ]\d) ${TIME} (\d{4})$`);

const YEARS_AHEAD_MAX = 50;
const CENTURY = 100;

function toMs(
  parts: readonly [string, string, string],
  time: readonly string[],
): number | undefined {
  const [year, monthName, day] = parts;
  const month = MONTHS.indexOf(monthName);
  const [hours = NaN, minutes = NaN, seconds = NaN] = time.map(Number);
  const isInRange = month >= 0 && hours < 24 && minutes < 60 && seconds <= 60;
  if (!isInRange) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month, Number(day));
  // A day that the month does not have would be one of the next.
  return date.getUTCDate() === Number(day)
    ? date.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000
    : undefined;
}

/** A year of two digits that seems to be more than 50 years ahead is in the past. */
function toYear(digits: string, now: number): string {
  const current = new Date(now).getUTCFullYear();
  const year = Number(digits) + Math.floor(current / CENTURY) * CENTURY;
  return String(year > current + YEARS_AHEAD_MAX ? year - CENTURY : year);
}

function readDate(text: string, now: number): number | undefined {
  const [, day = "", month = "", year = "", ...time] = IMF_FIXDATE.exec(text) ?? [];
  if (day !== "") {
    return toMs([year, month, day], time);
  }
  const [, oldDay = "", oldMonth = "", shortYear = "", ...oldTime] = RFC_850.exec(text) ?? [];
  if (oldDay !== "") {
    return toMs([toYear(shortYear, now), oldMonth, oldDay], oldTime);
  }
  const found = ASCTIME.exec(text);
  if (found === null) {
    return undefined;
  }
  const [, cMonth = "", cDay = "", hours = "", minutes = "", seconds = "", cYear = ""] = found;
  return toMs([cYear, cMonth, cDay.trim()], [hours, minutes, seconds]);
}

/**
 * Returns for how many milliseconds the header asks to wait, at least 0; undefined when it is
 * absent or is neither of the two forms.
 *
 * A date is compared with the answer's own `Date` where there is one, so that a device whose clock
 * is wrong waits for as long as was meant.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) {
    return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  }
  const until = readDate(text, now);
  const sent = readDate(headers.get("date")?.trim() ?? "", now) ?? now;
  return until === undefined ? undefined : Math.max(until - sent, 0);
}
