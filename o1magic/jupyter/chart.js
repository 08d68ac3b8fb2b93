// The chart of calls: one module for the notebook's panel (anywidget calls `render`) and for JupyterLab's sidebar
// (which calls `mount`). It imports nothing and requests nothing. Whatever came over the wire, such as a model's name,
// is set as text and never as markup. What it is told is what overview.py says; unknown is null, money is integer
// nano-dollars, and nothing simulated is shown as real.

// ---- words

let translated = (text, ...values) => text.replace(/%(\d)/g, (_, place) => values[place - 1]);

/** Have the words go through a translator; it is given an English text with %1, %2 ... and what stands there. */
export function translate(translator) {
  translated = translator;
}

const t = (text, ...values) => translated(text, ...values.map(String));

// ---- pure: state, numbers, geometry

/** Return a snapshot of the kernel as state; `calls` stand in the order in which they began. */
export function read(snapshot) {
  // The kernel sends it as the bytes of its JSON: ten thousand calls are one piece to every part they pass through.
  if (snapshot?.byteLength !== undefined) snapshot = JSON.parse(new TextDecoder().decode(snapshot));
  const state = { seq: 0, count: 0, today: "", more: 0, problem: "", totals: {}, budgets: [], running: [], ...snapshot };
  state.calls = (snapshot?.rows ?? []).map((row) => callOf(state.columns, row));
  state.places = new Map(state.calls.map((call, place) => [call.id, place]));
  delete state.rows;
  return state;
}

function callOf(columns, row) {
  const call = {};
  for (let i = 0; i < columns.length; i++) call[columns[i]] = row[i];
  return call;
}

/** Bring the state up to the news; false where some news in between was missed, so that a snapshot is needed. */
export function apply(state, news) {
  if (!news || news.seq === undefined || news.count <= state.count) return true;
  const whole = news.from <= state.seq;
  for (const row of news.rows) {
    const call = callOf(news.columns, row);
    const place = state.places.get(call.id);
    if (place !== undefined) state.calls[place] = call;
    else state.places.set(call.id, state.calls.push(call) - 1);
  }
  const { seq, count, today, totals, budgets, running } = news;
  Object.assign(state, { count, today, totals, budgets, running, within: {} });
  if (whole) state.seq = seq;
  return whole;
}

export const SCOPES = ["session", "day", "all"];
const SCOPE_NAMES = { session: "this session", day: "today", all: "all time" };

/** Return the calls of a scope. */
export function within(state, scope) {
  const wanted = { session: (call) => call.mine, day: (call) => call.day === state.today }[scope];
  // Asked several times for each drawing, and the same until the next news.
  state.within ??= {};
  return (state.within[scope] ??= wanted ? state.calls.filter(wanted) : state.calls);
}

const GROUPED = new Intl.NumberFormat("en-US");

/** Return a count for people: "1,234", "≈1,234", "unknown". */
export function tokens(count, estimated = false) {
  return count === null || count === undefined ? t("unknown") : (estimated ? "≈" : "") + GROUPED.format(count);
}

/** Return a count for an axis: 950, 20k, 1.5M. */
export function short(count) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (count >= size) return `${+(count / size).toPrecision(3)}${unit}`;
  }
  return String(Math.round(count));
}

/** Return nano-dollars for people, to the digit as cost.dollars does: "$12.35", "$0.1446", "$0.00012", "unknown". */
export function dollars(nano) {
  if (nano === null || nano === undefined) return t("unknown");
  const size = Math.abs(nano);
  const places = size === 0 || size >= 1e9 ? 2 : Math.min(9, Math.max(4, 11 - String(size).length));
  const unit = 10 ** (9 - places);
  let count = Math.floor(size / unit);
  const rest = 2 * (size - count * unit);
  if (rest > unit || (rest === unit && count % 2 === 1)) count += 1;
  const whole = Math.floor(count / 10 ** places);
  const digits = String(count - whole * 10 ** places).padStart(places, "0").replace(/0+$/, "").padEnd(2, "0");
  return `${nano < 0 ? "-" : ""}$${GROUPED.format(whole)}.${digits}`;
}

/** Return seconds as a clock: "9 s", "1:05", "1:02:03". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, i) => (i ? String(part).padStart(2, "0") : part)).join(":");
}

/** Return what a call's bar is made of; `untold` is output that came without telling reasoning from answer. */
export function parts(call) {
  return (call[PARTS] ??= split(call));
}

const PARTS = Symbol("parts");

function split(call) {
  const { completion, reasoning, prompt } = call;
  const cached = Math.min(call.cached ?? 0, prompt ?? 0);
  return {
    cached,
    prompt: (prompt ?? 0) - cached,
    reasoning: reasoning ?? 0,
    visible: reasoning === null || completion === null ? 0 : Math.max(0, completion - reasoning),
    untold: reasoning === null ? completion ?? 0 : 0,
    // What failed was not billed: it has no tokens that anybody could know.
    unknown: completion === null && reasoning === null && call.state !== "failed" ? 1 : 0,
    simulated: call.simulated,
  };
}

const KINDS = ["cached", "prompt", "reasoning", "visible", "untold"];

/** Return at most `most` bars, each the mean of `each` calls; a bar with any simulated call in it is simulated. */
export function bars(calls, most) {
  let each = 1;
  while (calls.length > each * most) each *= 2;
  const made = [];
  for (let from = 0; from < calls.length; from += each) {
    const to = Math.min(from + each, calls.length);
    const bar = { from, to, cached: 0, prompt: 0, reasoning: 0, visible: 0, untold: 0, unknown: 0, simulated: 0 };
    for (let i = from; i < to; i++) {
      const one = parts(calls[i]);
      // One by one and not over KINDS: with ten thousand calls this loop is most of a drawing.
      bar.cached += one.cached;
      bar.prompt += one.prompt;
      bar.reasoning += one.reasoning;
      bar.visible += one.visible;
      bar.untold += one.untold;
      bar.unknown += one.unknown;
      bar.simulated ||= one.simulated;
    }
    for (const kind of KINDS) bar[kind] /= to - from;
    made.push(bar);
  }
  return { each, bars: made };
}

