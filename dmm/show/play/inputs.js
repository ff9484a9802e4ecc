"use strict";
// What goes into a machine: a text or numbers for every source, typed or drawn.

/**
 * Fields for all sources of the machine.
 * defaults: {mode, text, numbers} per source; on_change(streams, n_ticks) is called at once, and
 * whenever what stands in the fields has changed and is right.
 */
function inputs(defaults, default_ticks, on_change) {
  const { $, element, drawn, say } = page;
  const LARGEST_DRAWN = 2, MOST_TICKS = 5000;
  let n_ticks = 1;

  const sources = machine.SOURCES.map((name, i) => source_fields(name, defaults[i]));
  const ticks_field = element("input", {
    type: "number", min: 1, max: MOST_TICKS, step: 1, value: default_ticks, id: "ticks",
  });
  const period_field = element("input", { type: "number", min: 1, step: 1, value: 10, id: "period" });

  function source_fields(name, first) {
    const mode = element("select", { id: `mode-${name}` },
      element("option", { value: "text" }, "text"), element("option", { value: "numbers" }, "numbers"));
    mode.value = first.mode;
    const text = element("input", { type: "text", id: `text-${name}`, value: first.text,
      autocomplete: "off", spellcheck: "false" });
    const numbers = element("input", { type: "text", id: `numbers-${name}`, value: first.numbers,
      autocomplete: "off", spellcheck: "false", inputmode: "text" });
    const pad = drawn("svg", { class: "pad", tabindex: 0, role: "slider", id: `pad-${name}`,
      "aria-label": `Draw ${name}: left and right choose the number, up and down change it`,
      "aria-valuemin": -LARGEST_DRAWN, "aria-valuemax": LARGEST_DRAWN, preserveAspectRatio: "none" });
    const source = { name, mode, text, numbers, pad, at: 0 };
    mode.addEventListener("change", () => read_inputs());
    text.addEventListener("input", () => read_inputs());
    numbers.addEventListener("input", () => read_inputs());
    pad.addEventListener("pointerdown", (event) => {
      pad.setPointerCapture(event.pointerId);
      draw(source, event);
    });
    pad.addEventListener("pointermove", (event) => { if (event.buttons & 1) draw(source, event); });
    pad.addEventListener("keydown", (event) => draw_by_key(source, event));
    return source;
  }

  function labelled(words, field, css = "") {
    return element("label", css ? { class: css } : {}, words, field);
  }

  function build_inputs() {
    const form = $("inputs");
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const source of sources) {
      const group = element("fieldset", {}, element("legend", {}, source.name));
      source.text_label = labelled("text, a character at a time", source.text, "grow");
      source.numbers_label = labelled("numbers, one after the other", source.numbers, "grow");
      group.append(element("div", { class: "row" }, labelled("as", source.mode),
        source.text_label, source.numbers_label), source.pad);
      form.append(group);
    }
    const common = element("div", { class: "row" });
    if (!machine.TEXT_IS_ROWS) {
      if (sources.length) common.append(labelled("ticks between characters", period_field));
      common.append(labelled("ticks in all", ticks_field));
    }
    form.append(common);
    for (const field of [ticks_field, period_field]) field.addEventListener("input", () => read_inputs());
    if (!sources.length) form.prepend("This machine reads no stream.");
  }

  function parsed(source) {
    const cells = source.numbers.value.split(/[\s,;]+/).filter(Boolean);
    const values = cells.map(Number);
    return values.every(Number.isFinite) ? values : null;
  }

  function whole_number(field, most) {
    const value = Number(field.value);
    const is_valid = Number.isInteger(value) && value >= 1 && value <= most;
    field.setAttribute("aria-invalid", !is_valid);
    return is_valid ? value : null;
  }

  function rows_of(source, period) {
    if (source.mode.value === "text") {
      const letters = Array.from(source.text.value);
      if (!letters.length) return [];
      if (!machine.TEXT_IS_ROWS) return machine.text_stream(source.text.value, n_ticks, period);
      return letters.map((letter) => ({ [machine.key_of(letter)]: 1 }));
    }
    const values = parsed(source);
    source.numbers.setAttribute("aria-invalid", values === null);
    return values === null ? null : values.map((x) => ({ "": x }));
  }

  function read_inputs() {
    const period = whole_number(period_field, MOST_TICKS);
    const asked = machine.TEXT_IS_ROWS ? n_ticks : whole_number(ticks_field, MOST_TICKS);
    if (period === null || asked === null) return say("Ticks are whole numbers, at least 1.");
    n_ticks = asked;
    const rows = sources.map((source) => rows_of(source, period));
    for (const source of sources) show_fields(source);
    const wrong = sources.find((_, i) => rows[i] === null);
    if (wrong) return say(`What stands for ${wrong.name} is not a list of numbers.`);
    const held = rows.map((entries) => entries.flatMap((entry) => Array(machine.HELD).fill(entry)));
    const streams = Object.fromEntries(sources.map((source, i) => [source.name, held[i]]));
    if (machine.TEXT_IS_ROWS) {
      const longest = Math.max(1, ...rows.map((entries) => entries.length));
      n_ticks = Math.min(MOST_TICKS, longest * machine.HELD + machine.DELAY);
    }
    on_change(streams, n_ticks);
  }

  // ---------------- drawing a stream ----------------

  function show_fields(source) {
    const is_text = source.mode.value === "text";
    source.text_label.classList.toggle("hidden", !is_text);
    source.numbers_label.classList.toggle("hidden", is_text);
    source.pad.classList.toggle("hidden", is_text);
    if (!is_text) draw_pad(source);
  }

  function draw_pad(source) {
    const values = parsed(source);
    if (!values) return;
    const { pad } = source, height = 2 * LARGEST_DRAWN;
    source.at = Math.min(source.at, Math.max(values.length - 1, 0));
    pad.setAttribute("viewBox", `0 0 ${Math.max(values.length, 1)} ${height}`);
    pad.replaceChildren(drawn("rect", { class: "here", x: source.at, y: 0, width: 1, height }));
    values.forEach((x, i) => {
      const top = Math.max(-LARGEST_DRAWN, Math.min(LARGEST_DRAWN, x));
      pad.append(drawn("rect", { class: x < 0 ? "value below" : "value", x: i + 0.15, width: 0.7,
        y: LARGEST_DRAWN - Math.max(top, 0), height: Math.abs(top) }));
    });
    pad.append(drawn("path", { class: "axis", d: `M0 ${LARGEST_DRAWN}H${values.length}` }));
    const here = values.length ? values[source.at] : 0;
    pad.setAttribute("aria-valuenow", here);
    pad.setAttribute("aria-valuetext", `number ${source.at + 1} of ${values.length}: ${here}`);
  }

  function set_number(source, at, x) {
    const values = parsed(source) || [];
    if (at >= values.length) return;
    values[at] = Math.round(Math.max(-LARGEST_DRAWN, Math.min(LARGEST_DRAWN, x)) * 10) / 10;
    source.at = at;
    source.numbers.value = values.join(", ");
    read_inputs();
  }

  function draw(source, event) {
    const values = parsed(source) || [], place = source.pad.getBoundingClientRect();
    const at = Math.floor((event.clientX - place.left) / place.width * values.length);
    const x = LARGEST_DRAWN - (event.clientY - place.top) / place.height * 2 * LARGEST_DRAWN;
    set_number(source, Math.max(0, Math.min(values.length - 1, at)), x);
  }

  function draw_by_key(source, event) {
    const values = parsed(source) || [];
    const moves = { ArrowLeft: -1, ArrowRight: 1 };
    const changes = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 };
    if (event.key in moves) {
      source.at = Math.max(0, Math.min(values.length - 1, source.at + moves[event.key]));
      draw_pad(source);
    } else if (event.key in changes) set_number(source, source.at, values[source.at] + changes[event.key]);
    else return;
    event.preventDefault();
  }

  build_inputs();
  read_inputs();
}
