// What pages do beyond links and forms: they follow their account, and answer to keys.
"use strict";

// Each part that changed is put in its place; what somebody types in stays.
async function refresh() {
  const answer = await fetch(live.dataset.page ?? location.href, { cache: "no-store" }).catch(() => null);
  // It moves, or too much was asked: what changed is still to be shown.
  if (!answer?.ok) return void setTimeout(refresh, 3000);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll(".part")) {
    const next = fresh.getElementById(part.id);
    if (!next) continue;
    for (const details of part.querySelectorAll("details[open][id]")) {
      next.querySelector("#" + CSS.escape(details.id))?.setAttribute("open", "");
    }
    // What somebody is about to say there stays.
    const fields = [...part.querySelectorAll("input, textarea")];
    if (fields.some((field) => field.value !== field.defaultValue)) continue;
    if (next.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = next.innerHTML;
  }
}

// A page that nobody looks at listens to nothing: a browser has few connections to one host.
const live = document.getElementById("live");
let events = null;
function follow() {
  events?.close();
  events = null;
  if (!live || document.hidden) return;
  events = new EventSource(live.dataset.live);
  events.addEventListener("changed", refresh);
  // A browser comes back by itself but where it was declined.
  const mine = events;
  mine.onerror = () => mine.readyState === EventSource.CLOSED && setTimeout(() => mine === events && follow(), 5000);
}
document.addEventListener("visibilitychange", follow);
follow();

const help = document.getElementById("help");
const opener = document.getElementById("help-open");
opener.hidden = false;
opener.addEventListener("click", () => help.showModal());

function show(id) {
  const section = document.getElementById(id);
  if (!section) return;
  section.scrollIntoView();
  section.querySelector("summary, a")?.focus();
}
const keys = {
  "/": () => document.getElementById("search").focus(),
  "o": () => show("orders"),
  "h": () => show("history"),
  "?": () => help.showModal(),
};
document.querySelectorAll(".pages a").forEach((page, at) => { keys[at + 1] = () => page.click(); });
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