/** Return the running sums at the end of each bar: of reasoning, and of all output, which is never below it. */
export function sums(calls, made, total) {
  const spent = { reasoning: 0, output: 0 };
  const points = made.map((bar) => {
    for (let i = bar.from; i < bar.to; i++) {
      const one = parts(calls[i]);
      spent.reasoning += one.reasoning;
      spent.output += one.reasoning + one.visible + one.untold;
    }
    return { ...spent };
  });
  // The totals also count calls too old to be listed: the line starts at their sum.
  const before = (sum, known) => Math.max(0, (known ?? sum) - sum);
  const older = {
    reasoning: before(spent.reasoning, total?.reasoning_tokens),
    output: before(spent.output, total?.completion_tokens),
  };
  for (const point of points) {
    point.reasoning += older.reasoning;
    point.output = Math.max(point.output + older.output, point.reasoning);
  }
  return points;
}

/** Return the round number that a scale up to `most` ends at. */
export function roundUp(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 5, 10].find((factor) => factor * size >= most) * size;
}

/** Return the calls in the order of a column; unknown comes last whichever way. */
export function sorted(calls, value, descending) {
  const sign = descending ? -1 : 1;
  const key = calls.map((call, i) => ({ call, i, value: value(call) }));
  key.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || sign * (a.i - b.i);
    return sign * (a.value < b.value ? -1 : a.value > b.value ? 1 : a.i - b.i);
  });
  return key.map((one) => one.call);
}

/** Return the totals of a scope in a sentence, for who does not see the chart. */
export function sentence(state, scope) {
  const total = state.totals[scope];
  if (!total?.calls) return `${t("No calls: %1", t(SCOPE_NAMES[scope]))}.`;
  const figures = figuresOf(total, true, within(state, scope)).map(({ value, name, note }) => `${name} ${value}${note ? ` (${note})` : ""}`);
  return `${t(SCOPE_NAMES[scope])}: ${figures.join(", ")}.`;
}

/** Return the figures of a total over these calls: value, name, the colour of its bar, what must be said beside it. */
export function figuresOf(total, inputs, calls) {
  const { simulated_calls: played, completion_tokens: output } = total;
  const told = total.reasoning_tokens + total.visible_tokens;
  // Output that came without being told apart, or calls that told nothing: what is known is the least it can be.
  const silent = calls.some((call) => call.completion === null && call.state !== "intent" && call.state !== "failed");
  const open = calls.filter((call) => call.state === "intent").length;
  const least = (value) => (value ? `≥${tokens(value)}` : t("unknown"));
  const count = (value) => (silent || output > told ? least(value) : tokens(value));
  const given = (value) => (silent ? least(value) : tokens(value));
  const share = output > 0 && output === told ? t("%1 % of output", Math.round((100 * total.reasoning_tokens) / output)) : "";
  const figures = [
    { name: total.calls === 1 ? t("call") : t("calls"), value: tokens(total.calls), note: playedNote(total.calls, played, open) },
    { name: t("reasoning"), kind: "reasoning", value: count(total.reasoning_tokens), note: share },
    { name: t("visible"), kind: "visible", value: count(total.visible_tokens), note: "" },
  ];
  if (inputs) {
    figures.push({ name: t("prompt"), kind: "prompt", value: given(total.prompt_tokens), note: "" });
    figures.push({ name: t("of it cached"), kind: "cached", value: given(total.cached_tokens), note: "" });
  }
  return [...figures, moneyOf(total)];
}

function playedNote(calls, played, open) {
  const all = calls === 1 ? t("simulated") : t("all simulated");
  const notes = played ? [played === calls ? all : t("%1 simulated", tokens(played))] : [];
  return [...notes, ...(open ? [t("%1 in flight", tokens(open))] : [])].join(", ");
}

function moneyOf(total) {
  const unknown = total.unknown_calls ? t("cost of %1 unknown", tokens(total.unknown_calls)) : "";
  const least = (nano) => (!total.unknown_calls ? dollars(nano) : nano ? `≥${dollars(nano)}` : t("unknown"));
  const pretended = dollars(total.simulated_cost_nano_usd);
  if (total.calls && total.simulated_calls === total.calls) {
    const value = least(total.simulated_cost_nano_usd);
    return { name: t("would have cost"), value, note: unknown || t("nothing was billed") };
  }
  const held = total.held_nano_usd ? t("%1 on hold", dollars(total.held_nano_usd)) : "";
  const played = total.simulated_calls ? t("simulated would be %1", pretended) : "";
  const note = [unknown, held, played].filter(Boolean).join(", ");
  return { name: t("cost"), value: least(total.cost_nano_usd), note };
}

const STATES = { partial: "cut short", failed: "failed", unknown: "unaccounted", intent: "in flight" };

/** Return how a call ended, in the endpoint's word or ours. */
export function ending(call) {
  if (call.state === "intent") return t(STATES.intent);
  return call.finish ?? t(STATES[call.state] ?? "unknown");
}

/** Return a call's cost for people; what was only simulated stands in brackets. */
export function price(call) {
  if (call.state === "intent") return call.hold_nano_usd === null ? t("open") : `≤ ${dollars(call.hold_nano_usd)}`;
  if (call.cost_nano_usd === null) return t("unknown");
  return call.simulated ? `(${dollars(call.cost_nano_usd)})` : dollars(call.cost_nano_usd);
}

/** Return the findings of the linter on a call, those fixed in what was sent marked. */
export function findings(call, mark = t("fixed")) {
  const fixed = new Set(call.fixed.split(" "));
  return call.lint ? call.lint.split(" ").map((code) => (fixed.has(code) ? `${code} ${mark}` : code)).join(", ") : "";
}

const visibleOf = (call) =>
  call.completion === null || call.reasoning === null ? null : Math.max(0, call.completion - call.reasoning);

/** Return a call in a line. */
export function describe(call, today) {
  return [
    moment(call, today),
    call.model + (call.asked ? ` (${t("asked: %1", call.asked)})` : ""),
    ...(call.effort ? [t("%1 effort", call.effort)] : []),
    ...(call.simulated ? [t("simulated")] : []),
    ...(call.state === "failed" ? [] : counts(call)),
    call.state !== "intent" && call.cost_nano_usd === null ? t("cost unknown") : price(call),
    ...(call.seconds === null ? [] : [`${call.seconds.toFixed(1)} s`]),
    ending(call),
    ...(call.lint ? [findings(call)] : []),
  ].join(" · ");
}

