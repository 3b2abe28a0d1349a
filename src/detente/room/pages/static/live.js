// What a seat or a desk does in its browser: put answers together, send them, count the clock down.
// The page itself comes over the socket; everything sent goes to the interface for programs.
"use strict";
const API = "/api/v1/";
const all = (query, root = document) => Array.from(root.querySelectorAll(query));
const pass = () => document.querySelector("[data-pass]")?.dataset.pass || "";
const lang = () => document.documentElement.lang || "en";

async function call(method, path, body) {
  const answer = await fetch(API + path + "?lang=" + lang(), {
    method, headers: { "Content-Type": "application/json", "X-Detente-Pass": pass() }, body: JSON.stringify(body),
  });
  const data = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.message || answer.statusText);
  return data;
}

// ---- the plan: ticks in the order in which they were made ----
const picks = new Map();
function plan(form) {
  const key = form.dataset.stage;
  if (!picks.has(key)) {
    const filed = all("[data-filed]", form).sort((a, b) => a.dataset.filed - b.dataset.filed).map((box) => box.value);
    picks.clear();
    picks.set(key, drafted(key)?.plan || filed);
  }
  return picks.get(key);
}
function drafted(key) {
  const data = document.querySelector("[data-draft]")?.dataset.draft;
  const found = data ? JSON.parse(data) : null;
  return found && found.stage === key ? found.answers : null;
}
function drawPlan(form) {
  const list = form.querySelector(".picked");
  if (!list) return;
  const boxes = new Map(all("input[name=plan]", form).map((box) => [box.value, box]));
  const chosen = plan(form).filter((name) => boxes.has(name));
  picks.set(form.dataset.stage, chosen);
  boxes.forEach((box, name) => {
    box.checked = chosen.includes(name);
    box.disabled = !box.checked && chosen.length >= +form.dataset.slots;
  });
  list.replaceChildren(...chosen.map((name) => {
    const item = document.createElement("li"), text = document.createElement("span"), drop = document.createElement("button");
    text.textContent = boxes.get(name).dataset.name;
    Object.assign(drop, { type: "button", className: "link", textContent: form.dataset.drop });
    drop.setAttribute("aria-label", form.dataset.drop + ": " + text.textContent);
    drop.addEventListener("click", () => { toggle(form, name, false); form.querySelector("[data-find]").focus(); });
    item.append(text, drop);
    return item;
  }));
  if (!chosen.length) {
    const item = document.createElement("li");
    Object.assign(item, { className: "none", textContent: form.dataset.empty });
    list.append(item);
  }
}
function toggle(form, name, on) {
  const chosen = plan(form).filter((one) => one !== name);
  picks.set(form.dataset.stage, on ? [...chosen, name] : chosen);
  drawPlan(form);
  keepDraft(form);
}
function sift(form) {
  const words = form.querySelector("[data-find]").value.toLowerCase().split(/\s+/).filter(Boolean);
  const nest = form.querySelector("select[data-nest]").value;
  all("fieldset[data-nest]", form).forEach((group) => {
    let left = 0;
    all("label", group).forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      left += !row.hidden;
    });
    group.hidden = !left || (nest && group.dataset.nest !== nest);
  });
}

// ---- drafts ----
let later = 0, changes = 0, kept = 0, seen = null;
function answersOf(form) {
  if (form.dataset.slots) return { plan: plan(form) };
  return Object.fromEntries(all("input[type=radio]:checked", form).map((box) => [box.name, box.value]));
}
function keepDraft(form) {
  clearTimeout(later);
  const now = ++changes;
  later = setTimeout(() => {
    const done = () => { kept = now; };
    call("PUT", "draft", { stage: form.dataset.stage, answers: answersOf(form) }).then(done, done);
  }, 350);
}
// What another browser of this seat has put together; never over what was changed here and is not kept yet.
function takeDraft() {
  const raw = document.querySelector("[data-draft]")?.dataset.draft || "";
  if (raw === seen) return;
  seen = raw;
  const form = document.querySelector("form[data-send=answers]");
  const found = form && kept === changes && drafted(form.dataset.stage);
  if (!found) return;
  if (form.dataset.slots) { picks.set(form.dataset.stage, found.plan || []); drawPlan(form); return; }
  for (const [name, value] of Object.entries(found)) {
    const box = all("input[type=radio]", form).find((one) => one.name === name && one.value === value);
    if (box) box.checked = true;
  }
}

