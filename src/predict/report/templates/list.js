"use strict";
// The page is complete without this script. It adds search, filters and sorting, and keeps them in
// the fragment, so that a filtered list can be sent on: list.html#search=acme&grade=A&sort=age
const find = (id) => document.getElementById(id);
const leads = [...document.querySelectorAll(".lead")];
const blocks = [...document.querySelectorAll(".block")];
const grades = [...document.querySelectorAll("input[name=grade]")];
const facets = ["source", "campaign", "list", "owner", "criteria"].filter(find);
const fields = ["search", ...facets, "sort"];
const order = new Map(leads.map((lead, i) => [lead, i]));
const texts = new Map();

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function text(lead) {
  // Who and where, not the folded reasons; made on the first search only.
  if (!texts.has(lead)) {
    const parts = lead.querySelectorAll(".who, .say, .about, .reach");
    texts.set(lead, plain([...parts].map((part) => part.textContent).join(" ")));
  }
  return texts.get(lead);
}

function asked() {
  const said = Object.fromEntries(fields.map((id) => [id, find(id).value.trim()]));
  said.grade = grades.find((one) => one.checked)?.value || "";
  return said;
}

function matches(lead, said, words) {
  if (said.grade && lead.dataset.grade !== said.grade) return false;
  for (const id of facets) {
    const own = id === "criteria" ? lead.dataset.criteria || "met" : lead.dataset[id] || "";
    if (said[id] && own !== said[id]) return false;
  }
  return words.every((word) => text(lead).includes(word));
}

const number = (lead, key, other) => Number(lead.dataset[key] ?? other);
const name = (lead) => lead.querySelector("h3").textContent;
const sorts = {
  chance: (a, b) => number(b, "chance", 0) - number(a, "chance", 0),
  age: (a, b) => number(a, "age", Infinity) - number(b, "age", Infinity),
  name: (a, b) => name(a).localeCompare(name(b)),
};
let sorted = "";

function sort(how) {
  if (how === sorted) return;
  sorted = how;
  for (const block of blocks) {
    const list = block.querySelector(".list");
    const by = sorts[how] || (() => 0);
    const own = [...list.children].sort((a, b) => by(a, b) || order.get(a) - order.get(b));
    list.append(...own);
  }
}

function show() {
  const said = asked();
  const words = plain(said.search).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const lead of leads) {
    const fits = matches(lead, said, words);
    if (lead.hidden === fits) lead.hidden = !fits;
    shown += fits;
  }
  sort(said.sort);
  const narrowed = shown < leads.length;
  for (const block of blocks) {
    block.hidden = narrowed && !block.querySelector(".lead:not([hidden])");
  }
  const all = leads.length.toLocaleString("en");
  find("found").textContent = narrowed
    ? shown ? `${shown.toLocaleString("en")} of ${all} leads` : "No lead is like that"
    : `${all} lead${leads.length === 1 ? "" : "s"}`;
  find("clear").hidden = !Object.values(said).some(Boolean);
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

function read() {
  const fragment = location.hash.slice(1);
  if (!fragment.includes("=")) {
    // A link to a lead that a filter hides shows it again.
    if (fragment.startsWith("lead-") && find(fragment)?.hidden) {
      reset();
      show();
      find(fragment).scrollIntoView();
    }
    return;
  }
  const kept = new URLSearchParams(fragment);
  for (const id of fields) find(id).value = kept.get(id) || "";
  for (const id of [...facets, "sort"]) {
    if (find(id).selectedIndex < 0) find(id).selectedIndex = 0;
  }
  for (const one of grades) one.checked = one.value === (kept.get("grade") || "");
  if (!grades.some((one) => one.checked) && grades.length) grades[0].checked = true;
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

let waiting = 0;
find("search").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(changed, leads.length > 2000 ? 120 : 0);
});
for (const id of [...facets, "sort"]) find(id).addEventListener("change", changed);
for (const one of grades) one.addEventListener("change", changed);
find("clear").addEventListener("click", clear);
addEventListener("hashchange", () => {
  read();
  show();
});
addEventListener("keydown", (pressed) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (pressed.key === "/" && !typing) {
    pressed.preventDefault();
    find("search").focus();
  }
});
find("tools").hidden = false;
read();
show();