function counts(call) {
  const count = (value) => tokens(value, call.estimated);
  return [
    t("prompt %1", count(call.prompt)),
    ...(call.cached ? [t("cached %1", count(call.cached))] : []),
    t("reasoning %1", count(call.reasoning)),
    t("visible %1", count(visibleOf(call))),
    ...(call.reasoning === null && call.completion !== null ? [t("output %1", count(call.completion))] : []),
    ...(call.inconsistent ? [t("counts contradict each other as reported")] : []),
  ];
}

function moment(call, today) {
  const at = new Date(call.created_ms);
  const pad = (value) => String(value).padStart(2, "0");
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (call.day === today) return time;
  const day = call.day.slice(0, 4) === today.slice(0, 4) ? `${t(MONTHS[at.getMonth()])} ${at.getDate()}` : call.day;
  return `${day} ${time.slice(0, 5)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// ---- the page

let mounts = 0;

/**
 * Put a chart into `el`. `hands` are what it can do: `stop(id)`, and where there are such `interrupt()`, `csv(scope)`,
 * `open(id)`, which shows where a call was made, and `gone()`, which tells whether the kernel is.
 * Return `show(state, options)`, `alive(whether)`, `exported(message)` and `dispose()`.
 */
export function mount(el, hands) {
  const page = skeleton(el, ++mounts);
  const view = { state: read({}), scope: "session", inputs: false, order: { column: 0, descending: true }, at: null };
  let frame = 0;
  let alive = true;
  const draw = () => {
    frame = 0;
    drawStatus(page, view, alive, press);
    drawFigures(page, view);
    drawBudgets(page, view);
    drawChart(page, view);
    drawTable(page, view);
  };
  const later = () => { frame ||= requestAnimationFrame(draw); };
  const press = (id) => {
    page.stopping.add(id);
    hands.stop(id);
    // Where the kernel hears nothing while a cell runs, only an interrupt arrives; and only while that very call runs.
    setTimeout(() => {
      const still = view.state.running.find((one) => one.id === id);
      if (still?.waits && alive) hands.interrupt?.();
    }, 300);
  };
  const ticking = setInterval(() => {
    for (const face of page.status.querySelectorAll("[data-since]")) {
      const said = clock((performance.now() - Number(face.dataset.since)) / 1000);
      if (face.textContent !== said) face.textContent = said;
    }
    if (alive && hands.gone?.()) {
      alive = false;
      later();
    }
  }, 250);
  const resized = new ResizeObserver(later);
  resized.observe(page.root);
  listen(page, view, later, hands);
  return {
    show(state, options = {}) {
      Object.assign(view, { state }, options);
      later();
    },
    alive(whether) {
      alive = whether;
      later();
    },
    exported(message) {
      page.csv.disabled = false;
      page.csvSaid.textContent = message;
    },
    dispose() {
      clearInterval(ticking);
      resized.disconnect();
      cancelAnimationFrame(frame);
      page.root.remove();
    },
  };
}

function listen(page, view, later, hands) {
  const move = (at) => { view.at = at; later(); };
  page.plot.addEventListener("pointermove", (event) => {
    const shape = page.shape;
    if (!shape?.count) return;
    const place = Math.floor((event.clientX - page.svg.getBoundingClientRect().left - LEFT) / shape.slot);
    const at = place >= 0 && place < shape.count ? place : null;
    if (at !== view.at) move(at);
  });
  page.plot.addEventListener("pointerleave", () => move(null));
  page.plot.addEventListener("blur", () => move(null));
  page.plot.addEventListener("keydown", (event) => {
    const last = (page.shape?.count ?? 0) - 1;
    const from = view.at ?? last + 1;
    const steps = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last, PageUp: from - 10, PageDown: from + 10 };
    if (last < 0 || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    move(Math.min(last, Math.max(0, steps[event.key])));
  });
  page.scroll.addEventListener("scroll", () => drawRows(page, view), { passive: true });
  page.open = hands.open;
  page.body.addEventListener("click", (event) => {
    const row = event.target.closest("[data-id]");
    if (row) hands.open?.(row.dataset.id);
  });
  page.csv.hidden = !hands.csv;
  page.csv.addEventListener("click", () => {
    page.csv.disabled = true;
    page.csvSaid.textContent = "";
    setTimeout(() => { if (page.csv.disabled) page.csvSaid.textContent = t("waiting for the kernel …"); }, 500);
    hands.csv(view.scope);
  });
  page.heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const same = view.order.column === column;
    view.order = { column, descending: same ? !view.order.descending : COLUMNS[column].number };
    page.scroll.scrollTop = 0;
    later();
  }));
}

function make(tag, name = "", text = "", attributes = {}) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (name) node.setAttribute("class", name);
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const SVG_TAGS = new Set(["svg", "defs", "pattern", "path", "rect", "text", "g"]);

function skeleton(el, number) {
  const root = make("section", "o1-panel", "", { "aria-label": t("Reasoning and visible tokens") });
  root.append(make("style", "", STYLE));
  const page = { root, number, stopping: new Set() };
  const add = (key, node, parent = root) => { page[key] = node; parent.append(node); return node; };
  add("problem", make("p", "o1-problem", "", { role: "alert" })).hidden = true;
  add("status", make("div", "o1-status"));
  add("figures", make("dl", "o1-figures"));
  add("budgets", make("div", "o1-budgets"));
  add("plot", make("div", "o1-plot", "", { role: "slider", tabindex: "0", "aria-label": t("Calls, one bar each") }));
  add("svg", make("svg", "o1-svg", "", { "aria-hidden": "true" }), page.plot);
  add("empty", make("p", "o1-empty"), page.plot);
  add("readout", make("p", "o1-readout"));
  add("said", make("p", "o1-unseen", "", { "aria-live": "polite" }));
  const head = make("div", "o1-tablehead");
  root.append(head);
  add("count", make("span", "o1-muted"), head);
  add("csvSaid", make("span", "o1-muted", "", { role: "status" }), head);
  add("csv", make("button", "o1-button", t("Export CSV"), { type: "button" }), head);
  add("scroll", make("div", "o1-scroll", "", { tabindex: "0", role: "region", "aria-label": t("Table of calls") }));
  table(page);
  chartParts(page);
  el.append(root);
  return page;
}

function table(page) {
  const table = make("table", "o1-table");
  table.append(make("caption", "o1-unseen", t("Calls: the numbers of the chart")));
  const widths = make("colgroup");
  const row = make("tr");
  page.heads = COLUMNS.map(({ title, number, left, width }) => {
    const head = make("th", number && !left ? "o1-number" : "", "", { scope: "col" });
    head.append(make("button", "o1-sort", t(title), { type: "button" }));
    const column = make("col");
    column.style.width = width;
    widths.append(column);
    return head;
  });
  row.append(...page.heads);
  const head = make("thead");
  head.append(row);
  page.body = make("tbody");
  page.table = table;
  table.append(widths, head, page.body);
  page.scroll.append(table);
}

// ---- what is in flight

const received = new WeakMap();

function drawStatus(page, view, alive, press) {
  const { running, problem } = view.state;
  page.problem.hidden = alive && !problem;
  page.problem.textContent = alive ? problem : t("This panel's kernel is gone: %1 opens a live one.", "%o1 panel");
  const wanted = JSON.stringify([alive, running]);
  if (wanted === page.statusDrawn) return;
  page.statusDrawn = wanted;
  if (!received.has(running)) received.set(running, performance.now());
  const focused = page.status.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const lines = alive ? running.map((one) => standing(page, one, received.get(running), press)) : [];
  if (!lines.length) lines.push(make("div", "o1-idle", alive ? t("No call in flight") : t("Disconnected")));
  const drawn = page.status.children;
  if (lines.length === drawn.length && lines.every((line, i) => line === drawn[i])) return;
  page.status.replaceChildren(...lines);
  if (focused) [...page.status.querySelectorAll("button")].find((one) => one.dataset.id === focused)?.focus();
}

/** Return the line of a call, the one that stands where there is one: a button made anew under the pointer takes no click. */
function standing(page, one, at, press) {
  const key = JSON.stringify([one.id, one.model, one.effort, one.simulated, one.hold_nano_usd, one.stops]);
  const line = [...page.status.children].find((other) => other.dataset.key === key) ?? statusLine(page, one, at, press);
  line.dataset.key = key;
  line.querySelector(".o1-doing").textContent = one.said;
  line.querySelector(".o1-clock").dataset.since = String(at - one.elapsed_s * 1000);
  return line;
}

function statusLine(page, one, at, press) {
  const line = make("div", "o1-running");
  const face = make("span", "o1-clock", clock(one.elapsed_s + (performance.now() - at) / 1000), { role: "timer", "aria-live": "off" });
  face.dataset.since = String(at - one.elapsed_s * 1000);
  const about = [one.model, one.effort && t("%1 effort", one.effort)];
  if (one.simulated) about.push(t("simulated"));
  else if (one.hold_nano_usd !== null) about.push(t("at most %1", dollars(one.hold_nano_usd)));
  line.append(make("span", "o1-dot"), make("span", "o1-doing", one.said), face);
  line.append(make("span", "o1-about", about.filter(Boolean).join(" · ")));
  if (one.stops === false) return line;
  const stop = make("button", "o1-button o1-stop", t("Stop"), { type: "button", "aria-label": t("Stop the call to %1", one.model) });
  stop.dataset.id = one.id;
  const pressed = () => {
    stop.disabled = true;
    stop.textContent = t("Stopping …");
  };
  if (page.stopping.has(one.id)) pressed();
  stop.addEventListener("click", () => {
    pressed();
    press(one.id);
  });
  line.append(stop);
  return line;
}

// ---- totals and budgets

function drawFigures(page, view) {
  const total = view.state.totals[view.scope];
  const figures = total ? figuresOf(total, view.inputs, within(view.state, view.scope)) : [];
  page.figures.replaceChildren(...figures.map(({ name, value, kind, note }) => {
    const figure = make("div", "o1-figure");
    const term = make("dt");
    if (kind) term.append(make("span", `o1-swatch o1-${kind}`));
    term.append(name);
    figure.append(term, make("dd", "o1-value", value), ...(note ? [make("dd", "o1-note", note)] : []));
    return figure;
  }));
  const said = sentence(view.state, view.scope);
  if (page.said.textContent !== said) page.said.textContent = said;
}

function drawBudgets(page, view) {
  page.budgets.replaceChildren(...view.state.budgets.map(budgetLine));
}

function budgetLine(budget) {
  const amount = (value) => (budget.unit === "tokens" ? t("%1 tokens", tokens(value)) : dollars(value));
  const { limit, spent, held } = budget;
  const share = (value) => `${limit > 0 ? Math.min(100, (100 * value) / limit) : value > 0 ? 100 : 0}%`;
  const over = spent > limit;
  const parts = [t("%1 of %2", amount(spent), amount(limit))];
  if (held) parts.push(t("%1 held", amount(held)));
  if (over) parts.push(t("over by %1", amount(spent - limit)));
  else if (limit > 0) parts.push(t("%1 % used", Math.floor((100 * spent) / limit)));
  const said = parts.join(" · ");
  const per = budget.per !== budget.name && budget.per !== "total" ? t(`per ${budget.per}`) : "";
  const title = [t("Budget"), budget.name, per, budget.simulated ? `(${t("simulated")})` : ""].filter(Boolean).join(" ");
  const line = make("div", `o1-budget${over ? " o1-over" : budget.warned ? " o1-warned" : ""}`);
  const meter = make("div", "o1-meter", "", {
    role: "meter", "aria-label": title, "aria-valuetext": said,
    "aria-valuemin": "0", "aria-valuemax": String(limit), "aria-valuenow": String(Math.min(spent, limit)),
  });
  const spentBar = make("div", "o1-spent");
  spentBar.style.width = share(spent);
  const heldBar = make("div", "o1-held");
  heldBar.style.width = share(Math.min(held, Math.max(0, limit - spent)));
  meter.append(spentBar, heldBar);
  line.append(make("span", "o1-name", title), meter, make("span", "o1-state", said));
  return line;
}

// ---- the chart

const LEFT = 44;
const TOP = 20;
const HIGH = 128;
const LOW_TOP = TOP + HIGH + 30;
const LOW = 44;
const HEIGHT = LOW_TOP + LOW + 20;
const FACES = ["cached", "prompt", "reasoning", "visible", "untold", "unknown"];

function chartParts(page) {
  const { svg, number } = page;
  const hatch = make("pattern", "", "", { id: `o1-hatch-${number}`, width: "5", height: "5", patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(make("rect", "o1-fill-reasoning", "", { width: "5", height: "5" }), make("path", "o1-stripe", "", { d: "M1 0v5" }));
  const defs = make("defs");
  defs.append(hatch);
  svg.append(defs);
  const add = (key, node) => { page[key] = node; svg.append(node); };
  add("grid", make("path", "o1-grid"));
  add("mark", make("rect", "o1-chosen", "", { y: TOP - 4, height: LOW_TOP + LOW - TOP + 4 }));
  for (const played of ["", "-played"]) {
    for (const face of FACES) {
      add(face + played, make("path", `o1-bar o1-fill-${face}${played && " o1-played"}`));
      if (face === "reasoning") page[face + played].style.setProperty("--o1-hatch", `url(#o1-hatch-${number})`);
    }
  }
  for (const face of ["visible", "reasoning"]) {
    add(`area-${face}`, make("path", `o1-area o1-fill-${face}`));
    add(`line-${face}`, make("path", `o1-line o1-stroke-${face}`));
  }
  add("labels", make("g", "o1-labels"));
  svg.setAttribute("height", HEIGHT);
}

