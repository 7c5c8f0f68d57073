"use strict";
// The page is complete without this script. It adds search, filters and sorting, and keeps them in
// the fragment, so that a filtered list can be sent on: list.html#search=acme&grade=A&sort=age
//
// A long list comes as text after its first leads, in noscript elements: a browser that runs no
// script reads them as part of the page, one that does opens it at once and makes leads of the
// text while it has nothing else to do, or when they are asked for.
const find = (id) => document.getElementById(id);
const tools = find("tools");
const atOnce = Number(tools.dataset.atOnce);
const size = Number(tools.dataset.part);
const blocks = [...document.querySelectorAll(".block")].map((block) => ({
  block, list: block.querySelector(".list"), leads: [],
}));
const grades = [...document.querySelectorAll("input[name=grade]")];
const facets = ["source", "campaign", "list", "owner", "criteria"].filter(find);
const fields = ["search", ...facets, "sort"];
const idle = self.requestIdleCallback || ((work) => setTimeout(work, 10));

// ---- leads: markup, and an element once they were shown ----

const marks = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'" };
const read = (markup) =>
  markup.replace(/<[^>]*>/g, " ").replace(/&(?:amp|lt|gt|#34|#39);/g, (mark) => marks[mark]);

function written(markup) {
  const opening = markup.slice(0, markup.indexOf(">"));
  const data = {};
  for (const [, key, value] of opening.matchAll(/ data-(\w+)="([^"]*)"/g)) data[key] = read(value);
  return { markup, data };
}

const shown = (node) => ({ node, data: node.dataset });

let gathered = false;
let waiting = [];

function queue(list, leads) {
  for (let i = 0; i < leads.length; i += size) waiting.push({ list, leads: leads.slice(i, i + size) });
}

function gather() {
  if (gathered) return;
  gathered = true;
  for (const { list, leads } of blocks) {
    for (const part of [...list.children]) {
      if (part.tagName === "NOSCRIPT") {
        leads.push(...part.textContent.match(/<article .*?<\/article>/gs).map(written));
        part.remove();
      } else leads.push(...[...part.children].map(shown));
    }
    queue(list, leads.filter((lead) => !lead.node));
  }
}

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

// Who and where, not the folded reasons; made on the first search only.
function text(lead) {
  if (lead.text === undefined) {
    const cut = lead.node
      ? [...lead.node.querySelectorAll(".who, .say, .about, .reach")].map((one) => one.textContent).join(" ")
      : read(lead.markup.split("<details>", 1)[0]);
    lead.text = plain(cut);
  }
  return lead.text;
}

function name(lead) {
  lead.name ??= lead.node ? lead.node.querySelector("h3").textContent : read(lead.markup.match(/<h3>(.*?)<\/h3>/)[1]).trim();
  return lead.name;
}

// ---- what is asked for ----

const count = (n) => n.toLocaleString("en");
const all = [...document.querySelectorAll("noscript[data-leads]")].reduce(
  (n, one) => n + Number(one.dataset.leads), document.querySelectorAll(".lead").length,
);
const number = (lead, key, other) => Number(lead.data[key] ?? other);
const letters = new Intl.Collator();
const sorts = {
  chance: (a, b) => number(b, "chance", 0) - number(a, "chance", 0),
  age: (a, b) => number(a, "age", Infinity) - number(b, "age", Infinity),
  name: (a, b) => letters.compare(name(a), name(b)),
};

function asked() {
  const said = Object.fromEntries(fields.map((id) => [id, find(id).value.trim()]));
  said.grade = grades.find((one) => one.checked)?.value || "";
  return said;
}

function matches(lead, said, words) {
  if (said.grade && lead.data.grade !== said.grade) return false;
  for (const id of facets) {
    const own = id === "criteria" ? lead.data.criteria || "met" : lead.data[id] || "";
    if (said[id] && own !== said[id]) return false;
  }
  return words.every((word) => text(lead).includes(word));
}

// ---- what is shown ----

function place({ list, leads }) {
  const bare = leads.filter((lead) => !lead.node);
  const made = document.createElement("template");
  made.innerHTML = bare.map((lead) => lead.markup).join("");
  [...made.content.children].forEach((node, i) => (bare[i].node = node));
  const part = document.createElement("div");
  part.className = "part";
  part.append(...leads.map((lead) => lead.node));
  list.append(part);
}

function fill(time) {
  do {
    if (waiting.length) place(waiting.shift());
  } while (waiting.length && time?.timeRemaining?.() > 25);
  if (waiting.length) idle(fill);
}

function finish() {
  gather();
  while (waiting.length) place(waiting.shift());
}

let untouched = true;

function show() {
  const said = asked();
  const any = Object.values(said).some(Boolean);
  let fitting = all;
  if (any || !untouched) {
    untouched = false;
    gather();
    const words = plain(said.search).split(/\s+/).filter(Boolean);
    waiting = [];
    fitting = 0;
    for (const { block, list, leads } of blocks) {
      const fits = leads.filter((lead) => matches(lead, said, words));
      if (sorts[said.sort]) fits.sort(sorts[said.sort]);
      fitting += fits.length;
      block.hidden = any && !fits.length;
      list.replaceChildren();
      queue(list, fits);
    }
    if (fitting === all) for (const { block } of blocks) block.hidden = false;
    for (let n = 0; waiting.length && n < atOnce; n += size) place(waiting.shift());
    if (waiting.length) idle(fill);
  }
  find("found").textContent = fitting < all
    ? fitting ? `${count(fitting)} of ${count(all)} leads` : "No lead is like that"
    : `${count(all)} lead${all === 1 ? "" : "s"}`;
  find("clear").hidden = !any;
  return said;
}

function changed() {
  const said = show();
  const kept = new URLSearchParams(Object.entries(said).filter(([, value]) => value));
  try {
    history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
  } catch {
    // In a preview a page may have no address to change; what is shown is right all the same.
  }
}

function follow() {
  const fragment = location.hash.slice(1);
  if (!fragment.includes("=")) {
    if (!fragment.startsWith("lead-") || find(fragment)) return;
    // A link to a lead that a filter hides, or that comes further down, shows it.
    finish();
    if (!find(fragment)) {
      reset();
      show();
      finish();
    }
    find(fragment)?.scrollIntoView();
    return;
  }
  const kept = new URLSearchParams(fragment);
  for (const id of fields) find(id).value = kept.get(id) || "";
  for (const id of [...facets, "sort"]) {
    if (find(id).selectedIndex < 0) find(id).selectedIndex = 0;
  }
  for (const one of grades) one.checked = one.value === (kept.get("grade") || "");
  if (!grades.some((one) => one.checked) && grades.length) grades[0].checked = true;
  show();
}

function reset() {
  for (const id of fields) find(id).value = "";
  if (grades.length) grades[0].checked = true;
}

function clear() {
  reset();
  changed();
  find("search").focus();
}

let later = 0;
find("search").addEventListener("input", () => {
  clearTimeout(later);
  later = setTimeout(changed, all > 2000 ? 120 : 0);
});
for (const id of [...facets, "sort"]) find(id).addEventListener("change", changed);
for (const one of grades) one.addEventListener("change", changed);
find("clear").addEventListener("click", clear);
addEventListener("hashchange", follow);
addEventListener("beforeprint", finish);
addEventListener("keydown", (pressed) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (pressed.key === "/" && !typing) {
    pressed.preventDefault();
    find("search").focus();
  }
});
tools.hidden = false;
show();
follow();
addEventListener("load", () => idle(() => {
  gather();
  fill();
}));
