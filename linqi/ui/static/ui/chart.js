/* Charts from the JSON beside them. Tooltips are drawn, not written as HTML: the security policy forbids inline styles. */

const COLOURS = ["#0e7c7b", "#2f5d8a", "#c98a1b", "#7a6fb0", "#5b8c5a", "#b4553f", "#7b8794", "#4aa3a2"];
const TONES = { good: "#2f8f5b", warn: "#c98a1b", bad: "#c0392b", info: "#2f5d8a", quiet: "#9aa5b1", plain: "#0e7c7b" };
let library;

function load(url) {
  library ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => done(window.echarts);
    script.onerror = fail;
    document.head.append(script);
  });
  return library;
}

function options(data) {
  const font = getComputedStyle(document.body).fontFamily;
  const base = {
    color: COLOURS,
    textStyle: { fontFamily: font, fontSize: 12 },
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
    tooltip: { renderMode: "richText", confine: true, trigger: data.kind === "pie" ? "item" : "axis", axisPointer: { type: "shadow" } },
    legend: { show: data.series.length > 1 || data.kind === "pie", bottom: 0, type: "plain", itemWidth: 12, itemHeight: 12 },
  };
  if (data.kind === "pie") {
    const values = data.series[0].values;
    const slices = data.labels.map((name, at) => ({ name, value: values[at] })).filter((slice) => slice.value !== null);
    return { ...base, series: [{ type: "pie", radius: ["42%", "68%"], center: ["50%", "44%"], data: slices, label: { formatter: "{c}" }, labelLine: { length: 6, length2: 6 } }] };
  }
  const names = { type: "category", data: data.labels, axisTick: { show: false }, inverse: data.lying, axisLabel: { hideOverlap: true, width: data.lying ? 110 : undefined, overflow: "truncate" } };
  const numbers = { type: "value", splitLine: { lineStyle: { color: "#e6ebef" } }, minInterval: 1, splitNumber: data.lying ? 3 : 5, axisLabel: { hideOverlap: true } };
  return {
    ...base,
    grid: { left: 8, right: 16, top: 16, bottom: data.series.length > 1 ? 34 : 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: data.lying ? numbers : names,
    yAxis: data.lying ? names : numbers,
    series: data.series.map((one) => ({
      name: one.name,
      type: data.kind,
      data: one.values,
      stack: data.stacked ? "all" : undefined,
      barMaxWidth: 28,
      symbolSize: 6,
      itemStyle: one.tone ? { color: TONES[one.tone] } : undefined,
      emphasis: { focus: "series" },
    })),
  };
}

export async function draw(boxes, url) {
  const echarts = await load(url);
  for (const box of boxes) {
    const data = JSON.parse(document.getElementById(box.dataset.chartFrom).textContent);
    const chart = echarts.init(box, null, { renderer: "svg" });
    chart.setOption(options(data));
    chart.on("click", (event) => { if (data.links[event.dataIndex]) location.assign(data.links[event.dataIndex]); });
    new ResizeObserver(() => chart.resize()).observe(box);
  }
}