function drawChart(page, view) {
  const calls = within(view.state, view.scope).filter((call) => call.state !== "intent");
  const width = Math.max(160, page.plot.clientWidth - LEFT - 4);
  const { each, bars: made } = bars(calls, Math.floor(width / 4));
  const slot = made.length ? Math.min(28, Math.floor(width / made.length)) : 28;
  page.shape = { slot, count: made.length };
  page.empty.hidden = made.length > 0;
  page.svg.classList.toggle("o1-blank", made.length === 0);
  page.empty.textContent = emptyText(view);
  const top = roundUp(Math.max(...made.map((bar) => height(bar, view.inputs)), 1));
  const paths = Object.fromEntries(FACES.flatMap((face) => [[face, ""], [`${face}-played`, ""]]));
  const thick = Math.max(1, slot - Math.min(4, Math.ceil(slot / 4)));
  made.forEach((bar, i) => stack(paths, bar, LEFT + i * slot, thick, top, view.inputs));
  // Stripes in bars of a few pixels flicker; there, lighter and darker alone tell the two apart.
  page.root.classList.toggle("o1-thin", thick < 6);
  for (const [face, d] of Object.entries(paths)) page[face].setAttribute("d", d);
  const points = sums(calls, made, view.state.totals[view.scope]);
  drawSums(page, points, slot);
  drawLabels(page, { calls, each, top, width, slot, made, points, today: view.state.today });
  drawMark(page, view, calls, made, slot);
}

