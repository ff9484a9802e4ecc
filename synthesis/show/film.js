"use strict";
// The film of a synthesis: its records, one after the other.

(() => {
  const { $, element, drawn, number_text, say, player } = page;
  const DATA = page.data();
  const RECORDS = DATA.records, LINKS = DATA.links, LEAST_LOSS = 1e-16;
  const moments = unpacked();

  // ---------------- what is there at each record ----------------

  function bits(text) {
    const bytes = atob(text);
    return LINKS.map((_, i) => (bytes.charCodeAt(i >> 3) >> (7 - i % 8)) & 1);
  }

  /** For every record the links that are there, and their weights where they are known. */
  function unpacked() {
    let there = null, weights = null;
    return RECORDS.map((record) => {
      if (record.there !== undefined) {
        there = bits(record.there);
        weights = null;
        if (record.weights) {
          const known = record.weights.slice();
          weights = there.map((is_there) => is_there ? known.shift() : 0);
        }
      }
      const is_present = there && there.reduce((sum, x) => sum + x, 0) === record.links;
      return is_present ? { there, weights } : { there: null, weights: null };
    });
  }

  // ---------------- curves over the records ----------------

  const WIDTH = Math.max(RECORDS.length, 1);
  const CURVES = [
    ["loss", (record) => record.loss === null ? null : Math.max(record.loss, LEAST_LOSS)],
    ["links", (record) => record.links || null],
  ].map(([name, value]) => [name, RECORDS.map(value)])
    .filter(([, values]) => values.some((x) => x !== null))
    .map(([name, values]) => curve(name, values));

  function curve(name, values) {
    const known = values.filter((x) => x !== null);
    const least = Math.min(...known), most = Math.max(...known);
    const low = Math.log10(least), high = Math.max(Math.log10(most), low + 1e-9);
    const margin = (high - low) * 0.08, top = -high - margin, height = high - low + 2 * margin;
    const svg = drawn("svg", { viewBox: `0 ${top} ${WIDTH} ${height}`, role: "img",
      preserveAspectRatio: "none",
      "aria-label": `${name} over the records, between ${number_text(least)} and ${number_text(most)}` });
    let path = "";
    values.forEach((x, i) => {
      if (x !== null) path += `${path ? "L" : "M"}${i} ${-Math.log10(x)}L${i + 1} ${-Math.log10(x)}`;
    });
    const here = drawn("path", { class: "here" });
    svg.append(drawn("path", { d: path }), here);
    leads_to_records(svg);
    const ends = `${number_text(least)} to ${number_text(most)}`;
    $("curves").append(element("div", { class: "curve" }, element("div", { class: "name" },
      element("span", {}, name), element("span", {}, ends)), svg));
    return { here, extent: [top, top + height] };
  }

  function leads_to_records(svg) {
    svg.addEventListener("click", (event) => {
      const place = svg.getBoundingClientRect();
      time.go(Math.floor((event.clientX - place.left) / place.width * WIDTH));
    });
  }

  const phases = DATA.phases.map(({ name, spans }) => {
    const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} 1`, preserveAspectRatio: "none",
      "aria-hidden": true }, ...spans.map(([from, to]) =>
      drawn("rect", { class: "band", x: from, width: to - from, y: 0, height: 1 })));
    leads_to_records(svg);
    const item = element("li", {}, svg, element("span", {}, name));
    $("phases").append(item);
    return { name, item };
  });

  // ---------------- every link: a cell each ----------------

  const CELL = "h.84v.84h-.84z";
  const matrix = Object.fromEntries(["possible", "gone", "there", "below"].map(
    (name) => [name, drawn("path", { class: name })]));
  const matrix_svg = drawn("svg", { role: "img",
    viewBox: `-.5 -.5 ${DATA.n_outputs + 1} ${DATA.n_inputs + 1}` }, ...Object.values(matrix));
  matrix.possible.setAttribute("d", cells(LINKS.map(() => true)));
  $("matrix").append(matrix_svg);

  function cells(is_drawn) {
    return LINKS.map(([row, column], i) => is_drawn[i] ? `M${column} ${row}${CELL}` : "").join("");
  }

  function show_matrix({ there, weights }, before) {
    const now = there || LINKS.map(() => 0);
    const is_below = now.map((x, i) => x && weights && weights[i] < 0);
    matrix.there.setAttribute("d", cells(now.map((x, i) => x && !is_below[i])));
    matrix.below.setAttribute("d", cells(is_below));
    matrix.gone.setAttribute("d", cells(now.map((x, i) => !x && before && before[i])));
  }

  // ---------------- the machine, once it is small ----------------

  const SPAN = Math.max(...DATA.nodes.map((node) => node.x));
  const TALL = Math.max(...DATA.nodes.map((node) => node.y));
  const graph = drawn("svg", { role: "img", viewBox: `-60 -30 ${SPAN + 120} ${TALL + 60}` });
  $("graph").append(graph);

  function bend(sender, receiver) {
    const [from, to] = [DATA.nodes[sender], DATA.nodes[receiver]];
    if (from.x < to.x) {
      const half = (from.x + to.x) / 2;
      return `M${from.x} ${from.y}C${half} ${from.y} ${half} ${to.y} ${to.x} ${to.y}`;
    }
    const above = Math.min(from.y, to.y) - 34; // back, or to itself
    return `M${from.x} ${from.y}C${from.x + 50} ${above} ${to.x - 50} ${above} ${to.x} ${to.y}`;
  }

  function show_graph({ there, weights }) {
    const present = weights ? [...LINKS.keys()].filter((i) => there[i]) : [];
    const largest = present.reduce((size, i) => Math.max(size, Math.abs(weights[i])), 0) || 1;
    const linked = new Set(present.flatMap((i) => LINKS[i].slice(2)));
    graph.replaceChildren(
      ...present.map((i) => drawn("path", { class: weights[i] < 0 ? "link below" : "link",
        d: bend(LINKS[i][3], LINKS[i][2]),
        "stroke-width": (1 + 3 * Math.abs(weights[i]) / largest).toFixed(2) })),
      ...DATA.nodes.map((node, n) => drawn("circle", { cx: node.x, cy: node.y,
        r: linked.has(n) ? 6 : 2.5, class: linked.has(n) ? "node" : "idle" })),
      ...DATA.nodes.filter((_, n) => linked.has(n)).map((node) =>
        drawn("text", { x: node.x, y: node.y - 11 }, node.name)),
    );
    graph.setAttribute("aria-label", present.length ? `${present.length} links, listed below`
      : "too many links to be drawn");
    return present;
  }

  function show_list(present, weights) {
    const is_short = present.length <= DATA.most_listed;
    $("list").replaceChildren(...(is_short ? present : []).map((i) => element("li", {},
      `${number_text(weights[i])}  ${DATA.inputs[LINKS[i][0]]} ← ${DATA.outputs[LINKS[i][1]]}`)));
  }

  // ---------------- one record ----------------

  function put(id, x) {
    $(id).value = x === null ? "" : x;
    $(id).textContent = x === null ? "not finite" : number_text(x);
  }

  function show(at) {
    const record = RECORDS[at], moment = moments[at];
    put("links", record.links);
    put("loss", record.loss);
    put("steps", record.step);
    $("phase").textContent = record.phase;
    $("event").textContent = record.event;
    for (const { here, extent } of CURVES) {
      here.setAttribute("d", `M${at + 0.5} ${extent[0]}V${extent[1]}`);
    }
    for (const { name, item } of phases) item.classList.toggle("now", name === record.phase);
    show_matrix(moment, at ? moments[at - 1].there : null);
    matrix_svg.setAttribute("aria-label",
      moment.there ? `${record.links} of ${LINKS.length} links are there` : "not recorded");
    const present = show_graph(moment);
    show_list(present, moment.weights);
    $("drawn").textContent = drawn_words(record, moment);
  }

  function drawn_words(record, { there, weights }) {
    if (!there) return "Which links were there is not in this record.";
    if (!weights) return `${record.links} links are too many to be drawn; they are all in the matrix.`;
    return "Solid: positive weight. Dashed: negative. The wider, the larger.";
  }

  function tell() {
    const record = RECORDS[Number($("tick").value)];
    say(`${record.event} in ${record.phase}: ${record.links} links, loss `
      + `${record.loss === null ? "not finite" : number_text(record.loss)}.`);
  }

  const time = player({ show, tell, milliseconds: DATA.milliseconds,
    text: (at, last) => `record ${at + 1} of ${last + 1}` });
  time.restart(RECORDS.length - 1);
})();
