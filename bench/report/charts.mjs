/**
 * The charts, drawn to SVG without a browser.
 * @module
 */
import * as echarts from "echarts";
import {
  CHECK,
  CHECK_ID,
  CHECK_ID_TASK_CLOCK,
  CHECK_IDS,
  JS_TABLE,
  JS_TABLE_BATCH,
  LRU_CACHE,
  MAP,
  NATIVE,
  NATIVE_BATCH,
  SET,
} from "../contenders/index.mjs";
import { figureText, sizeText } from "./summary.mjs";

const WIDTH = 960;
const HEIGHT = 520;
const FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

// The gate in warm colours, what it is compared with in cold ones; without JavaScript, dashed.
const LINES = {
  [SET]: { color: "#5b6b7b" },
  [MAP]: { color: "#8fa3b5" },
  [LRU_CACHE]: { color: "#2f6fb0" },
  [JS_TABLE]: { color: "#2a9d8f" },
  [JS_TABLE_BATCH]: { color: "#7cc5bb" },
  [CHECK]: { color: "#f2b134" },
  [CHECK_ID]: { color: "#ee8434" },
  [CHECK_ID_TASK_CLOCK]: { color: "#dd5f2f" },
  [CHECK_IDS]: { color: "#b3212e" },
  [NATIVE]: { color: "#dd5f2f", dashed: true },
  [NATIVE_BATCH]: { color: "#b3212e", dashed: true },
};

const BAR_COLORS = ["#2f6fb0", "#ee8434", "#2a9d8f", "#b3212e"];

function draw(option, height = HEIGHT) {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const titleOf = (text, subtext) => ({
  text,
  subtext,
  left: 16,
  top: 8,
  textStyle: { fontSize: 17 },
});

/** A line for each contender over the sizes. */
function lineChart(summary, figure, title) {
  const tasks = summary
    .cases("keys")
    .filter((task) => summary.contenders(task).some((name) => summary.median(task, name, figure)));
  const series = Object.entries(LINES).map(([name, { color, dashed }]) => ({
    name,
    type: "line",
    symbolSize: 7,
    connectNulls: true,
    color,
    lineStyle: { width: 2.5, type: dashed ? "dashed" : "solid" },
    data: tasks.map((task) => summary.median(task, name, figure) ?? null),
  }));
  return draw({
    title: titleOf(title, "CPU time of an event in ns; less is better"),
    legend: { left: WIDTH - 280, top: 76, orient: "vertical", itemGap: 9 },
    grid: { left: 64, right: 310, top: 76, bottom: 56 },
    xAxis: {
      type: "category",
      name: "keys",
      nameLocation: "middle",
      nameGap: 32,
      data: tasks.map(({ size }) => sizeText(size)),
    },
    yAxis: { type: "value", min: 0 },
    series: series.filter(({ data }) => data.some((value) => value !== null)),
  });
}

/** Lying bars: a group for each name, a colour for each series. */
function barChart({ title, subtext, names, series, log = false }) {
  const present = series.filter(({ data }) => data.some((value) => value !== null));
  const bar = Math.max(9, Math.min(18, 54 / present.length));
  const height = 130 + names.length * (present.length * bar + 12);
  const axis = log ? { type: "log", min: 0.1, startValue: 0.1 } : { type: "value", min: 0 };
  return draw(
    {
      title: titleOf(title, subtext),
      legend: { right: 32, top: 16, itemGap: 32 },
      grid: { left: 330, right: 70, top: 76, bottom: 40 },
      xAxis: axis,
      yAxis: {
        type: "category",
        inverse: true,
        data: names.map((name) => ({
          value: name,
          textStyle: { fontWeight: name.startsWith("onceward") ? "bold" : "normal" },
        })),
        axisTick: { show: false },
      },
      series: present.map(({ name, data }, index) => ({
        name,
        type: "bar",
        barWidth: bar,
        barGap: 0,
        color: BAR_COLORS[index],
        data,
        label: {
          show: true,
          position: "right",
          fontSize: 11,
          formatter: ({ value }) => figureText(value ?? undefined).replace("–", ""),
        },
      })),
    },
    height,
  );
}

/** A bar for each contender and each of the tasks. */
function barsOver(summary, { title, subtext, tasks, figure, nameOf }) {
  const names = [...new Set(tasks.flatMap((task) => summary.contenders(task)))].filter((name) =>
    tasks.some((task) => summary.median(task, name, figure) !== undefined),
  );
  const series = tasks.map((task) => ({
    name: nameOf(task),
    data: names.map((name) => summary.median(task, name, figure) ?? null),
  }));
  return barChart({ title, subtext, names, series });
}

function worstChart(summary, task) {
  const names = summary.contenders(task);
  const series = Object.entries({ worstUs: "worst", p9999Us: "p99.99", p999Us: "p99.9" }).map(
    ([figure, name]) => ({
      name,
      data: names.map((contender) => summary.median(task, contender, figure) ?? null),
    }),
  );
  const title = `Single calls while filling ${sizeText(task.size)} keys`;
  return barChart({ title, subtext: "wall time in µs, logarithmic", names, series, log: true });
}

function stateChart(summary, task) {
  const names = summary.contenders(task);
  const figures = { saveNs: "save", restoreNs: "restore", bothNs: "both" };
  const series = Object.entries(figures).map(([figure, name]) => ({
    name,
    data: names.map((contender) => summary.median(task, contender, figure) ?? null),
  }));
  const title = `State of ${sizeText(task.size)} keys, saved and restored`;
  return barChart({ title, subtext: "CPU time of a key in ns", names, series });
}

/** Returns the charts that there are figures for: file name to SVG. */
export function makeCharts(summary) {
  const bySize = ({ size }) => sizeText(size);
  const charts = {};
  const tasks = Object.fromEntries(
    ["keys", "worst", "revisions", "window", "state"].map((scenario) => [
      scenario,
      summary.cases(scenario),
    ]),
  );
  if (tasks.keys.length > 0) {
    charts["fill.svg"] = lineChart(summary, "fillNs", "Filling from empty, half of it known keys");
    charts["probe.svg"] = lineChart(summary, "probeNs", "Known keys only");
    charts["bytes.svg"] = barsOver(summary, {
      title: "Memory of a key",
      subtext: "bytes on the heap and outside of it, after a fill",
      tasks: tasks.keys,
      figure: "heapBytesPerKey",
      nameOf: bySize,
    });
  }
  for (const task of tasks.worst.slice(-1)) {
    charts["worst.svg"] = worstChart(summary, task);
  }
  if (tasks.revisions.length > 0) {
    charts["revisions.svg"] = barsOver(summary, {
      title: "Revisions, a fifth of them stale",
      subtext: "CPU time of an event in ns",
      tasks: tasks.revisions,
      figure: "ns",
      nameOf: ({ kind }) => kind,
    });
  }
  if (tasks.window.length > 0) {
    charts["window.svg"] = barsOver(summary, {
      title: "A sliding window: one key comes, one is forgotten",
      subtext: "CPU time of an event in ns, by live keys",
      tasks: tasks.window,
      figure: "ns",
      nameOf: bySize,
    });
  }
  for (const task of tasks.state.slice(-1)) {
    charts["state.svg"] = stateChart(summary, task);
  }
  return charts;
}