function emptyText(view) {
  if (within(view.state, view.scope).length) return t("The first call is in flight: its bar stands here when it has ended.");
  const others = view.scope === "session" ? view.state.totals.all?.calls : 0;
  const more = others ? ` ${t("All time: %1.", tokens(others))}` : "";
  const words = { session: "No calls in this session yet.", day: "No calls today.", all: "No calls yet." };
  return `${t(words[view.scope])} ${t("Each %1 cell becomes a bar here.", "%%o1")}${more}`;
}

function height(bar, inputs) {
  return bar.reasoning + bar.visible + bar.untold + (inputs ? bar.prompt + bar.cached : 0);
}

function stack(paths, bar, x, width, top, inputs) {
  const played = bar.simulated ? "-played" : "";
  let sum = 0;
  let base = TOP + HIGH;
  for (const face of inputs ? KINDS : KINDS.slice(2)) {
    if (bar[face] <= 0) continue;
    sum += bar[face];
    // On whole pixels, and at least one high: something is never drawn as nothing.
    const edge = Math.min(base - 1, TOP + HIGH - Math.round((sum / top) * HIGH));
    paths[face + played] += `M${x} ${edge}h${width}V${base}h${-width}z`;
    base = edge;
  }
  // A call that told no count is no bar of height zero: it gets an open box.
  if (bar.unknown === bar.to - bar.from) paths[`unknown${played}`] += `M${x + 0.5} ${TOP + HIGH - 7.5}h${width - 1}v7h${1 - width}z`;
}

function drawSums(page, points, slot) {
  const most = roundUp(points.at(-1)?.output ?? 1);
  const bottom = LOW_TOP + LOW;
  // One call is a point, and a line of no length draws nothing: each point is as wide as its bar.
  const steps = (key) => points.flatMap((point, i) => {
    const y = (bottom - (point[key] / most) * LOW).toFixed(1);
    return points.length === 1 ? [`${LEFT} ${y}`, `${LEFT + slot} ${y}`] : [`${LEFT + (i + 0.5) * slot} ${y}`];
  });
  const [output, reasoning] = [steps("output"), steps("reasoning")];
  const ground = points.length ? [reasoning.at(-1), reasoning[0]].map((corner) => `${corner.split(" ")[0]} ${bottom}`) : [];
  const draw = (name, corners) => page[name].setAttribute("d", corners.length ? `M${corners.join("L")}` : "");
  draw("line-visible", output);
  draw("line-reasoning", reasoning);
  draw("area-visible", [...output, ...reasoning.slice().reverse()]);
  draw("area-reasoning", [...reasoning, ...ground]);
}

function drawLabels(page, { calls, each, top, width, slot, made, points, today }) {
  const right = LEFT + width;
  const lines = [TOP, TOP + HIGH / 2, TOP + HIGH, LOW_TOP, LOW_TOP + LOW].map((y) => `M${LEFT} ${y + 0.5}H${right}`);
  page.grid.setAttribute("d", made.length ? lines.join("") : "");
  if (!made.length) return page.labels.replaceChildren();
  const text = (x, y, said, anchor, name = "") => make("text", name, said, { x, y, "text-anchor": anchor });
  const end = Math.max(LEFT + 150, LEFT + made.length * slot);
  const times = calls.length > 1 ? [text(end, HEIGHT - 4, moment(calls.at(-1), today), "end")] : [];
  const sum = points.at(-1);
  const at = (value) => LOW_TOP + LOW - (value / roundUp(sum.output)) * LOW + 4;
  const tip = LEFT + made.length * slot + 6;
  const ends = right - tip < 110 ? [] : [
    text(tip, Math.min(at(sum.output), at(sum.reasoning) - 12), t("output %1", short(sum.output)), "start"),
    text(tip, at(sum.reasoning), t("reasoning %1", short(sum.reasoning)), "start"),
  ];
  const per = each === 1 ? t("tokens per call") : t("tokens, mean of every %1 calls", each);
  page.labels.replaceChildren(
    text(LEFT - 6, TOP + 4, short(top), "end"),
    ...(top > 1 ? [text(LEFT - 6, TOP + HIGH / 2 + 4, short(top / 2), "end")] : []),
    text(LEFT - 6, TOP + HIGH + 4, "0", "end"),
    text(LEFT, TOP - 8, per, "start"),
    text(LEFT, LOW_TOP - 8, t("cumulative"), "start"),
    text(LEFT - 6, LOW_TOP + 4, short(roundUp(sum.output)), "end"),
    text(LEFT - 6, LOW_TOP + LOW + 4, "0", "end"),
    text(LEFT, HEIGHT - 4, moment(calls[0], today), "start"),
    ...times,
    ...ends,
  );
}

