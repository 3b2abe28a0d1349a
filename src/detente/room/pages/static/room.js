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
