"use strict";
// @TITLE@
// Stand-alone: needs nothing but Node, or a browser. Usage:
//
//     node machine.js "test string." --ticks 140
//     node machine.js < data.csv
//
// Loaded by another program (require("./machine.js")) it offers run(streams, ticks), and begin and
// step for a tick at a time.

const machine = (() => {
  const { @FUNCTIONS_OF_MATH@ } = Math;
  const fmax = Math.max, fmin = Math.min, fabs = Math.abs, INFINITY = Infinity, NAN = NaN;

  // A stream is an array: its plain number, then a number for every key.
  const N_STREAMS = @N_STREAMS@, N_INPUTS = @N_INPUTS@;
  const KEYS = [@KEYS@];
  const SOURCES = [@SOURCES@];
  const TEXT_SOURCE = @TEXT_SOURCE@;
  // A row is held for so many ticks and answered so many ticks after its first.
  const HELD = @HELD@, DELAY = @DELAY@, TEXT_IS_ROWS = @TEXT_IS_ROWS@;
  // Observed: stream, name, whether it may have keys.
  const OBSERVED = [
@OBSERVED@
  ];
  // Links: stream that receives, stream that sends, whether only the number is taken, weight.
  const LINKS = [
@LINKS@
  ];
  // Before the first tick: stream, column, number.
  const INITIAL = [
@INITIAL@
  ];

  // What each type of neuron does.
@FUNCTIONS@

  /** The entry of an outside stream, if there is one of this number. */
  function emit(run, source, index, out) {
    const entry = run.entries[source][index];
    if (entry) out.set(entry);
  }

  /** Inputs of all neurons: every link adds weight times what its sender emitted last. */
  function down_movement(run) {
    const s = run.streams;
    for (let i = 0; i < N_INPUTS; i++) s[i].fill(0);
    for (let i = 0; i < LINKS.length; i++) {
      const weight = run.weights[i];
      if (weight === 0) continue;
      const [receiver, sender, is_number] = LINKS[i];
      const into = s[receiver], from = s[sender], width = is_number ? 1 : run.width;
      for (let k = 0; k < width; k++) into[k] += weight * from[k];
    }
  }

  /** Outputs of all neurons: every neuron applies its function to its inputs. */
  function up_movement(run) {
    const s = run.streams, width = run.width, tick = run.tick;
    for (let i = N_INPUTS; i < N_STREAMS; i++) s[i].fill(0);
@FIRINGS@
  }

  /**
   * A run before its first tick.
   * streams: {source: [{key: number, ...} per tick]}; the key "" is the plain number.
   * weights: one per link, those of the machine when omitted.
   */
  function begin(streams = {}, weights = LINKS.map((link) => link[3])) {
    const keys = ["", ...KEYS], column = new Map(keys.map((key, i) => [key, i]));
    for (const entries of Object.values(streams)) {
      for (const key of entries.flatMap(Object.keys)) {
        if (!column.has(key)) column.set(key, keys.push(key) - 1);
      }
    }
    const width = keys.length;
    const entries = SOURCES.map((source) => (streams[source] || []).map((entry) => {
      const array = new Float64Array(width);
      for (const [key, x] of Object.entries(entry)) array[column.get(key)] = x;
      return array;
    }));
    const run = {
      tick: 0, width, keys, weights, entries,
      streams: Array.from({ length: N_STREAMS }, () => new Float64Array(width)),
    };
    for (const [stream, at, x] of INITIAL) run.streams[stream][at] = x;
    return run;
  }

  /** One tick of a run. */
  function step(run) {
    down_movement(run);
    up_movement(run);
    run.tick += 1;
  }

  /** A stream of a run as {key: number}, without zeros. */
  function shown(run, stream) {
    const found = Object.create(null); // a key may be called __proto__
    run.streams[stream].forEach((x, k) => { if (x !== 0) found[run.keys[k]] = x; });
    return found;
  }

  /** The observed streams, {name: {key: number}}, after every tick. */
  function* run(streams, ticks) {
    const state = begin(streams);
    while (state.tick < ticks) {
      step(state);
      yield Object.fromEntries(OBSERVED.map(([stream, name]) => [name, shown(state, stream)]));
    }
  }

  /** A character as a key. */
  function key_of(letter) {
    return letter.replaceAll("\\", "\\\\").replaceAll("/", "\\/");
  }

  /** A character every so many ticks, the last one for ever; nothing in between. */
  function text_stream(text, ticks, period) {
    const letters = Array.from(text);
    return Array.from({ length: ticks }, (_, t) => t % period ? {} : {
      [key_of(letters[Math.min(t / period, letters.length - 1)])]: 1,
    });
  }

  /** The cells of a table in CSV. */
  function csv_rows(text) {
    const rows = [];
    let row = [], cell = "", is_quoted = false;
    const end_cell = () => { row.push(cell); cell = ""; };
    const end_row = () => {
      end_cell();
      if (row.length > 1 || row[0].trim() !== "") rows.push(row);
      row = [];
    };
    for (let i = text.startsWith("\ufeff") ? 1 : 0; i < text.length; i++) {
      const c = text[i];
      if (is_quoted && c === '"' && text[i + 1] === '"') cell += text[++i];
      else if (c === '"') is_quoted = !is_quoted;
      else if (is_quoted) cell += c;
      else if (c === ",") end_cell();
      else if (c === "\n") end_row();
      else if (c !== "\r") cell += c;
    }
    if (cell !== "" || row.length) end_row();
    return rows;
  }

  /** Source and key that a column holds: "stream", "stream/key", or without "stream-" in front. */
  function meaning(name) {
    for (let i = 0; i < SOURCES.length; i++) {
      for (const source of [SOURCES[i], SOURCES[i].replace(/^stream-/, "")]) {
        if (name === source) return [i, ""];
        if (source !== "" && name.startsWith(source + "/")) return [i, name.slice(source.length + 1)];
      }
    }
    return null;
  }

  /** The streams of a table, an entry per row. */
  function csv_streams(text) {
    const [header, ...rows] = csv_rows(text);
    if (!header || !rows.length) throw new Error("the table is empty; it needs a header and rows");
    const columns = header.map(meaning);
    for (let i = 0; i < SOURCES.length; i++) {
      if (!columns.some((column) => column && column[0] === i)) {
        throw new Error(`no column is called ${JSON.stringify(SOURCES[i])}; `
          + `the columns are ${header.map((name) => JSON.stringify(name)).join(", ")}`);
      }
    }
    const streams = SOURCES.map(() => []);
    rows.forEach((row, r) => {
      streams.forEach((entries) => entries.push(Object.create(null)));
      columns.forEach((column, c) => {
        const cell = (row[c] || "").trim(), x = Number(cell);
        if (!column || cell === "") return;
        if (Number.isNaN(x)) {
          throw new Error(`row ${r + 1}, column ${JSON.stringify(header[c])}: `
            + `${JSON.stringify(cell)} is no number`);
        }
        streams[column[0]][r][column[1]] = x;
      });
    });
    return [streams, rows.length];
  }

  /** Run rows - a list of entries per source - and print an answer to each. */
  function answer(rows, n_rows, print) {
    const held = rows.map((entries) => entries.flatMap((entry) => Array(HELD).fill(entry)));
    const streams = Object.fromEntries(SOURCES.map((source, i) => [source, held[i]]));
    const state = begin(streams);
    print(header_of("row", state));
    for (let row = 0; row < n_rows;) {
      step(state);
      if (state.tick - 1 === row * HELD + DELAY) print(line_of(++row, state));
    }
  }

  function columns_of(state) {
    return OBSERVED.flatMap(([stream, name, has_keys]) => has_keys
      ? state.keys.map((key, k) => [stream, k, key === "" ? name : `${name}/${key}`])
      : [[stream, 0, name]]);
  }

  function header_of(first, state) {
    const cell = (text) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return [first, ...columns_of(state).map((column) => cell(column[2]))].join(",");
  }

  function line_of(number, state) {
    return [number, ...columns_of(state).map(([stream, k]) => state.streams[stream][k])].join(",");
  }

  /** The command line: arguments without the program's name; returns the exit status. */
  function main(args, print = console.log) {
    const options = { "--ticks": 140, "--period": 10 };
    let text = null;
    try {
      for (let i = 0; i < args.length; i++) {
        if (args[i] in options) {
          const value = Number(args[i + 1]);
          if (!Number.isInteger(value) || value < 1) throw new Error(`${args[i]} must be at least 1`);
          options[args[i++]] = value;
        } else if (text === null && !args[i].startsWith("--")) text = args[i];
        else throw new Error(`unknown argument ${JSON.stringify(args[i])}`);
      }
      if (text === "") throw new Error("the text must not be empty");
      if (text === null) answer(...csv_streams(require("fs").readFileSync(0, "utf8")), print);
      else if (TEXT_IS_ROWS) {
        const letters = Array.from(text, (letter) => ({ [key_of(letter)]: 1 }));
        const silence = letters.map(() => ({}));
        const rows = SOURCES.map((source) => source === TEXT_SOURCE ? letters : silence);
        answer(rows, letters.length, print);
      } else {
        const stream = text_stream(text, options["--ticks"], options["--period"]);
        const state = begin({ [TEXT_SOURCE]: stream });
        print(header_of("tick", state));
        while (state.tick < options["--ticks"]) {
          step(state);
          print(line_of(state.tick, state));
        }
      }
    } catch (error) {
      console.error(`machine: ${error.message}`);
      return 2;
    }
    return 0;
  }

  return {
    SOURCES, TEXT_SOURCE, HELD, DELAY, TEXT_IS_ROWS, OBSERVED, LINKS,
    begin, step, shown, run, text_stream, key_of, main,
  };
})();

if (typeof module === "object") {
  module.exports = machine;
  if (require.main === module) process.exitCode = machine.main(process.argv.slice(2));
}
