"use strict";
(() => {
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const controls = document.getElementById("controls");
  if (!controls) return;
  controls.hidden = false;
  const search = document.getElementById("search");
  const boxes = all('input[type="checkbox"]', controls);
  const shown = document.getElementById("shown");
  const entries = all(".entry");
  const textOf = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
  const names = (of) => all(":scope > code, :scope > .place, :scope > summary > code, :scope > summary > .place", of);
  const ownText = (of) => names(of).map((part) => part.textContent).join(" ").toLowerCase();

  // Shows the sections that have all words and a result that is ticked, and opens the ways to what was found.
  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    for (const entry of entries) {
      const text = textOf.get(entry);
      const fits = [...entry.classList].some((name) => wanted.has(name)) && words.every((word) => text.includes(word));
      entry.hidden = !fits;
      count += fits;
      for (const part of [entry, ...all("details, .leaf", entry)]) {
        const own = words.length && fits ? ownText(part) : "";
        const hit = words.some((word) => own.includes(word));
        part.classList.toggle("hit", hit);
        if (hit) {
          for (let at = part.parentElement.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
        }
      }
    }
    for (const program of all(".program")) {
      program.hidden = words.length > 0 && !all(".entry", program).some((entry) => !entry.hidden);
    }
    shown.textContent = `${count} of ${entries.length} ${entries.length === 1 ? "section" : "sections"}`;
    const state = words.length ? "#q=" + encodeURIComponent(search.value.trim()) : "";
    if (location.hash !== state) history.replaceState(null, "", state || location.pathname + location.search);
  }

  const setAll = (open) => {
    for (const part of all("main details")) {
      if (open || part.matches(".entry, .head, .absent, .contradiction")) part.open = open;
    }
  };
  document.getElementById("open").addEventListener("click", () => setAll(true));
  document.getElementById("fold").addEventListener("click", () => setAll(false));
  search.addEventListener("input", filter);
  for (const box of boxes) box.addEventListener("change", filter);
  controls.addEventListener("submit", (event) => event.preventDefault());

  const visible = () => all("main summary").filter((part) => part.getClientRects().length > 0);
  const go = (part) => { if (part) part.focus(); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = document.activeElement;
    if (at === search) {
      if (event.key === "Escape") { search.value = ""; filter(); search.blur(); }
      if (event.key === "ArrowDown") { event.preventDefault(); go(visible()[0]); }
      return;
    }
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); return; }
    if (!at || at.tagName !== "SUMMARY") return;
    const details = at.parentElement;
    const list = visible();
    const here = list.indexOf(at);
    const does = {
      ArrowDown: () => go(list[here + 1]),
      ArrowUp: () => (here > 0 ? go(list[here - 1]) : search.focus()),
      ArrowRight: () => (details.open ? go(details.querySelector(":scope > :not(summary) summary")) : (details.open = true)),
      ArrowLeft: () => {
        if (details.open) details.open = false;
        else go(details.parentElement.closest("details")?.querySelector(":scope > summary"));
      },
      Home: () => go(list[0]),
      End: () => go(list[list.length - 1]),
    }[event.key];
    if (does) { event.preventDefault(); does(); }
  });

  const fromHash = () => {
    const found = /^#q=(.*)$/.exec(location.hash);
    if (found) { try { search.value = decodeURIComponent(found[1]); } catch { /* It is no word. */ } }
    filter();
  };
  addEventListener("hashchange", fromHash);
  fromHash();
})();
