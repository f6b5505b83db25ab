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
    // So does where somebody is; a heading that they were led to is there again.
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    if (next.innerHTML === part.innerHTML || focused?.tabIndex >= 0) continue;
    part.innerHTML = next.innerHTML;
    if (focused) document.getElementById(focused.id)?.focus({ preventScroll: true });
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
  section.querySelector("h2[tabindex], summary")?.focus();
}
const keys = {
  "/": () => document.getElementById("search").focus(),
  "o": () => show("orders"),
  "h": () => show("history"),
  "?": () => help.showModal(),
};
document.querySelectorAll(".pages a").forEach((page, at) => { keys[at + 1] = () => page.click(); });
// By what stands on the key, and where that is no Latin letter or digit, by where the key lies: `щ` is `o`.
const places = { KeyO: "o", KeyH: "h" };
for (const digit of "123456") places["Digit" + digit] = digit;
function called(event) {
  if (event.key in keys) return event.key;
  if (event.code === "Slash" && [".", ","].includes(event.key)) return event.shiftKey ? "?" : "/";
  return event.shiftKey || /^[\x20-\x7e]$/.test(event.key) ? null : places[event.code];
}
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog");
  const key = called(event);
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(key in keys)) return;
  event.preventDefault();
  keys[key]();
});

// On a phone: the page that one is on is seen among the others, and filters that say nothing are folded.
const here = document.querySelector(".pages [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
const fold = document.querySelector("details[data-fold]");
if (fold && matchMedia("(max-width: 40rem)").matches) fold.open = false;