// ---- sending ----
function told(form, text, good) {
  const place = form.querySelector(".said[role]") || document.getElementById("told");
  if (place) { place.textContent = text; place.className = "said " + (good ? "good" : "bad"); }
}
function bodyOf(form, kind) {
  if (kind === "answers") return { stage: form.dataset.stage, answers: answersOf(form), revision: +form.dataset.revision };
  const data = new FormData(form), body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") body[field.name] = data.getAll(field.name);
    else body[field.name] = "int" in field.dataset ? parseInt(field.value, 10) : field.value;
  }
  return body;
}
async function send(form) {
  const kind = form.dataset.send;
  const button = form.querySelector("button:not([type=button])");
  button.disabled = true;
  if (kind === "answers") { clearTimeout(later); kept = changes; }
  try {
    const found = await call("POST", kind, bodyOf(form, kind));
    told(form, form.dataset.done || "", true);
    if (kind === "letters" || "clear" in form.dataset) form.reset();
    if (form.dataset.token) await showLinks(form, found);
  } catch (error) { told(form, error.message, false); }
  button.disabled = false;
}
async function showLinks(form, found) {
  const box = document.getElementById("fresh-link");
  const tokens = found.token ? [found.token] : [found.desk, found.watcher, ...Object.values(found.seats || {})];
  const names = found.token ? [""] : ["desk", "watcher", ...Object.keys(found.seats || {})];
  box.hidden = false;
  box.children[0].textContent = form.dataset.token;
  box.children[2].textContent = tokens.map((token, k) => (names[k] ? names[k] + ": " : "") + location.origin + "/enter#" + token).join("\n");
  box.children[1].replaceChildren();
  if (found.token) {
    const answer = await fetch("/seats/qr", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: found.token }) });
    if (answer.ok) {
      const image = new Image(190, 190);
      image.alt = "QR";
      image.src = "data:image/svg+xml;utf8," + encodeURIComponent(await answer.text());
      box.children[1].append(image);
    }
  }
  box.scrollIntoView({ block: "center" });
}

// ---- what the page tells ----
function clocks() {
  all("[data-left]").forEach((clock) => {
    if (clock.until === undefined) clock.until = performance.now() / 1000 + parseFloat(clock.dataset.left);
    const left = "stands" in clock.dataset ? parseFloat(clock.dataset.left) : Math.max(0, clock.until - performance.now() / 1000);
    const text = Math.floor(left / 60) + ":" + String(Math.floor(left % 60)).padStart(2, "0");
    if (clock.firstElementChild.textContent !== text) clock.firstElementChild.textContent = text;
    clock.classList.toggle("low", left < 30);
  });
}
function fresh() {
  const key = "seen:" + pass();
  const seen = new Set(JSON.parse(sessionStorage.getItem(key) || "null") || []);
  const first = !seen.size;
  all(".news[data-fresh] li[data-key]").forEach((item) => {
    if (seen.has(item.dataset.key) || item.dataset.marked) return;
    item.dataset.marked = "1";
    if (!first) {
      const mark = document.createElement("span");
      Object.assign(mark, { className: "fresh", textContent: item.closest("ul").dataset.fresh });
      item.append(mark);
    }
    seen.add(item.dataset.key);
  });
  sessionStorage.setItem(key, JSON.stringify([...seen].slice(-400)));
}
function renewed() {
  const gone = document.querySelector("[data-gone]");
  if (gone) { location.replace(gone.dataset.gone); return; }
  all("form[data-slots]").forEach((form) => { if (!form.drawn) { form.drawn = true; drawPlan(form); } });
  takeDraft();
  clocks();
  fresh();
  if (document.activeElement === document.body && place) document.querySelector(place)?.focus({ preventScroll: true });
}
document.addEventListener("submit", (event) => {
  if (event.target.dataset.send) { event.preventDefault(); send(event.target); }
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send=answers]");
  if (!form) return;
  if (event.target.name === "plan") toggle(form, event.target.value, event.target.checked);
  else if (event.target.matches("select[data-nest]")) sift(form);
  else keepDraft(form);
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-find]")) sift(event.target.closest("form"));
});
document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-print]")) print();
  const keep = event.target.closest("[data-standing]");
  if (!keep) return;
  const form = keep.closest("form");
  try { await call("PUT", "standing", { rows: plan(form) }); told(form, keep.textContent + " ✓", true); }
  catch (error) { told(form, error.message, false); }
});
let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; renewed(); }, 0);
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-draft", "data-gone"] });
setInterval(clocks, 250);

// A part that is renewed must not lose the place of somebody who works by keyboard.
let place = "";
document.addEventListener("focusin", (event) => {
  const at = event.target, form = at.closest("form");
  const own = at.name ? `[name="${CSS.escape(at.name)}"]` + (at.type === "checkbox" || at.type === "radio" ? `[value="${CSS.escape(at.value)}"]` : "") : at.tagName === "BUTTON" ? "button" : "";
  place = form && own ? `form[data-send="${form.dataset.send}"] ${own}` : at.matches("summary") && at.closest("[id]") ? `#${at.closest("[id]").id} summary` : "";
});
renewed();
