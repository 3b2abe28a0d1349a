const data = JSON.parse(document.getElementById("branch").textContent);
const slider = document.getElementById("slider"), told = document.getElementById("told");
const all = (query) => Array.from(document.querySelectorAll(query));
const branches = all(".stage .branch"), actions = all(".stage .act"), shares = all(".stage .act .p");
const nodes = all(".stage .node"), values = all(".steer .v"), regrets = all(".steer .r");
const W = 250, H = 96, far = Math.log1p(Math.max(...data.pace));
const across = (pace) => far ? W * Math.log1p(pace) / far : 0;

function share(p) { return p >= 0.9995 ? "1" : p < 0.0005 ? "0" : p.toFixed(3).replace(/^0/, ""); }

function stand(k) {
  told.textContent = "λ = " + data.precision[k];
  slider.setAttribute("aria-valuetext", "λ = " + data.precision[k]);
  const reach = [1];
  data.above.forEach((above, e) => {
    const p = data.choice[e] < 0 ? data.chance[e] : data.choices[k][data.choice[e]];
    const r = reach[above] * p, faint = 0.2 + 0.8 * Math.min(1, Math.sqrt(r) * 2.2);
    reach.push(r);
    branches[e].style.strokeWidth = 0.8 + 5.2 * p;
    branches[e].style.opacity = faint;
    shares[e].textContent = share(p);
    actions[e].style.opacity = Math.max(0.6, faint);
    nodes[e + 1].style.opacity = Math.max(0.6, faint);
  });
  data.values[k].forEach((v, i) => { values[i].textContent = v; });
  data.regrets[k].forEach((v, i) => { regrets[i].textContent = v; });
  for (const line of all(".curves .now")) { line.setAttribute("x1", across(data.pace[k])); line.setAttribute("x2", across(data.pace[k])); }
}

all(".curve").forEach((svg, i) => {
  svg.querySelectorAll("path").forEach((path, j) => {
    const at = data.panels[i][j];
    path.setAttribute("d", data.pace.map((pace, k) => (k ? "L" : "M") + across(pace).toFixed(1) + " " + (H * (1 - data.choices[k][at])).toFixed(1)).join(""));
  });
});
slider.addEventListener("input", () => stand(+slider.value));
stand(+slider.value);
