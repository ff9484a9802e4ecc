"use strict";
// What pages that do something share: elements, numbers, the bar of time, copying.

const page = (() => {
  const $ = (id) => document.getElementById(id);

  function data() {
    return JSON.parse($("data").textContent);
  }

  function with_attributes(made, attributes) {
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function element(name, attributes = {}, ...children) {
    const made = with_attributes(document.createElement(name), attributes);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    made.append(...children);
    return with_attributes(made, attributes);
  }

  function number_text(x) {
    if (!Number.isFinite(x)) return String(x).replace("Infinity", "∞");
    if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x);
    const size = Math.abs(x);
    return size < 0.0005 || size >= 9999.5 ? x.toExponential(1) : x.toFixed(3);
  }

  function say(words) {
    $("status").textContent = words;
  }

  /**
   * The bar of time: the buttons play, first, back and step, and the slider, over 0, 1, ... last.
   * show(at) shows a moment, tell() says where we are, text(at, last) names it, on_play(is_playing)
   * is told when it begins and ends to move by itself.
   */
  function player({ show, tell, text, milliseconds, on_play = () => {} }) {
    let at = 0, last = 0, timer = null;

    function move(to) {
      at = Math.max(0, Math.min(last, to));
      show(at);
      $("tick").value = at;
      $("tick").setAttribute("aria-valuetext", text(at, last));
      $("time").textContent = text(at, last);
      $("back").disabled = $("first").disabled = at === 0;
      $("step").disabled = at === last;
    }

    function go(to) {
      move(to);
      if (timer === null) tell();
    }

    function set_playing(is_playing) {
      $("play").setAttribute("aria-pressed", is_playing);
      $("play").textContent = is_playing ? "Pause" : "Play";
      on_play(is_playing);
    }

    function pause() {
      clearInterval(timer);
      timer = null;
      set_playing(false);
      tell();
    }

    function play() {
      if (timer !== null) return pause();
      if (at === last) move(0);
      timer = setInterval(() => {
        go(at + 1);
        if (at === last) pause();
      }, milliseconds);
      set_playing(true);
    }

    /** Another last moment; we stay where we are if it is still there. */
    function restart(new_last) {
      last = new_last;
      $("tick").max = last;
      move(at);
    }

    $("tick").addEventListener("input", () => go(Number($("tick").value)));
    $("step").addEventListener("click", () => go(at + 1));
    $("back").addEventListener("click", () => go(at - 1));
    $("first").addEventListener("click", () => go(0));
    $("play").addEventListener("click", play);
    return { restart, go };
  }

  async function copy(text, words) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea", { "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(words);
  }

  return { $, data, element, drawn, number_text, say, player, copy };
})();
