// Comfort. Everything works without it.
"use strict";

// Another language of this very page, with its filters.
for (const link of document.querySelectorAll("a[hreflang]")) {
  const address = new URL(location);
  address.searchParams.set("lang", link.hreflang);
  link.href = address;
}

// Keys for those who look at many requests.
(() => {
  const rows = [...document.querySelectorAll(".requests li")];
  const help = document.getElementById("keys");
  if (rows.length === 0 || !help) return;
  help.hidden = false;

  const link = (row) => row.querySelector("h2 a");
  const current = () => rows.findIndex((row) => row.contains(document.activeElement));
  const move = (by) => link(rows[Math.min(Math.max(current() + by, 0), rows.length - 1)]).focus();
  const select = () => rows[current()]?.querySelector("input[type=checkbox]")?.click();
  const keys = { j: () => move(1), k: () => move(-1), x: select, "?": () => help.focus() };

  const isTyping = (target) => target.matches("input:not([type=checkbox]), select, textarea");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const isOnCheckbox = event.target.matches(".requests input");
    const act = event.key === "Enter" && isOnCheckbox ? () => link(rows[current()]).click() : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
