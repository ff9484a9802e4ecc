"use strict";
// A machine to play with: what it computes is the program before this one, `machine`.

(() => {
  const { $, element, drawn, number_text, say, player } = page;
  const DATA = page.data();
  const WEIGHTS = machine.LINKS.map((link) => link[3]);
  const NEAR = 1e-9;
  const off = new Set();
  const weights = WEIGHTS.slice();
  let streams = {}, n_ticks = 1, tick = 0;
  let whole = null, present = null; // all streams of all ticks, of the machine as it was and is

  function size_of(stream) {
    return stream.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  }

  /** A stream in few words: its number, or its first keys. */
  function stream_text(stream, keys, most = 3) {
    const places = [...stream.keys()].filter((k) => stream[k] !== 0);
    if (!places.length) return "0";
    if (places.length === 1 && places[0] === 0) return number_text(stream[0]);
    const shown = places.slice(0, most).map((k) => `${keys[k] || "number"}: ${number_text(stream[k])}`);
    return `{${shown.join(", ")}${places.length > most ? ", …" : ""}}`;
  }

  // ---------------- running ----------------

  function effective() {
    return weights.map((weight, i) => off.has(i) ? 0 : weight);
  }

  /** All streams before the first tick, after the first, ... */
  function traced(with_weights) {
    const run = machine.begin(streams, with_weights);
    const copy = () => run.streams.map((stream) => stream.slice());
    const ticks = [copy()];
    while (run.tick < n_ticks) {
      machine.step(run);
      ticks.push(copy());
    }
    return { keys: run.keys, ticks };
  }

  function is_damaged() {
    return off.size > 0 || weights.some((weight, i) => weight !== WEIGHTS[i]);
  }

  function rerun(is_new_input) {
    if (is_new_input) whole = traced(WEIGHTS);
    present = is_damaged() ? traced(effective()) : whole;
    compare();
    draw_charts();
    time.restart(n_ticks);
  }

  // ---------------- links ----------------

  const controls = DATA.links.map(link_controls);

  function link_controls(link) {
    const i = link.index, span = Math.max(2, Math.ceil(2 * Math.abs(WEIGHTS[i])));
    const on = element("input", { type: "checkbox", id: `on-${i}`, "aria-label": `${link.label}: on` });
    const slide = element("input", { type: "range", min: -span, max: span, step: 0.01, id: `slide-${i}`,
      "aria-label": `weight of ${link.label}` });
    const field = element("input", { type: "number", step: "any", id: `weight-${i}`,
      "aria-label": `weight of ${link.label}, as a number` });
    on.addEventListener("change", () => switch_link(i, on.checked));
    slide.addEventListener("input", () => set_weight(i, Number(slide.value)));
    field.addEventListener("input", () => {
      const x = Number(field.value);
      const is_valid = field.value.trim() !== "" && Number.isFinite(x);
      field.setAttribute("aria-invalid", !is_valid);
      if (is_valid) set_weight(i, x, field);
    });
    const row = element("tr", {}, element("td", {}, on),
      element("th", { scope: "row" }, link.label, ...(link.is_fixed ? [" (hard)"] : [])),
      element("td", { class: "slide" }, slide), element("td", {}, field));
    return { index: i, label: link.label, on, slide, field, row };
  }

  function label_of(i) {
    return controls.find(({ index }) => index === i).label;
  }

  function switch_link(i, is_on) {
    if (is_on) off.delete(i);
    else off.add(i);
    changed(`${label_of(i)} is ${is_on ? "on" : "off"}`);
  }

  function set_weight(i, x, from = null) {
    weights[i] = x;
    changed(`${label_of(i)} weighs ${number_text(x)}`, from);
  }

  function mend() {
    off.clear();
    WEIGHTS.forEach((weight, i) => { weights[i] = weight; });
    changed("Everything is as it was");
  }

  function changed(words, from = null) {
    show_links(from);
    rerun(false);
    say(`${words}. ${difference()}`);
  }

  function show_links(from = null) {
    for (const { index, on, slide, field, row } of controls) {
      on.checked = !off.has(index);
      slide.value = weights[index];
      if (field !== from) {
        field.value = weights[index];
        field.setAttribute("aria-invalid", false);
      }
      row.classList.toggle("is-off", off.has(index));
      row.classList.toggle("is-changed", weights[index] !== WEIGHTS[index]);
    }
    for (const { group, index } of edges) {
      group.classList.toggle("off", off.has(index));
      group.classList.toggle("changed", weights[index] !== WEIGHTS[index]);
    }
    $("mend").disabled = !is_damaged();
  }

  // ---------------- comparison with the undamaged machine ----------------

  const observed = machine.OBSERVED.map(([stream, name]) => output_row(stream, name));

  function output_row(stream, name) {
    const now = element("data", { "data-output": name }), was = element("data");
    const same = element("td");
    const row = element("tr", {}, element("th", { scope: "row" }, name),
      element("td", {}, now), element("td", {}, was), same);
    return { stream, name, now, was, same, row, n_same: 0 };
  }

  function is_near(one, other) {
    return one.every((x, k) => Math.abs(x - other[k]) <= NEAR || Object.is(x, other[k]));
  }

  function compare() {
    for (const port of observed) {
      port.n_same = 0;
      for (let t = 1; t <= n_ticks; t++) {
        port.n_same += is_near(present.ticks[t][port.stream], whole.ticks[t][port.stream]);
      }
      port.same.textContent = port.n_same === n_ticks ? "every tick" : `${port.n_same} of ${n_ticks} ticks`;
      port.row.classList.toggle("differs", port.n_same < n_ticks);
    }
    $("holds").textContent = is_damaged() ? "The machine has been changed: they may not hold now." : "";
  }

  function difference() {
    const wrong = observed.filter((port) => port.n_same < n_ticks);
    if (!wrong.length) return "Nothing that is observed differs.";
    return wrong.map((port) => `${port.name} differs at ${n_ticks - port.n_same} of ${n_ticks} ticks`)
      .join(", ") + ".";
  }

  // ---------------- charts ----------------

  const charts = observed.slice(0, DATA.most_charts).map(chart);

  function chart(port) {
    const svg = drawn("svg", { preserveAspectRatio: "none", role: "img" });
    const range = element("span");
    const box = element("div", { class: "chart" },
      element("div", { class: "name" }, element("span", {}, port.name), range), svg);
    $("charts").append(box);
    return { port, svg, range, here: null };
  }

  /** What is drawn of a stream: its number, or the largest of its keys where there is none. */
  function drawn_value(stream, by_size) {
    const x = by_size ? size_of(stream) : stream[0];
    return Number.isFinite(x) ? x : 0;
  }

  function draw_charts() {
    for (const each of charts) {
      const { port, svg } = each, both = [whole, present];
      const moments = both.flatMap(({ ticks }) => ticks.map((now) => now[port.stream]));
      const by_size = moments.every((stream) => stream[0] === 0) && moments.some((stream) => size_of(stream));
      const lines = both.map(({ ticks }) =>
        ticks.slice(1).map((now) => drawn_value(now[port.stream], by_size)));
      const low = lines.flat().reduce((a, b) => Math.min(a, b), 0);
      const high = lines.flat().reduce((a, b) => Math.max(a, b), low === 0 ? 1 : 0);
      const path = (line) => line.map((y, t) => `${t ? "L" : "M"}${t} ${-y}L${t + 1} ${-y}`).join("");
      const margin = (high - low) * 0.08;
      svg.setAttribute("viewBox", `0 ${-high - margin} ${n_ticks} ${high - low + 2 * margin}`);
      svg.setAttribute("aria-label", `${port.name} over ${n_ticks} ticks, from ${number_text(low)} `
        + `to ${number_text(high)}`);
      each.here = drawn("path", { class: "here" });
      svg.replaceChildren(drawn("path", { class: "present", d: path(lines[1]) }),
        drawn("path", { class: "whole", d: path(lines[0]) }), each.here);
      each.extent = [-high - margin, -low + margin];
      each.range.textContent = `${by_size ? "largest key, " : ""}${number_text(low)} to ${number_text(high)}`;
    }
  }

  // ---------------- one tick ----------------

  const edges = [...document.querySelectorAll("#graph [data-link]")].map((group) => {
    const index = Number(group.dataset.link), line = group.querySelector(".line");
    const hit = drawn("path", { class: "hit", d: line.getAttribute("d") });
    const flow = drawn("path", { class: "flow", d: line.getAttribute("d") });
    group.append(flow, hit);
    group.addEventListener("click", () => switch_link(index, off.has(index)));
    return { group, index, flow };
  });
  const ports = [...document.querySelectorAll("#graph [data-stream]")].map((label) => {
    const x = Number(label.getAttribute("x")) + 13, y = Number(label.getAttribute("y")) - 8;
    const amount = drawn("text", { class: "amount", x, y });
    label.closest("svg").append(amount);
    return { stream: Number(label.dataset.stream), amount, box: label.closest(".box") };
  });
  const equations = [...document.querySelectorAll("#equations [data-stream]")].map((line) => ({
    stream: Number(line.dataset.stream), sign: Number(line.dataset.sign), line,
    amount: line.querySelector("data"),
  }));

  function put(place, stream, keys, sign = 1) {
    const signed = sign < 0 ? stream.map((x) => -x) : stream;
    place.value = JSON.stringify(machine.shown({ streams: [signed], keys }, 0));
    place.textContent = stream_text(signed, keys);
  }

  function show(to) {
    tick = to;
    const now = present.ticks[tick], before = present.ticks[Math.max(tick - 1, 0)];
    const keys = present.keys, is_running = tick > 0, weighed = effective();
    for (const { group, index, flow } of edges) {
      const sent = is_running ? Math.abs(weighed[index]) * size_of(before[machine.LINKS[index][1]]) : 0;
      group.classList.toggle("live", sent > NEAR);
      flow.setAttribute("stroke-width", (2.5 + 3 * Math.min(sent, 2) / 2).toFixed(2));
    }
    const awake = new Set(ports.filter(({ stream }) => size_of(now[stream]) > NEAR).map(({ box }) => box));
    for (const { stream, amount, box } of ports) {
      const size = is_running ? size_of(before[stream]) : 0;
      amount.textContent = size > NEAR ? stream_text(before[stream], keys, 1) : "";
      box.classList.toggle("awake", awake.has(box));
    }
    for (const { stream, sign, line, amount } of equations) {
      line.classList.toggle("lit", size_of(now[stream]) > NEAR);
      put(amount, now[stream], keys, sign);
    }
    for (const port of observed) {
      put(port.now, now[port.stream], keys);
      put(port.was, whole.ticks[tick][port.stream], whole.keys);
    }
    for (const { here, extent } of charts) {
      here.setAttribute("d", tick ? `M${tick - 0.5} ${extent[0]}V${extent[1]}` : "");
    }
  }

  function tell() {
    const words = observed.slice(0, 4).map(({ name, now }) => `${name} ${now.textContent}`);
    say(`Tick ${tick}: ${words.join(", ")}.`);
  }

  const time = player({
    show, tell, milliseconds: DATA.milliseconds,
    text: (at, last) => `tick ${at} of ${last}`,
    on_play: (is_playing) => $("graph").classList.toggle("is-playing", is_playing),
  });

  // ---------------- copying ----------------

  const copied = {
    "copy-text": [() => DATA.text, "The equations are copied."],
    "copy-latex": [() => DATA.latex, "The equations are copied as LaTeX."],
    "copy-program": [() => $("code-program").textContent, "The program is copied."],
  };

  for (const [button, [text, words]] of Object.entries(copied)) {
    $(button).addEventListener("click", () => page.copy(text(), words));
  }

  // ---------------- all together ----------------

  $("outputs").append(...observed.map(({ row }) => row));
  $("links").append(...controls.map(({ row }) => row));
  $("mend").addEventListener("click", mend);
  show_links();
  inputs(DATA.sources, DATA.ticks, (new_streams, new_n_ticks) => {
    streams = new_streams;
    n_ticks = new_n_ticks;
    rerun(true);
  });
})();
