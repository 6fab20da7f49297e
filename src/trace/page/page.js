"use strict";
// Everything that is shown is made with createElement and textContent: no text becomes markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const get = (id) => document.getElementById(id);
  const KINDS = ["run", "turn", "call of a model", "program", "sub-call", "look"];
  const STATES = [data.isWhole ? "never ended" : "open when the trace ends", "ended", "failed", "served: its reply was known"];
  const COLORS = ["--run", "--turn", "--call", "--program", "--sub", "--look"];
  const [PARENT, KIND, TITLE, START, END, STATE, TRACK, CALLS, SERVED, RETRIES, FAILED, INPUT, OUTPUT, CACHED, COST, UNPRICED] = Array(16).keys();
  const nodes = data.nodes;
  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };
  const number = (it) => it.toLocaleString("en-US");
  const seconds = (it) => it < 1e4 ? (it / 1000).toFixed(2) + " s" : it < 1e5 ? (it / 1000).toFixed(1) + " s" : number(Math.round(it / 1000)) + " s";
  const dollars = (it) => "$" + it.toFixed(4);

  // Parents stand before their children, so that one pass from behind adds up.
  const children = nodes.map(() => []);
  const total = nodes.map((node) => { const own = node.slice(CALLS); while (own.length < 9) own.push(0); return own; });
  const textsOf = (at) => (data.texts[0][at] || []).concat(data.texts[1][at] || []);
  const own = total.map((it) => it.slice());
  const roots = [];
  nodes.forEach((node, at) => (node[PARENT] < 0 ? roots : children[node[PARENT]]).push(at));
  for (let at = nodes.length - 1; at >= 0; at--) {
    const parent = nodes[at][PARENT];
    if (parent >= 0) total[at].forEach((it, which) => { total[parent][which] += it; });
  }
  const sum = (which) => roots.reduce((all, at) => all + total[at][which - CALLS], 0);
  const part = (list, which) => list[which - CALLS];

  // The head.
  const fact = (list, name, value) => { if (value !== "" && value !== null && value !== undefined) list.append(make("dt", name), make("dd", value)); };
  const plural = (count, word) => number(count) + " " + word + (count === 1 ? "" : "s");
  document.title = "rlm trace" + (data.run === null ? "" : " of run " + data.run);
  get("title").textContent = data.question || document.title;
  const facts = get("facts");
  fact(facts, "run", [data.run, data.began, data.program].filter((it) => it !== null && it !== "").join(" · "));
  fact(facts, "models", data.model && data.model + (data.worker === data.model ? "" : ", worker " + data.worker) + " (" + data.why + ")");
  fact(facts, "ended", data.ended);
  fact(facts, "failure", data.failure);
  const counts = (of) => [[CALLS, "calls"], [SERVED, "known"], [FAILED, "failed"], [RETRIES, "repeated"], [INPUT, "tokens in"], [CACHED, "of them from the provider's cache"], [OUTPUT, "tokens out"]]
    .filter(([which]) => of(which)).map(([which, name]) => number(of(which)) + " " + name).concat(of(COST) ? [dollars(of(COST))] : []);
  fact(facts, "took", [seconds(data.last), ...counts(sum), sum(UNPRICED) ? plural(sum(UNPRICED), "call") + " whose price is not known" : ""].filter((it) => it).join(" · "));
  const lacks = [];
  if (data.lacksContent) lacks.push("the trace was written without content");
  if (data.damaged) lacks.push(plural(data.damaged, "line") + " of the trace could not be read");
  if (data.isFull) lacks.push("the run went on when the trace had reached its size");
  if (data.nodesLeftOut) lacks.push(number(data.nodesLeftOut) + " entries are left out of this page, and out of its sums");
  [["texts of turns and programs", 0], ["prompts and replies of calls", 1]].forEach(([what, which]) => {
    const most = data.textsCutAt[which];
    if (most < 100000) lacks.push(what + (most ? " are cut to " + number(most) + " bytes" : " are left out for their size"));
  });
  fact(facts, "not here", lacks.join("; "));

  // The tree: only what can be seen of it is in the page.
  const ROW = 24;
  const tree = get("tree"), space = get("space"), rows = get("rows");
  const open = new Set();
  let visible = [], selected = -1, hits = [], hit = new Set();
  const depth = nodes.map(() => 0);
  nodes.forEach((node, at) => { if (node[PARENT] >= 0) depth[at] = depth[node[PARENT]] + 1; });
  const expand = (levels, most) => { let room = most; nodes.forEach((_, at) => { if (depth[at] < levels && children[at].length && (room -= children[at].length) > 0) open.add(at); }); };
  const flatten = () => {
    visible = [];
    const waiting = roots.slice().reverse();
    while (waiting.length) {
      const at = waiting.pop();
      visible.push(at);
      if (open.has(at)) for (let child = children[at].length - 1; child >= 0; child--) waiting.push(children[at][child]);
    }
    space.style.height = visible.length * ROW + "px";
    draw();
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(tree.scrollTop / ROW) - 5);
    const count = Math.ceil(tree.clientHeight / ROW) + 10;
    rows.style.top = first * ROW + "px";
    rows.replaceChildren(...visible.slice(first, first + count).map((at) => row(at)));
  };
  const row = (at) => {
    const node = nodes[at], sums = total[at];
    const element = make("div", undefined, "row" + (at === selected ? " selected" : "") + (hit.has(at) ? " hit" : "") + (node[STATE] === 2 ? " failed" : ""));
    element.id = "row-" + at;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", depth[at] + 1);
    element.setAttribute("aria-selected", at === selected);
    if (children[at].length) element.setAttribute("aria-expanded", open.has(at));
    const what = make("span", undefined, "what");
    what.style.paddingLeft = Math.min(depth[at], 30) * 14 + "px";
    const fold = make("span", children[at].length ? (open.has(at) ? "▾" : "▸") : "", "fold");
    fold.addEventListener("click", (event) => { event.stopPropagation(); toggle(at); });
    what.append(fold, make("span", undefined, "kind kind" + node[KIND]), node[TITLE]);
    const tokens = part(sums, INPUT) + part(sums, OUTPUT);
    element.append(what, make("span", seconds(node[END] - node[START])),
      make("span", part(sums, CALLS) ? number(part(sums, CALLS)) : part(sums, SERVED) ? "known" : ""),
      make("span", tokens ? number(tokens) : ""), make("span", part(sums, COST) ? dollars(part(sums, COST)) : ""));
    element.addEventListener("click", () => { select(at); tree.focus(); });
    return element;
  };
  const toggle = (at) => { if (open.has(at)) open.delete(at); else open.add(at); flatten(); };
  const reveal = (at) => {
    let is_new = false;
    for (let up = nodes[at][PARENT]; up >= 0; up = nodes[up][PARENT]) if (!open.has(up)) { open.add(up); is_new = true; }
    if (is_new) flatten();
  };
  const select = (at, is_quiet) => {
    if (at === undefined || at < 0 || at >= nodes.length) return;
    selected = at;
    reveal(at);
    const place = visible.indexOf(at) * ROW;
    if (place < tree.scrollTop) tree.scrollTop = place;
    if (place + ROW > tree.scrollTop + tree.clientHeight) tree.scrollTop = place + ROW - tree.clientHeight;
    draw();
    tree.setAttribute("aria-activedescendant", "row-" + at);
    details(at);
    paint();
    if (!is_quiet) history.replaceState(null, "", "#event-" + at);
  };
  tree.addEventListener("scroll", draw);
  tree.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const place = visible.indexOf(selected), page = Math.max(1, Math.floor(tree.clientHeight / ROW) - 1);
    const to = (where) => select(visible[Math.max(0, Math.min(visible.length - 1, where))]);
    switch (event.key) {
      case "ArrowDown": to(place + 1); break;
      case "ArrowUp": to(place - 1); break;
      case "PageDown": to(place + page); break;
      case "PageUp": to(place - page); break;
      case "Home": to(0); break;
      case "End": to(visible.length - 1); break;
      case "ArrowRight": if (!children[selected]?.length) break; if (open.has(selected)) select(children[selected][0]); else toggle(selected); break;
      case "ArrowLeft": if (open.has(selected)) toggle(selected); else if (nodes[selected]?.[PARENT] >= 0) select(nodes[selected][PARENT]); break;
      case "*": expand(Infinity, Infinity); flatten(); select(selected); break;
      case "Enter": get("right").focus(); break;
      default: return;
    }
    event.preventDefault();
  });

  // What is known of one entry.
  const details = (at) => {
    const node = nodes[at], list = make("dl"), box = get("detail");
    get("detail-title").textContent = node[TITLE];
    fact(list, "kind", KINDS[node[KIND]]);
    fact(list, "state", STATES[node[STATE]]);
    fact(list, "time", seconds(node[START]) + " – " + seconds(node[END]) + " (" + seconds(node[END] - node[START]) + ")");
    const told = (sums) => counts((which) => part(sums, which)).join(" · ");
    fact(list, "itself", told(own[at]));
    fact(list, "with all below", children[at].length ? told(total[at]) : "");
    const link = make("a", "#event-" + at);
    link.href = "#event-" + at;
    const place = make("dd");
    place.append(link);
    list.append(make("dt", "link"), place);
    if (node[PARENT] >= 0) {
      const up = make("a", nodes[node[PARENT]][TITLE]), where = make("dd");
      up.href = "#event-" + node[PARENT];
      where.append(up);
      list.append(make("dt", "part of"), where);
    }
    const texts = textsOf(at).flatMap(([name, text]) => { const block = make("pre", text); block.tabIndex = 0; block.setAttribute("aria-label", name); return [make("h3", name), block]; });
    box.replaceChildren(list, ...texts);
    get("right").scrollTop = 0;
  };

  // The search.
  const search = get("search");
  const find = () => {
    const words = search.value.toLowerCase();
    hits = words === "" ? [] : nodes.flatMap((node, at) =>
      node[TITLE].toLowerCase().includes(words) || textsOf(at).some(([, text]) => text.toLowerCase().includes(words)) ? [at] : []);
    hit = new Set(hits);
    get("found").textContent = words === "" ? "" : plural(hits.length, "place");
    draw();
  };
  const step = (by) => {
    if (!hits.length) return;
    const here = hits.findIndex((at) => at >= selected);
    const on = hits[here] === selected ? here + by : by > 0 ? here : here - 1;
    const which = here < 0 ? (by > 0 ? 0 : hits.length - 1) : (on + hits.length) % hits.length;
    select(hits[which]);
    get("found").textContent = which + 1 + " of " + plural(hits.length, "place");
  };
  search.addEventListener("input", find);
  get("search-form").addEventListener("submit", (event) => { event.preventDefault(); step(1); });
  get("previous").addEventListener("click", () => step(-1));
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") tree.focus(); if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); step(-1); } });

  // The waterfall.
  const BAR = Math.max(4, Math.min(16, Math.floor(6000 / Math.max(1, data.tracks))));
  const AXIS = 18;
  const canvas = get("canvas"), waterfall = get("waterfall");
  const bars = nodes.flatMap((node, at) => (node[TRACK] >= 0 ? [at] : [])).sort((a, b) => nodes[a][START] - nodes[b][START] || a - b);
  let zoom = 1;
  const paint = () => {
    const scale = Math.min(2, window.devicePixelRatio || 1), style = getComputedStyle(document.documentElement);
    const view = waterfall.clientWidth, width = Math.min(30000 / scale, Math.floor(view * zoom)), height = AXIS + Math.max(BAR, data.tracks * (BAR + 2));
    if (!view) return;
    canvas.width = width * scale; canvas.height = height * scale;
    canvas.style.width = width + "px"; canvas.style.height = height + "px";
    const context = canvas.getContext("2d"), by = width / Math.max(1, data.last);
    context.scale(scale, scale);
    // A mark of time every hundred points or so, at a round number.
    const rough = data.last * 100 / width, unit = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
    const every = [1, 2, 5, 10].map((it) => it * unit).find((it) => it >= rough) || unit;
    context.fillStyle = getComputedStyle(get("under")).color;
    context.font = "11px system-ui, sans-serif";
    for (let time = 0; time <= data.last; time += every) {
      context.fillRect(time * by, 0, 1, AXIS - 2);
      context.fillText(seconds(time), time * by + 3, 11);
    }
    const colors = COLORS.map((name) => style.getPropertyValue(name).trim() || "gray");
    for (const at of bars) {
      const node = nodes[at];
      context.globalAlpha = node[STATE] === 3 ? 0.4 : 1;
      context.fillStyle = node[STATE] === 2 ? "#d33" : colors[node[KIND]];
      context.fillRect(node[START] * by, AXIS + node[TRACK] * (BAR + 2), Math.max(1, (node[END] - node[START]) * by), BAR);
    }
    context.globalAlpha = 1;
    const node = nodes[selected];
    if (node && node[TRACK] >= 0) {
      context.strokeStyle = getComputedStyle(document.body).color;
      context.lineWidth = 2;
      context.strokeRect(node[START] * by, AXIS + node[TRACK] * (BAR + 2), Math.max(3, (node[END] - node[START]) * by), BAR);
    }
    get("bar").textContent = node ? node[TITLE] + " · " + seconds(node[START]) + " – " + seconds(node[END]) : "";
  };
  const show = (at) => {
    select(at);
    const by = canvas.clientWidth / Math.max(1, data.last);
    waterfall.scrollLeft = nodes[at][START] * by - waterfall.clientWidth / 2;
    waterfall.scrollTop = AXIS + nodes[at][TRACK] * (BAR + 2) - waterfall.clientHeight / 2;
  };
  canvas.addEventListener("click", (event) => {
    const time = event.offsetX / canvas.clientWidth * data.last, track = Math.floor((event.offsetY - AXIS) / (BAR + 2));
    const slack = 3 / canvas.clientWidth * data.last;
    const at = bars.find((it) => nodes[it][TRACK] === track && nodes[it][START] - slack <= time && time <= nodes[it][END] + slack);
    if (at !== undefined) select(at);
  });
  waterfall.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !bars.length) return;
    const here = bars.indexOf(selected), to = (where) => show(bars[Math.max(0, Math.min(bars.length - 1, where))]);
    switch (event.key) {
      case "ArrowRight": to(here + 1); break;
      case "ArrowLeft": to(here < 0 ? 0 : here - 1); break;
      case "Home": to(0); break;
      case "End": to(bars.length - 1); break;
      case "+": zoom = Math.min(64, zoom * 2); paint(); if (here >= 0) show(selected); break;
      case "-": zoom = Math.max(1, zoom / 2); paint(); if (here >= 0) show(selected); break;
      case "0": zoom = 1; paint(); break;
      case "Enter": get("right").focus(); break;
      default: return;
    }
    event.preventDefault();
  });
  window.addEventListener("resize", () => { draw(); paint(); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  // Answer, decisions, coverage.
  get("answer").textContent = data.answer || "(none)";
  get("warnings").replaceChildren(...data.warnings.map((it) => make("li", it)));
  get("notes").replaceChildren(...data.notes.map(([at, note]) => { const item = make("li"); item.append(make("span", seconds(at)), make("span", note)); return item; }));
  const body = get("files").tBodies[0];
  const read = data.files.filter((file) => file[3].length).length, known = data.files.filter((file) => file[1] !== null);
  const all_lines = known.reduce((all, file) => all + file[1], 0), lines = data.files.reduce((all, file) => all + file[2], 0);
  get("covered").textContent = data.files.length === 0 ? "The trace names no files." :
    number(read) + " of " + plural(data.files.length + data.filesLeftOut, "file") + " and " + number(lines) + (all_lines ? " of " + number(all_lines) : "") + " lines were read: shown to a model, or given to a program that asked for them."
    + (data.programsOnTheirOwn ? " " + plural(data.programsOnTheirOwn, "program") + " may have taken text from `context` or `files` without asking; which lines those were is not known." : "")
    + (data.filesLeftOut ? " " + plural(data.filesLeftOut, "file") + " of them are not listed." : "");
  let listed = 0, chosen = [];
  const MOST = 300;
  const list = () => {
    body.append(...chosen.slice(listed, listed + MOST).map(([path, count, covered, ranges]) => {
      const line = make("tr"), where = make("td"), strip = make("div", undefined, "strip");
      if (count) {
        const stops = ranges.flatMap(([first, last]) => { const from = (first - 1) / count * 100, to = last / count * 100; return ["transparent " + from + "%", "#2f8f5b " + from + "%", "#2f8f5b " + to + "%", "transparent " + to + "%"]; });
        if (stops.length) strip.style.backgroundImage = "linear-gradient(to right, " + stops.join(", ") + ")";
        where.append(strip);
      }
      line.append(make("td", path), make("td", ranges.length ? number(covered) + (count === null ? "" : " of " + number(count)) : "never"), where,
        make("td", ranges.map(([first, last]) => first === last ? first : first + "–" + last).join(", ")));
      return line;
    }));
    listed = Math.min(chosen.length, listed + MOST);
    get("more").hidden = listed >= chosen.length;
  };
  const choose = () => {
    const which = get("which").value;
    chosen = data.files.filter((file) => which === "all" || (which === "read") === file[3].length > 0);
    listed = 0;
    body.replaceChildren();
    list();
  };
  get("which").addEventListener("change", choose);
  get("more").addEventListener("click", list);

  // Keys that work everywhere but where one writes.
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
    const where = { "/": search, t: tree, w: waterfall, d: get("right"), a: get("answer-title"), c: get("which") }[event.key];
    if (!where) return;
    event.preventDefault();
    where.focus();
    where.scrollIntoView({ block: "nearest" });
  });
  const named = () => { const at = /^#event-(\d+)$/.exec(location.hash); return at ? Number(at[1]) : -1; };
  window.addEventListener("hashchange", () => select(named(), true));

  expand(4, 2000);
  flatten();
  choose();
  select(named() >= 0 && named() < nodes.length ? named() : roots[0] ?? -1, true);
  paint();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