function drawMark(page, view, calls, made, slot) {
  if (view.at !== null && view.at >= made.length) view.at = null;
  const bar = view.at === null ? null : made[view.at];
  page.mark.setAttribute("x", LEFT + (view.at ?? 0) * slot - 1);
  page.mark.setAttribute("width", bar ? slot + 1 : 0);
  page.readout.textContent = bar ? barText(bar, calls, view) : calls.length ? t("last: %1", describe(calls.at(-1), view.state.today)) : "";
  const values = { "aria-valuemin": 1, "aria-valuemax": Math.max(1, made.length), "aria-valuenow": (view.at ?? Math.max(0, made.length - 1)) + 1 };
  for (const [name, value] of Object.entries(values)) page.plot.setAttribute(name, value);
  page.plot.setAttribute("aria-valuetext", page.readout.textContent || page.empty.textContent);
}

function barText(bar, calls, view) {
  const { today } = view.state;
  if (bar.to - bar.from === 1) return `${t("call %1", tokens(bar.from + 1))}: ${describe(calls[bar.from], today)}`;
  const mean = (name) => t(`${name} %1`, tokens(Math.round(bar[name])));
  const counts = ["reasoning", "visible", ...(bar.untold ? ["untold"] : []), ...(view.inputs ? ["prompt", "cached"] : [])];
  return [
    t("calls %1–%2, %3 on", tokens(bar.from + 1), tokens(bar.to), moment(calls[bar.from], today)),
    ...(bar.simulated ? [t("simulated among them")] : []),
    t("mean %1", counts.map(mean).join(" · ")),
    ...(bar.unknown ? [t("%1 unknown", bar.unknown)] : []),
  ].join(" · ");
}

// ---- the table

const ROW = 25;
const SHOWN = 9;

const COLUMNS = [
  { title: "Time", width: "7.2em", value: (call) => call.created_ms, text: (call, today) => moment(call, today), number: true, left: true },
  { title: "Model", width: "auto", value: (call) => call.model, text: (call) => call.model },
  { title: "Effort", width: "5.6em", value: (call) => call.effort, text: (call) => call.effort ?? "–" },
  { title: "Prompt", width: "5.6em", value: (call) => call.prompt, text: (call) => known(call, call.prompt), number: true },
  { title: "Reasoning", width: "6.9em", value: (call) => call.reasoning, text: (call) => known(call, call.reasoning), number: true },
  { title: "Visible", width: "5.6em", value: visibleOf, text: (call) => known(call, visibleOf(call)), number: true },
  { title: "Cost", width: "6.2em", value: (call) => call.cost_nano_usd, text: price, number: true },
  { title: "Seconds", width: "6em", value: (call) => call.seconds, text: (call) => call.seconds?.toFixed(1) ?? "–", number: true },
  { title: "Ended by", width: "6.8em", value: ending, text: ending },
  { title: "Findings", width: "6.4em", value: (call) => call.lint || null, text: (call) => findings(call, "✓") || "–" },
];

function known(call, count) {
  if (call.state === "intent") return "…";
  return call.state === "failed" && count === null ? "–" : tokens(count, call.estimated);
}

function drawTable(page, view) {
  const { column, descending } = view.order;
  const calls = within(view.state, view.scope);
  // A row that is made anew under the pointer takes no click: nothing is drawn again that is as it was.
  const drawn = [view.state.within, view.scope, column, descending];
  if (drawn.every((one, i) => one === page.tableDrawn?.[i])) return;
  page.tableDrawn = drawn;
  page.heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending"));
  // Calls come in the order of time: turning it round is all there is to sort by it.
  page.rows = column === 0 ? (descending ? calls.slice().reverse() : calls) : sorted(calls, COLUMNS[column].value, descending);
  const total = view.state.totals[view.scope]?.calls ?? 0;
  const listed = total > calls.length ? t("the newest %1 of %2 calls", tokens(calls.length), tokens(total)) : "";
  page.count.textContent = listed;
  page.scroll.parentNode.classList.toggle("o1-none", calls.length === 0);
  page.table.setAttribute("aria-rowcount", calls.length + 1);
  page.scroll.style.height = `${(Math.min(SHOWN, calls.length) + 1) * ROW + (calls.length > SHOWN ? ROW / 2 : 8)}px`;
  page.first = -1;
  drawRows(page, view);
}

function drawRows(page, view) {
  const rows = page.rows ?? [];
  const first = Math.max(0, Math.min(Math.floor(page.scroll.scrollTop / ROW) - 3, rows.length - SHOWN - 6));
  if (first === page.first) return;
  page.first = first;
  const last = Math.min(rows.length, first + SHOWN + 8);
  const row = (call, i) => tableRow(call, first + i, view.state.today, page.open);
  const focused = page.body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.id : null;
  page.body.replaceChildren(spacer(first), ...rows.slice(first, last).map(row), spacer(rows.length - last));
  if (focused) [...page.body.children].find((one) => one.dataset.id === focused)?.querySelector("button")?.focus();
}

function spacer(count) {
  const row = make("tr", "", "", { "aria-hidden": "true" });
  row.style.height = `${count * ROW}px`;
  return row;
}

