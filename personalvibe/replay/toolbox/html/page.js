"use strict";
// Search, filter and order of the list. Without this script the page reads the same.
const list = document.getElementById("list");
const facts = JSON.parse(document.getElementById("index").textContent);
const entries = [...list.children].map((element, number) => ({
  element, number, facts: facts[number], text: null,
}));
const [query, only, order, count] =
  ["query", "only", "order", "count"].map((id) => document.getElementById(id));

const entities = {"&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'", "&amp;": "&"};

function plain(markup) {
  const text = markup.replace(/<[^>]*>/g, " ");
  return text.replace(/&(?:lt|gt|#34|#39|amp);/g, (entity) => entities[entity]);
}

function textOf(entry) {
  if (entry.text === null) {
    const folded = entry.element.querySelector("noscript");
    const summary = entry.element.querySelector("summary").textContent;
    entry.text = (summary + plain(folded.textContent)).toLowerCase();
  }
  return entry.text;
}

// Where scripts run, what a <noscript> holds is text. It becomes elements when it is unfolded.
list.addEventListener("toggle", ({target}) => {
  const folded = target.querySelector(":scope > noscript");
  if (target.open && folded && !target.querySelector(":scope > .unfolded")) {
    const unfolded = document.createElement("div");
    unfolded.className = "unfolded";
    unfolded.innerHTML = folded.textContent;
    target.append(unfolded);
  }
}, true);

function apply() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  if (words.length || only.value) {
    list.classList.remove("lazy"); // what is laid out late is slow to hide
  }
  for (const entry of entries) {
    const wanted = (!only.value || entry.facts[only.value] > 0) &&
      words.every((word) => textOf(entry).includes(word));
    entry.element.hidden = !wanted;
    shown += wanted;
  }
  count.textContent = `${shown.toLocaleString("en")} of ${entries.length.toLocaleString("en")} cassettes`;
}

const orders = {
  path: (entry) => entry.number,
  recorded_at: (entry) => -(entry.facts.age_days ?? -1),
  cost_usd: (entry) => -entry.facts.cost_usd,
  tokens: (entry) => -(entry.facts.input_tokens + entry.facts.output_tokens),
};

function sort() {
  const rank = orders[order.value];
  list.append(...[...entries].sort((a, b) => rank(a) - rank(b)).map((entry) => entry.element));
}

let waiting = 0;
query.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(apply, 80);
});
only.addEventListener("change", apply);
order.addEventListener("change", sort);
const controls = document.getElementById("controls");
controls.addEventListener("submit", (event) => event.preventDefault());
controls.hidden = false;
apply();
