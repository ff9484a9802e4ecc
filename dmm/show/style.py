"""The palette of all pictures, and the style sheets of the HTML renderings.

The sheets are scoped to ``.dmm``, light and dark. Blue and orange stay apart for colour-blind
readers, and each sign also has its own direction, fill or line style. Trees alone, which
`vvalues.show` draws, have a sheet of their own: it stands below this package.
"""

from __future__ import annotations

__all__ = ["BLUE", "EDGE", "INK", "MUTED", "ORANGE", "PAGE_STYLE", "PALE", "PAPER", "RULE", "STYLE"]

BLUE, ORANGE = "#1a5fa8", "#b04508"
"""Positive and negative; whatever else is to be told apart."""

INK, MUTED, EDGE, PALE, RULE = "#1d242e", "#57616e", "#b9b6ad", "#c3c9d1", "#d8d5cc"
"""Text, text of less weight, outlines, background data, grids."""

PAPER = "#fbfaf7"

PAGE_STYLE = """
html { background: PAPER; }
body { margin: 0; }
.dmm.page { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
@media (prefers-color-scheme: dark) { html { background: #14171c; } }
@media (max-width: 40rem) { .dmm.page { padding: 1.25rem .75rem 3rem; } }
""".replace("PAPER", PAPER)

LIGHT = f"""--ink: {INK}; --paper: {PAPER}; --card: #ffffff; --muted: {MUTED}; --rule: {RULE};
  --pos: {BLUE}; --neg: {ORANGE}; --gap: {PAPER};"""

STYLE = """
.dmm { LIGHT color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; text-align: left; }
@media (prefers-color-scheme: dark) { .dmm { --ink: #e4e7ec; --paper: #14171c; --card: #1c2128;
  --muted: #a0aab8; --rule: #363d48; --pos: #74b4ff; --neg: #ffa566; --gap: #14171c; } }
.dmm h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
.dmm h2 { font-size: 1.05rem; margin: 2.25rem 0 .6rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--rule); }
.dmm p { margin: .4rem 0; }
.dmm .head { color: var(--muted); overflow-wrap: anywhere; }
.dmm .head b { color: var(--ink); }
.dmm pre { font: 13px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  padding: .75rem .9rem; margin: .4rem 0; overflow-x: auto; white-space: pre; }
.dmm summary { cursor: pointer; padding: .15rem 0; overflow-wrap: anywhere; }
.dmm a { color: var(--ink); text-decoration: underline; text-decoration-color: var(--muted);
  text-underline-offset: 2px; }
.dmm a:focus-visible, .dmm summary:focus-visible { outline: 2px solid var(--pos);
  outline-offset: 2px; }
.dmm .kind { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 12.5px; color: var(--muted); border: 1px solid var(--rule); border-radius: 4px;
  padding: 0 .35em; overflow-wrap: anywhere; }
.dmm .note, .dmm .count, .dmm .more, .dmm .legend { color: var(--muted); font-size: 13px; }
.dmm .neuron { border-bottom: 1px solid var(--rule); padding: .2rem 0; }
.dmm .neuron .count { float: right; white-space: nowrap; }
.dmm table { border-collapse: collapse; margin: 0; background: none; color: inherit; }
.dmm td, .dmm th { padding: .1rem .7rem .1rem 0; text-align: left; vertical-align: middle;
  border: 0; background: none; }
.dmm .links { margin: .1rem 0 .4rem 1.1rem;
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.dmm .links td { overflow-wrap: anywhere; }
.dmm .links td:first-child { min-width: 4.5rem; }
.dmm .links .weight { min-width: 4.5rem;  text-align: right; white-space: nowrap; }
.dmm .links td:nth-child(4) { min-width: 9rem; }
@media (max-width: 40rem) { .dmm pre { font-size: 11.5px; white-space: pre-wrap;
  overflow-wrap: anywhere; padding: .6rem; }
  .dmm .bar { width: 3rem; } .dmm .links { margin-left: 0; }
  .dmm .neuron .count { float: none; } .dmm .links td { padding-right: .4rem; }
  .dmm .links td:first-child { min-width: 3.4rem; } .dmm .links .weight { min-width: 3.6rem; }
  .dmm .links td:nth-child(4) { min-width: 7.5rem; } }
.dmm .links .note { font: 13px/1.4 system-ui, sans-serif; white-space: nowrap; }
.dmm .bar { display: inline-block; position: relative; width: 7rem; height: .8em;
  vertical-align: middle; background: linear-gradient(var(--muted), var(--muted)) 50% 0 / 1px 100%
  no-repeat; }
.dmm .bar i { position: absolute; top: 0; bottom: 0; box-sizing: border-box; min-width: 3px; }
.dmm .bar .pos { left: 50%; background: var(--pos); border: 1.5px solid var(--pos); }
.dmm .bar .neg { right: 50%; border: 1.5px solid var(--neg); }
.dmm .bar .pos.hard { background: repeating-linear-gradient(135deg, var(--pos) 0 2px,
  transparent 2px 5px); }
.dmm .bar .neg.hard { background: repeating-linear-gradient(135deg, var(--neg) 0 2px,
  transparent 2px 5px); }
.dmm .legend .bar { width: 3rem; }
.dmm .legend > span { margin-right: 1.2rem; white-space: nowrap; }
.dmm .figures th { font-weight: 500; color: var(--muted); padding-right: 1.5rem;
  overflow-wrap: anywhere; }
.dmm .figures td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.dmm .figures tr { border-bottom: 1px solid var(--rule); }
.dmm .wide { overflow-x: auto; }
.dmm svg { display: block; }
.dmm svg text { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: var(--ink); }
.dmm-graph { max-width: 100%; min-width: min(46rem, var(--width)); height: auto; }
.dmm-graph .box rect { fill: var(--card); stroke: var(--rule); stroke-width: 1.2; }
.dmm-graph .name { font-weight: 700; font-size: 12px; }
.dmm-graph .kind, .dmm-graph .out { fill: var(--muted); }
.dmm-graph .out { text-anchor: end; }
.dmm-graph .line { fill: none; }
.dmm-graph .gap { fill: none; stroke: var(--gap); }
.dmm-graph .pos .line { stroke: var(--pos); }
.dmm-graph .neg .line { stroke: var(--neg); stroke-dasharray: 6 4; }
.dmm-graph .pos .tip { fill: var(--pos); }
.dmm-graph .neg .tip { fill: var(--neg); }
.dmm-graph .edge:hover .line { stroke: var(--ink); }
""".replace("LIGHT", LIGHT)
