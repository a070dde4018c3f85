/* Draws the charts of a page from its json_script data. A page works without this file: every chart has a table. */
"use strict";

(function () {
  const FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function mass(grams, largest) {
    const [scale, unit] = largest >= 1e6 ? [1e6, " 吨"] : largest >= 1e3 ? [1e3, " 千克"] : [1, " 克"];
    return (grams / scale).toLocaleString("zh-CN", { maximumFractionDigits: 2 }) + unit;
  }

  function chineseDay(iso) {
    const parts = iso.split("-").map(Number);
    return parts[1] + "月" + parts[2] + "日";
  }

  const builders = {
    daily(data, size, narrow) {
      const color = token("--accent");
      const bars = { type: "bar", data: data.grams, itemStyle: { color }, barCategoryGap: "25%" };
      const line = { type: "line", data: data.grams, symbol: "none", lineStyle: { color }, itemStyle: { color }, areaStyle: { color, opacity: 0.15 } };
      const largest = Math.max(0, ...data.grams);
      const text = { fontSize: size, color: token("--ink-soft") };
      return {
        animation: false,
        textStyle: { fontFamily: FONT },
        grid: { left: 8, right: 2 * size, top: 16, bottom: 8, containLabel: true },
        tooltip: {
          trigger: "axis",
          renderMode: "richText",
          axisPointer: { type: "shadow" },
          textStyle: { fontSize: size, fontFamily: FONT },
          formatter(items) {
            const at = items[0].dataIndex;
            return chineseDay(data.days[at]) + "\n减排 " + mass(data.grams[at], data.grams[at]) + "\n计入 " + data.behaviors[at] + " 次";
          },
        },
        xAxis: {
          type: "category",
          data: data.days,
          axisTick: { show: false },
          axisLine: { lineStyle: { color: token("--line-strong") } },
          axisLabel: { ...text, formatter: chineseDay, hideOverlap: true },
        },
        yAxis: {
          type: "value",
          splitNumber: 4,
          splitLine: { lineStyle: { color: token("--line") } },
          axisLabel: { ...text, formatter: (value) => mass(value, largest) },
        },
        series: [narrow ? line : bars],
      };
    },

    history(data, size) {
      const color = token("--accent");
      const text = { fontSize: size, color: token("--ink-soft") };
      const points = data.days.map((day, at) => [day, Number(data.values[at])]);
      const aim = { type: "line", symbol: "none", silent: true, lineStyle: { color: token("--ink-soft"), type: "dashed", width: 2 } };
      if (data.target !== null) aim.data = [points[0], points[points.length - 1]].map((point) => [point[0], Number(data.target)]);
      const reach = Math.max(Number(data.target || 0), ...points.map((point) => point[1]));
      return {
        animation: false,
        textStyle: { fontFamily: FONT },
        grid: { left: 8, right: 2 * size, top: 1.5 * size, bottom: 8, containLabel: true },
        tooltip: {
          trigger: "axis",
          renderMode: "richText",
          textStyle: { fontSize: size, fontFamily: FONT },
          formatter(items) {
            const at = items[0].dataIndex;
            return chineseDay(data.days[at]) + "\n" + data.words[at];
          },
        },
        xAxis: {
          type: "time",
          axisLine: { lineStyle: { color: token("--line-strong") } },
          axisLabel: { ...text, formatter: "{yyyy}年{M}月", hideOverlap: true },
        },
        yAxis: {
          type: "value",
          splitNumber: 4,
          max: reach > 0 ? undefined : 1,
          minInterval: points.every((point) => Number.isInteger(point[1])) ? 1 : 0,
          splitLine: { lineStyle: { color: token("--line") } },
          axisLabel: text,
        },
        series: [{ type: "line", step: "end", data: points, symbolSize: 8, lineStyle: { color, width: 2 }, itemStyle: { color } }, aim],
      };
    },
  };

  for (const element of document.querySelectorAll("[data-chart]")) {
    const source = document.getElementById(element.dataset.source);
    const build = builders[element.dataset.chart];
    if (!source || !build || !window.echarts) continue;
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const chart = window.echarts.init(element, null, { renderer: "canvas" });
    chart.setOption(build(JSON.parse(source.textContent), size, element.clientWidth < 32 * size));
    new ResizeObserver(() => chart.resize()).observe(element);
  }
})();
