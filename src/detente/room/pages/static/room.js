// Parts of a page that come later: asked for again until they are ready, and told to those who listen to the page.
"use strict";
async function fetchPart(box) {
  const wait = (ms) => new Promise((go) => setTimeout(go, ms));
  for (let failures = 0; failures < 5; ) {
    try {
      const answer = await fetch(box.dataset.part, { headers: { "X-Part": "1" } });
      if (!answer.ok && answer.status !== 202) { failures += 1; await wait(1500); continue; }
      const html = await answer.text();
      if (box.innerHTML !== html) box.innerHTML = html;
      if (answer.status !== 202) {
        if (answer.headers.get("X-Reload")) location.reload();
        return;
      }
      failures = 0;
    } catch (error) { failures += 1; }
    await wait(900);
  }
}
document.querySelectorAll("[data-part]").forEach(fetchPart);

// A link's token stands behind the # and so reaches no log: it is handed over once, for a cookie.
async function enter(token) {
  const form = document.getElementById("enter"), said = document.getElementById("entering");
  form.hidden = true; said.hidden = false;
  history.replaceState(null, "", "/enter");
  form.elements.token.value = token;
  form.submit();
}
if (location.pathname === "/enter" && location.hash.length > 1) enter(location.hash.slice(1));
addEventListener("hashchange", () => { if (location.pathname === "/enter" && location.hash.length > 1) enter(location.hash.slice(1)); });
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
