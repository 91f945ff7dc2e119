// Draws the charts of a page anew from the tables beside them: every line instead of the first few, and the number
// under the finger. Without script, and on paper, there is the drawing that the server has made.
//
// A chart is an svg.chart; its table, in the same part of the page, marks with data-plot the heads of the columns that
// are drawn. data-steps names all steps of a time, also those that have no line: name|name|…
(function () {
  "use strict";
  const echarts = window.echarts;
  if (!echarts) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // Most bars of a chart; the table has all.
  const LINES = 40;

  const said = (cell) => cell.textContent.trim();
  const amount = (text) => {
    const value = parseFloat(text.replace(/,/g, "").replace("−", "-"));
    return Number.isFinite(value) ? value : null;
  };

  // Names, and of each column that is drawn its own name, its numbers and how the table writes them.
  function read(table) {
    const heads = Array.from(table.tHead.rows[0].cells);
    let rows = Array.from(table.tBodies[0].rows, (row) => ({ name: said(row.querySelector("th")), cells: row.cells }));
    if (table.dataset.steps) {
      const known = new Map(rows.map((row) => [row.name, row]));
      rows = table.dataset.steps.split("|").map((name) => known.get(name) || { name, cells: null });
    } else {
      rows = rows.slice(0, LINES);
    }
    const columns = heads.filter((head) => "plot" in head.dataset).map((head) => {
      const texts = rows.map((row) => (row.cells ? said(row.cells[head.cellIndex]) : "0"));
      return { name: said(head), texts, values: texts.map(amount) };
    });
    return { names: rows.map((row) => row.name), columns };
  }

  // Type and colours of the page as they are now.
  function look(box) {
    const own = getComputedStyle(box);
    const of = (name) => own.getPropertyValue(name).trim();
    const type = { fontFamily: own.fontFamily, fontSize: Math.round(parseFloat(own.fontSize)), color: of("--ink") };
    return { type, size: type.fontSize, line: of("--line"), paper: of("--paper"), fills: [of("--accent"), of("--warn")] };
  }

  function drawn(box, { names, columns }) {
    const { type, size, line, paper, fills } = look(box);
    const lies = columns.length === 1;
    const longest = Math.max(...columns[0].texts.map((text) => text.length));
    // Beside each other there is room for names and bars on a wide page only.
    const above = lies && box.clientWidth < size * 30;
    box.style.height = `${Math.round(size * (lies ? (above ? 3.4 : 2.2) * names.length + 1 : 14))}px`;
    const beside = { width: size * 8, overflow: "truncate" };
    const over = { inside: true, margin: 0, verticalAlign: "bottom", padding: [0, 0, size * 0.8, 0] };
    const category = {
      type: "category",
      data: names,
      inverse: lies,
      axisTick: { show: false },
      axisLine: { show: !lies, lineStyle: { color: line } },
      axisLabel: { ...type, ...(lies && (above ? over : beside)) },
      z: 3,
    };
    const whole = columns.every((column) => column.values.every(Number.isInteger));
    const value = {
      type: "value",
      show: !lies,
      ...(whole && { minInterval: 1 }),
      axisLabel: type,
      splitLine: { lineStyle: { color: line } },
    };
    return {
      animation: !still.matches,
      textStyle: type,
      // What is shown under the finger is drawn, too: as HTML it would need styles that the page does not allow.
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        axisPointer: { type: "shadow" },
        backgroundColor: paper,
        borderColor: line,
        textStyle: type,
        transitionDuration: still.matches ? 0 : 0.2,
      },
      grid: {
        left: 4,
        right: Math.round(size * (lies ? 0.65 * longest + 1 : 2)),
        top: lies ? size * (above ? 0.8 : 0.2) : size,
        bottom: 4,
        outerBoundsMode: above ? "none" : "same",
        outerBoundsContain: "axisLabel",
      },
      xAxis: lies ? value : category,
      yAxis: lies ? category : value,
      series: columns.map((column, at) => ({
        type: "bar",
        name: column.name,
        data: column.values,
        barMaxWidth: size * (above ? 0.9 : 1.4),
        itemStyle: { color: fills[at % fills.length], borderRadius: lies ? 4 : 0 },
        label: { ...type, show: lies, position: "right", formatter: (one) => column.texts[one.dataIndex] },
        tooltip: { valueFormatter: (_, index) => column.texts[index] },
        emphasis: { disabled: true },
      })),
    };
  }

  function draw(svg) {
    const head = svg.parentNode.querySelector("table th[data-plot]");
    if (!head) return;
    const found = read(head.closest("table"));
    if (!found.columns.some((column) => column.values.some((value) => value > 0))) return;
    const box = document.createElement("div");
    box.className = "plot";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", svg.getAttribute("aria-label"));
    svg.before(box);
    const chart = echarts.init(box, null, { renderer: "canvas" });
    const again = () => {
      chart.setOption(drawn(box, found), true);
      chart.resize();
    };
    again();
    svg.classList.add("drawn");
    // A window of another size may have larger type.
    let width = box.clientWidth;
    new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      again();
    }).observe(box);
    for (const query of [still, dark]) query.addEventListener("change", again);
  }

  for (const svg of document.querySelectorAll("svg.chart")) draw(svg);
})();