function tableRow(call, place, today, open) {
  const row = make("tr", call.state === "intent" ? "o1-open" : "", "", { "aria-rowindex": place + 2 });
  if (open) {
    row.dataset.id = call.id;
    row.title = describe(call, today);
  }
  for (const { text, number, left, title } of COLUMNS) {
    const said = text(call, today);
    const cell = make("td", number && !left ? "o1-number" : "", open && title === "Time" ? "" : said);
    if (open && title === "Time") cell.append(make("button", "o1-jump", said, { type: "button", "aria-label": t("Show the cell of the call of %1", said) }));
    if (said === t("unknown") || said === "–" || said === "…") cell.classList.add("o1-muted");
    if (title === "Model" && call.simulated) cell.append(make("span", "o1-pill", t("simulated")));
    if (title === "Model" && call.asked) cell.title = t("asked: %1", call.asked);
    else if (title === "Findings") cell.title = findings(call, t("fixed in what was sent"));
    else if (said.length > 9) cell.title = said;
    row.append(cell);
  }
  return row;
}

// ---- anywidget

/** Draw the kernel's model into `el`; return what ends it. */
function render({ model, el }) {
  let state = read(model.get("snapshot"));
  let asked = -1;
  const kernel = () => model.widget_manager?.kernel;
  const panel = mount(el, {
    stop: (id) => model.send({ stop: id }),
    interrupt: () => kernel()?.interrupt?.(),
    csv: (scope) => model.send({ csv: token, scope }),
    gone: () => "kernel" in (model.widget_manager ?? {}) && !kernel(),
  });
  // Every page that shows this panel hears the answer: only the one that asked saves the file.
  const token = `${Date.now()}-${Math.random()}`;
  const look = (always = false) => {
    try {
      model.send({ look: always ? null : state.totals });
    } catch { /* the kernel is gone, which the panel says */ }
  };
  const show = () => {
    panel.alive(true);
    if (!apply(state, model.get("news")) && asked !== state.seq) {
      asked = state.seq;
      look(true);
    }
    panel.show(state, { scope: SCOPES[model.get("scope")] ?? "session", inputs: model.get("inputs") });
  };
  const changes = {
    "change:snapshot": () => { state = read(model.get("snapshot")); show(); },
    "change:news": show,
    // Other notebooks write into the same ledger, and are heard of when somebody looks.
    "change:scope": () => { show(); look(); },
    "change:inputs": show,
    "msg:custom": (message, buffers) => {
      if (message.csv === token) panel.exported(message.problem ?? save(message.name, buffers[0]));
    },
    // Said when the connection is lost and when it is back; the kernel's answer tells which.
    comm_live_update: () => { panel.alive(false); look(true); },
  };
  for (const [name, then] of Object.entries(changes)) model.on(name, then);
  show();
  return () => {
    for (const [name, then] of Object.entries(changes)) model.off(name, then);
    panel.dispose();
  };
}

