// What style sheets cannot do: boxes that scroll take the keyboard's focus, folded parts open for print, and the search
// works from disk and shows formulas once.
(() => {
  /** Gives what is wider than its place a scroll box, and every scroll box a tab stop. */
  function markScrollBoxes() {
    for (const math of document.querySelectorAll(".bd-article span.math")) {
      math.classList.remove("wide");
      const room = math.closest("p, li, td, dd, figcaption, summary")?.clientWidth ?? Infinity;
      math.classList.toggle("wide", [...math.querySelectorAll(".base")].some((base) => base.offsetWidth > room));
    }
    for (const box of document.querySelectorAll(".bd-article .katex-display, .bd-article span.math.wide, .bd-article div.broad")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  markScrollBoxes();
  document.fonts?.ready.then(markScrollBoxes);
  window.addEventListener("resize", markScrollBoxes);
  document.addEventListener("toggle", markScrollBoxes, true); // a formula inside <details> has no width before

  let opened = [], theme;
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open])")];
    for (const part of opened) part.open = true;
    theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light"; // paper is white
  });
  window.addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    document.documentElement.dataset.theme = theme;
  });

  // On a phone the list of contents lies over the page: it goes when a section is chosen.
  document.addEventListener("click", (event) => {
    if (event.target.closest("dialog a[href*='#']")) event.target.closest("dialog").close();
  });

  // Who reports an error names the section that stands above, too.
  document.querySelector("a.report")?.addEventListener("pointerdown", nameSection);
  document.querySelector("a.report")?.addEventListener("focus", nameSection);
  function nameSection({ currentTarget: link }) {
    const section = [...document.querySelectorAll(".bd-article section[id]")].filter((one) => one.getBoundingClientRect().top < innerHeight / 2).at(-1);
    const address = new URL(link.href), where = address.searchParams.get("where").split("#")[0];
    address.searchParams.set("where", section ? `${where}#${section.id}` : where);
    link.href = address.href;
  }
  // A word of the glossary says what it means, above or below it, while it is pointed at or has the focus; Escape takes that away.
  const tip = document.createElement("div");
  Object.assign(tip, { id: "glossary-tip", role: "tooltip", className: "glossary-tip", hidden: true });
  let word, leaving;
  const hideTip = () => {
    word?.removeAttribute("aria-describedby");
    word = undefined;
    tip.hidden = true;
  };
  const showTip = (link) => {
    clearTimeout(leaving);
    if (link === word) return;
    hideTip();
    word = link;
    tip.innerHTML = link.dataset.says;
    tip.hidden = false;
    link.setAttribute("aria-describedby", tip.id);
    link.after(tip); // or a reader who goes on from the word would come past it elsewhere
    const place = link.getClientRects()[0], around = (tip.offsetParent ?? document.body).getBoundingClientRect();
    const above = place.top - tip.offsetHeight > 60 && place.bottom + tip.offsetHeight > innerHeight;
    tip.style.left = `${Math.max(8, Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8)) - around.left}px`;
    tip.style.top = `${(above ? place.top - tip.offsetHeight : place.bottom) - around.top}px`;
  };
  const leaveTip = () => {
    clearTimeout(leaving);
    leaving = setTimeout(hideTip, 200);
  };
  for (const link of document.querySelectorAll("a.glossary-word[data-says]")) {
    link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && showTip(link));
    link.addEventListener("pointerleave", leaveTip);
    link.addEventListener("focus", () => showTip(link));
    link.addEventListener("blur", hideTip);
  }
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", leaveTip);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hideTip());

  // Who comes from the search sees the first place where the words stand. (The theme keeps Sphinx from doing this.)
  if (!document.getElementById("search-results")) {
    const words = localStorage.getItem("sphinx_highlight_terms")?.toLowerCase().split(/\s+/).filter((word) => word.length > 1) ?? [];
    localStorage.removeItem("sphinx_highlight_terms");
    for (const word of words) _highlightText(document.querySelector(".bd-article"), word, "highlighted");
    const found = [...document.querySelectorAll(".bd-article .highlighted")].find((mark) => mark.checkVisibility());
    if (found && !location.hash) found.scrollIntoView({ block: "center" });
  }

  if (typeof Search === "object") {
    // From disk a page may not read another, so there the results are titles, without a summary from each page.
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    const text = Search.htmlToText; // of a page only its article; in it a formula stands twice: as MathML with its TeX, and drawn
    Search.htmlToText = (html, anchor) => {
      const article = html.match(/<article class="bd-article".*?<\/article>/s)?.[0] ?? html;
      return text(`<div role="main">${article.replace(/<span class="katex-mathml">.*?<\/math><\/span>/gs, "")}</div>`, anchor);
    };
  }
})();
