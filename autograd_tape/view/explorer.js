// The explorer in the browser: a slider over `data.steps`, a graph and a table that show the same.
// The picture and the table are there already, readable without this; here they move into a shadow
// tree with the slider, so that no style, id or shortcut of the page meets ours.
"use strict";

function explore(host, data) {
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>${data.css}</style>${data.html}`;
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const panel = find(".explorer");
  const slider = find("input");
  const last = data.steps.length - 1;

  // -- the picture and the table -----------------------------------------------------------------

  const image = atob(host.querySelector("img").src.split(",")[1]);
  const text = new TextDecoder().decode(Uint8Array.from(image, (c) => c.charCodeAt(0)));
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const table = host.querySelector("table");
  find(".graph").append(svg);
  find(".table").append(table);
  for (const e of table.querySelectorAll("[style]")) e.removeAttribute("style");
  table.removeAttribute("style");
  svg.style.minWidth = `${0.75 * svg.viewBox.baseVal.width}px`; // smaller could not be read
  svg.setAttribute("role", "group");
  panel.setAttribute("aria-label", data.title);
  find(".note").textContent = data.note;

  const rows = all("tr[data-key]");
  const keys = rows.map((row) => row.dataset.key);
  const nodes = new Map(all("g.node").map((g) => [g.dataset.key, g]));
  const edges = all("g.edge");
  const pairs = new Map(keys.map((key, i) => [key, [rows[i], nodes.get(key)].filter(Boolean)]));
  const items = [rows, keys.map((key) => nodes.get(key)).filter(Boolean)];

  // One row and one node are reached by Tab; the arrow keys go on from there.
  for (const list of items) list.forEach((e, i) => (e.tabIndex = i ? -1 : 0));
  for (const node of items[1]) node.setAttribute("role", "button");

  // -- one step ----------------------------------------------------------------------------------

  let at = 0;
  let timer = null;

  function show(step) {
    at = Math.max(0, Math.min(last, step));
    const now = data.steps[at];
    const reverse = now.phase === "seed" || now.phase === "reverse";
    panel.classList.toggle("reverse", reverse);
    panel.classList.toggle("dark", isDark());
    slider.value = at;
    slider.setAttribute("aria-valuetext", `step ${at + 1} of ${last + 1}: ${now.title}`);
    find(".count").textContent = `${at + 1} / ${last + 1}`;
    find(".back").disabled = at === 0;
    find(".on").disabled = at === last;
    find(".title").textContent = now.title;
    find(".lines").textContent = now.lines.join("\n");
    find(".place").textContent = now.place;

    const primals = new Map();
    const adjoints = new Map();
    for (const s of data.steps.slice(0, at + 1)) {
      for (const [key, text] of Object.entries(s.primals)) primals.set(key, text);
      for (const [key, change] of Object.entries(s.adjoints)) adjoints.set(key, change);
    }
    for (const [key, pair] of pairs) {
      const [text, count, total] = adjoints.get(key) ?? ["", 0, 0];
      const state = !total ? "" : count < total ? `pending ${count}/${total}` : "final";
      for (const e of pair) {
        write(e, ".primal", primals.get(key) ?? "·");
        write(e, ".adjoint", text || "·");
        write(e, ".state", state);
        e.classList.toggle("pending", state.startsWith("pending"));
        e.classList.toggle("final", state === "final");
        e.classList.toggle("now", key === now.node);
        e.classList.toggle("value", key in now.primals);
        e.classList.toggle("share", key in now.adjoints);
      }
    }
    edges.forEach((edge, i) => edge.classList.toggle("flow", now.edges.includes(i)));
    if (pairs.has(now.node)) pairs.get(now.node).forEach(bringIntoView);
  }

  function write(element, selector, text) {
    const place = element.querySelector(selector);
    if (place) place.textContent = text.replace(/ … /g, "\u00a0…\u00a0"); // one piece
  }

  // Scrolls the box that the element stands in, and never the page.
  function bringIntoView(element) {
    const box = element.closest(".graph, .table");
    const outer = box.getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    if (inner.top < outer.top + 30 || inner.bottom > outer.bottom)
      box.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
    if (box.matches(".graph") && (inner.left < outer.left || inner.right > outer.right))
      box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }

  function play(on) {
    clearInterval(timer);
    timer = null;
    if (on) {
      if (at === last) show(0);
      timer = setInterval(() => (at < last ? show(at + 1) : play(false)), 1200);
    }
    find(".play").textContent = timer ? "Pause" : "Play";
  }

  function go(step) {
    play(false);
    show(step);
  }

  // -- dark or light: as the page, else as the system ----------------------------------------------

  const system = matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    const body = document.body.classList;
    if (body.contains("vscode-dark") || body.contains("vscode-high-contrast")) return true;
    for (let e = host; e; e = e.parentElement ?? e.getRootNode().host) {
      const [r, g, b, a = 1] = (getComputedStyle(e).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
      if (a > 0.5) return 0.3 * r + 0.59 * g + 0.11 * b < 128;
    }
    return system.matches;
  }

  // -- what the reader does ------------------------------------------------------------------------

  function link(key) {
    for (const [other, pair] of pairs)
      for (const e of pair) e.classList.toggle("linked", other === key);
  }

  // The next step, round the end, that stands at a node (its value, then its adjoint's way on).
  function goTo(key) {
    for (let i = 1; i <= last + 1; i++) {
      const step = (at + i) % (last + 1);
      const { node, primals } = data.steps[step];
      if (node === key || (node === null && key in primals)) return go(step);
    }
  }

  for (const [key, pair] of pairs)
    for (const e of pair) {
      e.addEventListener("pointerenter", () => link(key));
      e.addEventListener("pointerleave", () => link(null));
      e.addEventListener("click", () => goTo(key));
      e.addEventListener("focus", () => {
        link(key);
        pair.filter((other) => other !== e).forEach(bringIntoView);
      });
      e.addEventListener("blur", () => link(null));
    }

  function walk(e, by) {
    const list = items.find((those) => those.includes(e));
    const next = list[list.indexOf(e) + by];
    if (!next) return;
    e.tabIndex = -1;
    next.tabIndex = 0;
    next.focus({ preventScroll: true });
    bringIntoView(next);
  }

  panel.addEventListener("keydown", (event) => {
    const item = event.target.closest("tr[data-key], g.node");
    const actions = {
      ArrowRight: () => go(at + 1),
      ArrowLeft: () => go(at - 1),
      Home: () => go(0),
      End: () => go(last),
      ...(item && {
        ArrowDown: () => walk(item, 1),
        ArrowUp: () => walk(item, -1),
        Enter: () => goTo(item.dataset.key),
        " ": () => goTo(item.dataset.key),
      }),
    };
    const action = event.altKey || event.ctrlKey || event.metaKey ? null : actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
  slider.addEventListener("input", () => go(Number(slider.value)));
  find(".back").addEventListener("click", () => go(at - 1));
  find(".on").addEventListener("click", () => go(at + 1));
  find(".play").addEventListener("click", () => play(!timer));
  for (const event of ["pointerenter", "focusin"])
    panel.addEventListener(event, () => panel.classList.toggle("dark", isDark()));
  system.addEventListener("change", () => panel.classList.toggle("dark", isDark()));

  // -- begin -----------------------------------------------------------------------------------------

  slider.max = last;
  const down = data.steps.findIndex((s) => s.phase === "seed");
  find(".up").style.flexGrow = down;
  find(".down").style.flexGrow = last + 1 - down;
  const most = Math.max(...data.steps.map((s) => s.lines.length)); // so that nothing jumps
  find(".step").style.minHeight = `${1.5 * (2 + Math.min(most, 5))}em`;
  host.querySelectorAll(":scope > *").forEach((e) => e.remove());
  host.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's own arrow keys
  show(0);
}