function save(name, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/csv;charset=utf-8" }));
  const link = make("a", "", "", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return t("saved %1", name);
}

// ---- how it looks: the theme's own colours where there is a theme

const STYLE = `
.o1-panel {
  --o1-ink: var(--jp-ui-font-color1, var(--vscode-foreground, #333));
  --o1-soft: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #666));
  --o1-line: var(--jp-border-color2, var(--vscode-panel-border, #ddd));
  --o1-ground: var(--jp-layout-color1, var(--vscode-editor-background, #fff));
  --o1-raised: var(--jp-layout-color2, var(--vscode-sideBar-background, #f2f2f2));
  --o1-focus: var(--jp-brand-color1, var(--vscode-focusBorder, #1976d2));
  --o1-error: var(--jp-error-color1, #c62828);
  --o1-warn: var(--jp-warn-color0, #a65b00);
  --o1-reasoning: #3873b8; --o1-visible: #d9820f; --o1-prompt: #8a9099; --o1-cached: #c3c8ce; --o1-stripe: #ffffff;
  container-type: inline-size; box-sizing: border-box; width: 100%; padding: 4px 0 2px; color: var(--o1-ink);
  font: var(--jp-ui-font-size1, 13px)/1.4 var(--jp-ui-font-family, system-ui, sans-serif);
  font-variant-numeric: tabular-nums; text-align: left;
}
[data-jp-theme-light="false"] .o1-panel, .vscode-dark .o1-panel {
  --o1-reasoning: #6ba4e8; --o1-visible: #f2a541; --o1-prompt: #8d949e; --o1-cached: #59606a; --o1-stripe: #10151c;
  --o1-warn: var(--jp-warn-color1, #ffb74d);
}
.o1-panel *, .o1-panel *::before { box-sizing: border-box; }
.o1-panel p, .o1-panel dl, .o1-panel dd { margin: 0; padding: 0; }
.o1-panel [hidden] { display: none; }
.o1-muted, .o1-panel td.o1-muted { color: var(--o1-soft); }
.o1-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.o1-problem { padding: 6px 10px; margin-bottom: 8px !important; border-left: 3px solid var(--o1-error); background: var(--o1-raised); }
.o1-button {
  font: inherit; color: inherit; background: transparent; border: 1px solid var(--o1-line); border-radius: 3px;
  padding: 2px 10px; cursor: pointer;
}
.o1-button:hover:enabled { background: var(--o1-raised); }
.o1-button:disabled { color: var(--o1-soft); cursor: default; }
.o1-panel :focus-visible { outline: 2px solid var(--o1-focus); outline-offset: -2px; }
.o1-running, .o1-idle { display: flex; align-items: center; gap: 10px; min-height: 30px; }
.o1-idle { color: var(--o1-soft); }
.o1-dot { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--o1-reasoning); animation: o1-pulse 1.6s ease-in-out infinite; }
@keyframes o1-pulse { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) { .o1-dot { animation: none; } }
.o1-doing { font-weight: 600; }
.o1-clock { min-width: 3.2em; }
.o1-about { color: var(--o1-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.o1-stop { margin-left: auto; flex: none; border-color: var(--o1-error); color: var(--o1-error); font-weight: 600; }
.o1-panel dl.o1-figures { display: flex; flex-wrap: wrap; gap: 8px 40px; min-height: 84px; padding: 8px 0 12px; }
.o1-figure { display: flex; flex-direction: column; }
.o1-panel .o1-figure dt { display: flex; font-weight: 400; margin: 0; float: none; width: auto; align-items: center; gap: 6px; color: var(--o1-soft); }
.o1-value { font-size: 21px; line-height: 1.25; font-weight: 500; color: var(--jp-ui-font-color0, var(--o1-ink)); }
.o1-note { white-space: nowrap; font-size: 11.5px; color: var(--o1-soft); }
.o1-swatch { width: 10px; height: 10px; border-radius: 2px; background: var(--o1-visible); }
.o1-swatch.o1-reasoning { background: repeating-linear-gradient(135deg, var(--o1-reasoning) 0 2.5px, color-mix(in srgb, var(--o1-reasoning) 62%, var(--o1-stripe)) 2.5px 4px); }
.o1-swatch.o1-prompt { background: var(--o1-prompt); }
.o1-swatch.o1-cached { background: var(--o1-cached); }
.o1-budgets { display: grid; grid-template-columns: max-content minmax(80px, 1fr) max-content; gap: 6px 14px; align-items: center; padding-bottom: 12px; }
.o1-budgets:empty { display: none; }
.o1-budget { display: contents; }
@container (max-width: 600px) {
  .o1-budgets { grid-template-columns: 1fr; gap: 2px; }
  .o1-budget .o1-state { padding-bottom: 6px; }
  .o1-panel dl.o1-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(104px, 1fr)); gap: 6px 16px; min-height: 0; padding: 4px 0 10px; }
  .o1-note { white-space: normal; }
  .o1-value { font-size: 17px; }
  .o1-running { flex-wrap: wrap; gap: 2px 10px; }
  .o1-about { order: 1; flex: 1 0 100%; }
}
.o1-budget .o1-state { color: var(--o1-soft); }
.o1-meter { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--o1-raised); box-shadow: inset 0 0 0 1px var(--o1-line); }
.o1-spent { background: var(--o1-soft); }
.o1-held { background: repeating-linear-gradient(135deg, var(--o1-soft) 0 2px, transparent 2px 5px); }
.o1-warned .o1-spent { background: var(--o1-warn); }
.o1-warned .o1-state { color: var(--o1-warn); }
.o1-over .o1-spent { background: var(--o1-error); }
.o1-over .o1-state { color: var(--o1-error); }
.o1-plot { position: relative; border-radius: 3px; }
.o1-svg { display: block; width: 100%; overflow: hidden; }
.o1-svg.o1-blank { height: 96px; }
.o1-svg text { font-size: 11px; fill: var(--o1-soft); }
.o1-empty { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center; color: var(--o1-soft); text-align: center; }
.o1-grid { stroke: var(--o1-line); stroke-width: 1; fill: none; shape-rendering: crispEdges; }
.o1-chosen { fill: var(--o1-ink); fill-opacity: .09; }
.o1-bar { shape-rendering: crispEdges; }
.o1-played { fill-opacity: .75; }
.o1-fill-reasoning { fill: var(--o1-reasoning); }
.o1-bar.o1-fill-reasoning { fill: var(--o1-hatch); }
.o1-thin .o1-bar.o1-fill-reasoning { fill: var(--o1-reasoning); }
.o1-fill-visible { fill: var(--o1-visible); }
.o1-fill-prompt { fill: var(--o1-prompt); }
.o1-fill-cached { fill: var(--o1-cached); }
.o1-fill-untold { fill: var(--o1-soft); fill-opacity: .55; }
.o1-fill-unknown { fill: none; stroke: var(--o1-soft); stroke-dasharray: 2 2; }
.o1-stripe { stroke: var(--o1-stripe); stroke-opacity: .38; stroke-width: 1.5; }
.o1-area { fill-opacity: .16; }
.o1-line { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
.o1-stroke-reasoning { stroke: var(--o1-reasoning); }
.o1-stroke-visible { stroke: var(--o1-visible); }
.o1-panel .o1-readout { min-height: 1.4em; padding: 4px 0 0 44px; color: var(--o1-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.o1-tablehead { display: flex; justify-content: flex-end; align-items: center; gap: 12px; padding: 10px 0 4px; }
.o1-tablehead > :first-child { margin-right: auto; }
.o1-scroll { overflow: auto; border-top: 1px solid var(--o1-line); }
.o1-none .o1-scroll, .o1-none .o1-tablehead { display: none; }
.o1-panel .o1-table { width: 100%; min-width: 810px; table-layout: fixed; border-collapse: separate; border-spacing: 0; font-size: inherit; border: 0; color: inherit; margin: 0; }
@container (max-width: 600px) {
  .o1-panel .o1-table { min-width: 0; }
  .o1-panel .o1-table :is(col, th, td):nth-child(n + 3):not(:nth-child(7)) { display: none; }
  /* Said by the brackets round the cost, for which there is room. */
  .o1-panel .o1-pill { position: absolute; clip-path: inset(50%); }
}
.o1-panel .o1-table tr { background: transparent; }
.o1-panel .o1-table td, .o1-panel .o1-table th {
  height: ${ROW}px; padding: 0 6px; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  vertical-align: middle; border: 0; border-bottom: 1px solid color-mix(in srgb, var(--o1-line) 55%, transparent); max-width: none;
}
.o1-panel .o1-table th { position: sticky; top: 0; z-index: 1; padding: 0; background: var(--o1-ground); font-weight: 400; border-bottom-color: var(--o1-line); }
.o1-panel .o1-table .o1-number { text-align: right; }
.o1-panel .o1-table tbody tr:hover td { background: var(--o1-raised); }
.o1-panel .o1-table tr[aria-hidden] { border: 0; }
.o1-open { color: var(--o1-soft); }
.o1-sort { width: 100%; height: 100%; padding: 0 6px; font: inherit; color: var(--o1-soft); text-align: inherit; background: none; border: 0; cursor: pointer; }
.o1-sort:hover { color: var(--o1-ink); }
th[aria-sort="ascending"] .o1-sort, th[aria-sort="descending"] .o1-sort { color: var(--o1-ink); font-weight: 600; }
th[aria-sort="ascending"] .o1-sort::after { content: " ↑"; }
th[aria-sort="descending"] .o1-sort::after { content: " ↓"; }
.o1-panel .o1-table tr[data-id] { cursor: pointer; }
.o1-jump { padding: 0; font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
.o1-pill { margin-left: 6px; padding: 0 5px; border-radius: 7px; font-size: 10.5px; color: var(--o1-soft); box-shadow: inset 0 0 0 1px var(--o1-line); }
/* What a saved notebook shows in place of this panel is not shown beneath it. */
.jp-OutputArea-child:has(.o1-panel) + .jp-OutputArea-child:has(.o1magic-static) { display: none; }
`;

export default { render };
